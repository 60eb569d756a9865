import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { filled } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { AddressKey } from '../model/address.ts'
import { type Address, addressKey } from '../model/address.ts'
import type { ProviderLimits, RefusedRecipients } from '../providers/provider.ts'
import { type Reply, statusOf } from '../wire/reply.ts'
import type { ConsecutiveRefusals } from './breakers.ts'
import {
  createConsecutiveRefusals,
  createSendBreaker,
  type Fault,
  type Header,
  type Origin,
  type Probes,
  type SendBreaker,
  type Tripped,
} from './breakers.ts'
import { createHeaderRefusals, type HeaderRefusals, shown } from './header-refusals.ts'

/**
 * What the provider refuses repeatedly. Exchange Online throttles a whole mailbox after continuous
 * errors, at thresholds that it does not publish, and old devices repeat a refused message for
 * ever. So a program that repeats it waits here before.
 *
 * No program waits for what others did. A sender address that the provider refuses at MAIL, it
 * refuses from every program. The mailbox's own address stops only the one program there; that
 * costs nothing, since every one of its messages has that envelope. What the provider refuses after
 * the message is the doing of one program, a login at one source. There the addresses in that
 * message count, because one program may be a queue with many others behind it, and the mailbox's
 * own address never waits.
 */
export interface Refusals {
  /** The breakers that a transaction has to pass. */
  ofTransaction(origin: Origin): SendBreaker[]
  /** The breakers that a message has to pass. */
  ofMessage(origin: Origin, header: Header): SendBreaker[]
  /** The provider refused the sender address itself, before there was a message. */
  senderRefused(origin: Origin, reply: Reply, probes: Probes): void
  /** The provider refused the message for an address that it claims to come from. */
  headerRefused(origin: Origin, header: Header, reply: Reply, probes: Probes): void
  /** A whole transaction ended in a permanent refusal of another kind. */
  refused(origin: Origin, reply: Reply, probes: Probes): void
  /** What the provider said to the recipients of a transaction. */
  recipientsAnswered(origin: Origin, answers: RecipientAnswers, probes: Probes): void
  /** A message was accepted. */
  accepted(origin: Origin, header: Header): void
  states(): Tripped[]
  reset(): void
}

interface RefusalsDeps {
  mailbox: Address
  limits(): ProviderLimits
  clock: Clock
  log: Log
}

const mostSenderRefusals = 3
const mostRefusals = 10

export function createRefusals(deps: RefusalsDeps): Refusals {
  return new MailboxRefusals(deps)
}

class MailboxRefusals implements Refusals {
  readonly #deps: RefusalsDeps
  readonly #senders: ConsecutiveRefusals
  /** Made by the first such refusal: most mailboxes have none. */
  #headers: HeaderRefusals | undefined
  readonly #programs: ConsecutiveRefusals
  readonly #recipients: RecipientRefusals
  readonly #mailboxKey: AddressKey

  constructor(deps: RefusalsDeps) {
    this.#deps = deps
    this.#senders = createConsecutiveRefusals(mostSenderRefusals, deps.clock, deps.log)
    this.#programs = createConsecutiveRefusals(mostRefusals, deps.clock, deps.log)
    this.#recipients = new RecipientRefusals(() => deps.limits().refusedRecipients, deps.clock, deps.log)
    this.#mailboxKey = addressKey(deps.mailbox)
  }

  ofTransaction(origin: Origin): SendBreaker[] {
    return known([
      this.#senders.breakerOf(this.#senderKey(origin)),
      this.#programs.breakerOf(origin.programWithSender),
      this.#recipients.breakerOf(origin.program),
    ])
  }

  ofMessage(origin: Origin, header: Header): SendBreaker[] {
    return this.#headers?.breakersOf(origin, header) ?? []
  }

  senderRefused(origin: Origin, reply: Reply, probes: Probes): void {
    const isOwn = origin.senderKey === this.#mailboxKey
    const fault = isOwn ? refusedOwn(origin, reply) : refusedSender(origin.sender, reply)
    this.#senders.refused(this.#senderKey(origin), fault, probes)
  }

  headerRefused(origin: Origin, header: Header, reply: Reply, probes: Probes): void {
    const { mailbox, clock, log } = this.#deps
    this.#headers ??= createHeaderRefusals(mailbox, clock, log)
    this.#headers.refused(origin, header, reply, probes)
  }

  refused(origin: Origin, reply: Reply, probes: Probes): void {
    this.#programs.refused(origin.programWithSender, refusedAll(origin, reply), probes)
  }

  recipientsAnswered(origin: Origin, answers: RecipientAnswers, probes: Probes): void {
    this.#recipients.answered(origin.program, answers, origin.shownProgram(), probes)
  }

  accepted(origin: Origin, header: Header): void {
    this.#senders.accepted(this.#senderKey(origin))
    this.#programs.accepted(origin.programWithSender)
    this.#headers?.accepted(origin, header)
  }

