import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { TransactionPhase } from '../providers/reply-class.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import {
  type CountedWindow,
  type DailyRecipients,
  openDailyRecipients,
  type TakeLater,
  type UsedUp,
  wholeDay,
} from './daily-recipients.ts'
import type { LimitedProgram, ProgramBounds, ProgramUse, SendPermit } from './governor.ts'
import type { SharedBudgets } from './shared-budgets.ts'

/*
 * What one login or API key sends, where it has limits of its own. Its messages of an hour and its
 * recipients of a day are counted and stored as the recipients of a mailbox are, and shared among
 * processes in the same way. Loaded with the first program that has such a limit.
 */

/** The oldest five minutes count as a whole. */
const wholeHour: CountedWindow = { step: 300_000, span: 3_600_000 }

/** Of more programs than this the counts are read anew from the store. */
const mostPrograms = 1000

interface ProgramsDeps {
  counts: RecipientCountStore
  shared?: SharedBudgets | undefined
  clock: Clock
  log: Log
}

/** The counts of all programs that have sent lately. */
export class Programs {
  readonly #deps: ProgramsDeps
  /** The last used at the end. */
  readonly #programs = new Map<string, Promise<Program>>()
  readonly #closing = new Map<string, Promise<void>>()

  constructor(deps: ProgramsDeps) {
    this.#deps = deps
  }

  /** @throws Failure `store-unavailable` */
  async of(asked: LimitedProgram): Promise<ProgramBounds> {
    for (;;) {
      const opening = this.#programOf(asked)
      const program = await opening
      // One that was put away meanwhile counts no more.
      if (this.#programs.get(asked.id) !== opening) continue
      program.limits = asked.limits
      return program
    }
  }

  async close(): Promise<void> {
    const all = [...this.#programs.values()].map(async (one) => (await one.catch(nothing))?.close())
    await Promise.all([...all, ...this.#closing.values()])
  }

  #programOf(asked: LimitedProgram): Promise<Program> {
    const { id } = asked
    const opening = this.#programs.get(id) ?? this.#open(asked)
    this.#programs.delete(id)
    this.#programs.set(id, opening)
    // The next caller asks the store again.
    opening.catch(() => this.#programs.get(id) === opening && this.#programs.delete(id))
    this.#putAway()
    return opening
  }

  async #open({ id, name, limits }: LimitedProgram): Promise<Program> {
    await this.#closing.get(id)
    const program = new Program(name, limits)
    const { counts, shared, clock, log } = this.#deps
    const asked = { clock, log, counts, shared }
    program.messages = await openCounter({
      ...asked,
      account: `${id} messages`,
      window: wholeHour,
      limit: () => program.limits.messagesPerHour,
      usedUp: ({ used, reserved, most }, retryAfterSeconds) =>
        failure('limits.messages-used-up', { program: name, used: used + reserved, most, retryAfterSeconds }),
    })
    program.recipients = await openCounter({
      ...asked,
      account: `${id} recipients`,
      window: wholeDay,
      limit: () => program.limits.recipientsPerDay,
      usedUp: ({ used, reserved, recipients, most }, retryAfterSeconds) =>
        failure('limits.recipients-used-up', {
          ...{ program: name, used: used + reserved, recipients, most },
          retryAfterSeconds,
        }),
    })
    return program
  }

  /** The longest unused, which has nothing under way. */
  #putAway(): void {
    if (this.#programs.size <= mostPrograms) return
    const [first] = this.#programs
    if (first === undefined) return
    const [id, opening] = first
    this.#programs.delete(id)
    const closed = opening
      .then(async (program) => {
        await program.idle()
        await program.close()
      })
      .catch(nothing)
      .then(() => void this.#closing.delete(id))
    this.#closing.set(id, closed)
  }
}

interface CounterDeps extends ProgramsDeps {
  account: string
  window: CountedWindow
  limit(): number | undefined
  usedUp: UsedUp
}

/** @throws Failure `store-unavailable` */
async function openCounter({ shared, ...deps }: CounterDeps): Promise<DailyRecipients> {
  if (shared === undefined) return openDailyRecipients(deps)
  // Loaded where the store is shared.
  const { SharedRecipients } = await import('./shared-recipients.ts')
  const daily = new SharedRecipients(deps)
  const { account } = deps
  const uses = new Map([['recipients' as const, daily]])
  const share = await shared.open({ key: account, name: account }, uses, () => daily.countedSince())
  daily.takeFrom(share)
  return {
    take: (recipients) => daily.take(recipients),
    commit: (taken, sent) => daily.commit(taken, sent),
    total: () => daily.total(),
    roomAt: () => daily.roomAt(),
    async close() {
      await daily.close()
      await shared.end(share)
    },
  }
}

class Program implements ProgramBounds {
  limits: SendingLimits
  /** Of an hour. */
  messages!: DailyRecipients
  /** Of a day. */
  recipients!: DailyRecipients
  readonly #name: string
  #underWay = 0
  #whenIdle: (() => void)[] = []

  constructor(name: string, limits: SendingLimits) {
    this.#name = name
    this.limits = limits
  }

  over(permit: SendPermit): SendPermit {
    this.#underWay += 1
    return new BoundPermit(permit, this)
  }

  use(): ProgramUse {
    const { messagesPerHour, recipientsPerDay } = this.limits
    const [messages, recipients] = [this.messages.total(), this.recipients.total()]
    const messagesRoomAt = this.messages.roomAt()
    const recipientsRoomAt = this.recipients.roomAt()
    return {
      ...(messagesPerHour !== undefined && { messagesLastHour: messages, messagesPerHour }),
      ...(messagesRoomAt !== undefined && { messagesRoomAt }),
      ...(recipientsPerDay !== undefined && { recipientsLastDay: recipients, recipientsPerDay }),
      ...(recipientsRoomAt !== undefined && { recipientsRoomAt }),
    }
  }

  async wouldRefuse(recipients: number): Promise<Failure | undefined> {
    const permit = this.over(anything)
    try {
      await permit.reserve(recipients)?.()
      return undefined
    } catch (refusal) {
      return asFailure(refusal)
    } finally {
      permit.end('not-sent')
    }
  }

  /** @throws Failure `forbidden`: not even a whole day has so many */
  requireFits(recipients: number): void {
    const most = this.limits.recipientsPerDay
    if (most !== undefined && recipients > most)
      throw failure('limits.more-than-a-day', { program: this.#name, recipients, most })
  }

  ended(): void {
    this.#underWay -= 1
    if (this.#underWay > 0) return
    for (const tell of this.#whenIdle.splice(0)) tell()
  }

  /** Resolves when no message is under way. */
  async idle(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  async close(): Promise<void> {
    await Promise.all([this.messages.close(), this.recipients.close()])
  }
}

/** For what is only asked. */
const anything: SendPermit = {
  reserve: () => undefined,
  carry() {},
  onReply: () => false,
  end() {},
}

/** The permit of one transaction, which the program's own counts have to allow as well. */
class BoundPermit implements SendPermit {
  readonly #permit: SendPermit
  readonly #program: Program
  #messages = 0
  #recipients = 0
  #accepted = 0
  #delivered = false
  #over = false

  constructor(permit: SendPermit, program: Program) {
    this.#permit = permit
    this.#program = program
  }

  reserve(more: number): TakeLater | undefined {
    const { messages, recipients } = this.#program
    this.#program.requireFits(this.#recipients + more)
    const steps = [
      () => (this.#messages > 0 ? undefined : this.#taken(messages.take(1), messages, 1)),
      () => this.#taken(recipients.take(more), recipients, more),
      () => this.#permit.reserve(more),
    ]
    return inTurn(steps)
  }

  carry(head: Buffer): void {
    this.#permit.carry(head)
  }

  onReply(reply: Reply, phase: TransactionPhase): boolean {
    if (isPositive(reply)) {
      if (phase === 'recipient') this.#accepted += 1
      if (phase === 'message') this.#delivered = true
    }
    return this.#permit.onReply(reply, phase)
  }

  end(outcome: 'answered' | 'not-sent' | 'unknown'): void {
    this.#permit.end(outcome)
    if (this.#over) return
    this.#over = true
    const isSent = (outcome === 'answered' && this.#delivered) || outcome === 'unknown'
    const { messages, recipients } = this.#program
    messages.commit(this.#messages, isSent ? 1 : 0)
    recipients.commit(this.#recipients, isSent ? this.#accepted : 0)
    this.#program.ended()
  }

  #taken(later: TakeLater | undefined, counter: DailyRecipients, count: number): TakeLater | undefined {
    const note = () => {
      // Whoever asked has gone meanwhile.
      if (this.#over) counter.commit(count, 0)
      else if (counter === this.#program.messages) this.#messages += count
      else this.#recipients += count
    }
    if (later === undefined) return void note()
    return async () => {
      await later()
      note()
    }
  }
}

/** One after the other; as long as none has to wait, at once. */
function inTurn(steps: readonly (() => TakeLater | undefined)[]): TakeLater | undefined {
  for (const [place, step] of steps.entries()) {
    const later = step()
    if (later === undefined) continue
    return async () => {
      await later()
      await inTurn(steps.slice(place + 1))?.()
    }
  }
  return undefined
}

function nothing(): undefined {}