  states(): Tripped[] {
    return [this.#senders, this.#headers, this.#programs, this.#recipients].flatMap(
      (each) => each?.states() ?? [],
    )
  }

  reset(): void {
    for (const each of [this.#senders, this.#headers, this.#programs, this.#recipients]) each?.reset()
  }

  /** Every program uses the mailbox's own address, so there each program counts for itself. */
  #senderKey(origin: Origin): string {
    return origin.senderKey === this.#mailboxKey ? origin.programWithSender : origin.senderKey
  }
}

function refusedSender(sender: string, reply: Reply): Fault {
  return {
    about: 'sender',
    sender,
    seconds: 600,
    why: filled('sending.sender-not-let', { sender: shown(sender), status: statusOf(reply) }),
  }
}

function refusedOwn(origin: Origin, reply: Reply): Fault {
  return {
    about: 'program',
    ...origin.shownProgram(),
    seconds: 600,
    why: filled('sending.own-address-not-let', { status: statusOf(reply) }),
  }
}

function refusedAll(origin: Origin, reply: Reply): Fault {
  return {
    about: 'program',
    sender: origin.sender,
    ...origin.shownProgram(),
    seconds: 300,
    why: filled('sending.all-refused', { sender: shown(origin.sender), status: statusOf(reply) }),
  }
}

function known(breakers: readonly (SendBreaker | undefined)[]): SendBreaker[] {
  return breakers.filter((breaker) => breaker !== undefined)
}

/** What a provider said to the recipients of one transaction. */
interface RecipientAnswers {
  accepted: number
  /** How many recipients do not exist. */
  unknown: number
  /** Code and status of the last such reply. */
  status: string
}

type Whose = Pick<Fault, 'login' | 'source'>

interface Program {
  breaker: SendBreaker
  /** The latest recipients, at most as many as the share is taken of. */
  latest: { at: number; unknown: boolean }[]
}

const windowMilliseconds = 3_600_000
const waitSeconds = 300
const rememberedPrograms = 1000

/**
 * Recipients that do not exist. Every list of addresses has some, and most providers do not mind.
 * They count only where the provider is known to punish them, and as a share of what the program
 * sends.
 */
class RecipientRefusals {
  readonly #punished: () => RefusedRecipients | undefined
  readonly #clock: Clock
  readonly #log: Log
  readonly #programs = new LRUCache<string, Program>({ max: rememberedPrograms })

  constructor(punished: () => RefusedRecipients | undefined, clock: Clock, log: Log) {
    this.#punished = punished
    this.#clock = clock
    this.#log = log
  }

  /** The breaker of a program that was stopped for them lately. */
  breakerOf(key: string): SendBreaker | undefined {
    return this.#programs.get(key)?.breaker
  }

  answered(key: string, answers: RecipientAnswers, whose: Whose, probes: Probes): void {
    const share = this.#punished()
    if (share === undefined || answers.accepted + answers.unknown === 0) return
    const program = this.#programOf(key)
    const probe = probes.get(program.breaker)
    // The program writes to existing recipients again: what was before the wait no longer counts.
    if (probe && answers.accepted > 0) program.latest = []
    this.#note(program, answers, share.of)
    const unknown = program.latest.filter((one) => one.unknown).length
    const fault = () => faultOf(whose, answers.status, unknown, program.latest.length)
    if (probe && answers.accepted === 0) probe.failed(fault())
    else if (unknown >= share.refused) program.breaker.trip(fault())
  }

  states(): Tripped[] {
    return [...this.#programs.values()].flatMap(({ breaker }) => breaker.pause() ?? [])
  }

  reset(): void {
    for (const { breaker } of this.#programs.values()) breaker.close()
    this.#programs.clear()
  }

  #programOf(key: string): Program {
    const found = this.#programs.get(key) ?? {
      breaker: createSendBreaker(this.#clock, this.#log),
      latest: [],
    }
    this.#programs.set(key, found)
    return found
  }

  #note(program: Program, { accepted, unknown }: RecipientAnswers, most: number): void {
    const at = this.#clock.monotonic()
    const recent = program.latest.filter((one) => at - one.at <= windowMilliseconds)
    // More than the share is taken of would push each other out.
    const all = [...times(accepted, most, false), ...times(unknown, most, true)].map((one) => ({
      at,
      ...one,
    }))
    program.latest = [...recent, ...all].slice(-most)
  }
}

function times(count: number, most: number, unknown: boolean): { unknown: boolean }[] {
  return Array.from({ length: Math.min(count, most) }, () => ({ unknown }))
}

function faultOf(whose: Whose, status: string, unknown: number, of: number): Fault {
  return {
    about: 'program',
    ...whose,
    seconds: waitSeconds,
    why: filled('sending.recipients-unknown', { of, unknown, status }),
  }
}
