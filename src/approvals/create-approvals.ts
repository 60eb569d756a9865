import { randomUUID } from 'node:crypto'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { sameHash } from '../credentials/credential.ts'
import type { HeldMessage, HeldOutcome, HeldReply } from '../model/held-message.ts'
import type { Limits } from '../model/limits.ts'
import type { HeldMessageStore } from '../store/ports.ts'
import type { SendApproved, Submitted } from '../upstream/submission.ts'
import { isPositive, isTransient, type Reply, wordsOf } from '../wire/reply.ts'
import type { Approvals, HeldStatus } from './approvals.ts'
import { createHold } from './hold.ts'

export interface ApprovalsDeps {
  held: HeldMessageStore
  send: SendApproved
  readonly limits: Pick<Limits, 'heldOctets' | 'heldMessages' | 'approvalSeconds'>
  publicUrl: URL
  keyedHash: KeyedHash
  /** No other process uses the store: what one has left in the middle is known at once. */
  isAlone: boolean
  /** Something is to be told: a message waits, or has ended without being sent. */
  onNews(): void
  clock: Pick<Clock, 'now'>
  log: Log
}

/** What became of a message is known for so long. */
const knownMilliseconds = 86_400_000
/** Longer than any message takes that a process still sends. */
const longestSending = 3_600_000

/** With the round that is to be made each minute. */
export function createApprovals(
  deps: ApprovalsDeps,
): Approvals & { round(): Promise<void>; close(): Promise<void> } {
  const { held, clock, log } = deps
  const process = randomUUID()
  /** Those that this process sends now. */
  const underWay = new Map<string, Promise<HeldStatus>>()
  /** Told of once each. */
  const unreadable = new Set<string>()

  function list(): Promise<HeldMessage[]> {
    return held.list((id, { message, fix }) => {
      if (unreadable.has(id)) return
      unreadable.add(id)
      log.warn(
        { event: 'approval.look-failed', approval: id, fix },
        `A held message cannot be read, and will not be sent: ${message}`,
      )
    })
  }

  async function found(id: string): Promise<HeldMessage> {
    const message = await held.find(id)
    if (!message) throw failure('approval.unknown', { id: printable(id) })
    return message
  }

  /** @throws Failure where nobody can decide it any more */
  async function waitingOne(id: string): Promise<HeldMessage> {
    const message = await found(id)
    if (message.state === 'waiting' && message.endsAt <= clock.now()) await expire(message)
    if (message.state !== 'waiting' || message.endsAt <= clock.now()) throw over(await found(id))
    return message
  }

  function about({ id, owner, envelope, octets }: HeldMessage) {
    const { userName: login, mailbox, mail } = envelope
    return { approval: id, login, mailbox, sender: printable(mail.sender, 254), octets, owner }
  }

  async function expire(message: HeldMessage): Promise<void> {
    if (!(await held.end(message.id, 'expired'))) return
    log.warn({ event: 'approval.expired', ...about(message) }, 'Nobody approved a message in time')
    deps.onNews()
  }

  async function giveUp(message: HeldMessage): Promise<void> {
    const { id, sentBy = '' } = message
    if (!(await held.giveUp(id, sentBy))) return
    log.error(
      { event: 'approval.outcome-unknown', ...about(message) },
      'It is not known whether a message was sent that was on its way when postern stopped',
    )
    deps.onNews()
  }

  async function* octetsOf({ id, parts }: HeldMessage): AsyncGenerator<Buffer> {
    for (let place = 0; place < parts; place += 1) yield await held.part(id, place)
  }

  async function send(message: HeldMessage, by: Actor): Promise<HeldStatus> {
    const { id } = message
    let isClaimed = false
    async function claim(): Promise<void> {
      if (isClaimed) return
      if (!(await held.claim(id, process, by.name))) throw over(await found(id))
      isClaimed = true
      log.info({ event: 'approval.given', ...about(message), ...actorFields(by) }, 'A message was approved')
    }
    let submitted: Submitted
    try {
      submitted = await deps.send({ message, octets: octetsOf(message), leaving: claim })
    } catch (error) {
      const failed = asFailure(error)
      if (!isOurs(failed)) await afterFailure(message, failed, { by, isClaimed, claim })
      throw error
    }
    // From here on nothing makes it wait again but the provider's own word: it may have left.
    const later = laterOf(submitted)
    const outcome = outcomeOf(submitted, clock.now())
    await claim()
    if (later !== undefined) {
      await held.putBack(id, process, outcome)
      throw failure('approval.provider-later', { reply: wordsOf(later) })
    }
    const isSent = submitted.reply !== undefined && isPositive(submitted.reply)
    await settle(message, isSent ? 'sent' : 'failed', outcome, by)
    return statusOf(await found(id))
  }

  /** @throws Failure `store-unavailable` */
  async function afterFailure(
    message: HeldMessage,
    failed: Failure,
    { by, isClaimed, claim }: { by: Actor; isClaimed: boolean; claim(): Promise<void> },
  ): Promise<void> {
    const { id, message: words, fix } = failed
    const outcome = { at: clock.now(), failure: { id, message: words, ...(fix !== undefined && { fix }) } }
    if (isClaimed && (failed.code === 'outcome-unknown' || failed.code === 'internal'))
      return settle(message, 'unknown', outcome, by)
    await claim()
    if (isForGood(failed)) await settle(message, 'failed', outcome, by)
    else await held.putBack(message.id, process, outcome)
  }

  async function settle(
    message: HeldMessage,
    state: 'sent' | 'failed' | 'unknown',
    outcome: HeldOutcome,
    by: Actor,
  ): Promise<void> {
    await held.finish(message.id, process, state, outcome)
    if (state === 'sent') return
    const { reply, failure: failed } = outcome
    const fields = {
      ...about(message),
      ...actorFields(by),
      ...(reply && { code: reply.code, reply: reply.text }),
      ...(failed && { failure: failed.id, detail: failed.message }),
    }
    if (state === 'unknown')
      log.error(
        { event: 'approval.outcome-unknown', ...fields },
        'It is not known whether an approved message was sent',
      )
    else log.warn({ event: 'approval.failed', ...fields }, 'An approved message was not sent')
    deps.onNews()
  }

  function linkSecret(id: string): string {
    return deps.keyedHash('approval-link', id)
  }

  return {
    hold: createHold({
      held,
      get limits() {
        return deps.limits
      },
      onHeld: () => deps.onNews(),
      clock,
    }),

    async list() {
      return (await list()).map(statusOf).reverse()
    },

    show: async (id) => statusOf(await found(id)),

    async waiting() {
      return (await list()).filter(({ state }) => state === 'waiting').length
    },

    async approve(id, by) {
      if (underWay.has(id)) throw failure('approval.under-way')
      const sending = waitingOne(id).then((message) => send(message, by))
      underWay.set(id, sending)
      try {
        return await sending
      } finally {
        underWay.delete(id)
      }
    },

    async refuse(id, by) {
      if (underWay.has(id)) throw failure('approval.under-way')
      const message = await waitingOne(id)
      if (!(await held.end(id, 'refused', by.name))) throw over(await found(id))
      log.info(
        { event: 'approval.refused', ...about(message), ...actorFields(by) },
        'A message was not approved',
      )
      deps.onNews()
      return statusOf(await found(id))
    },

    async ofLink(link) {
      const [, id = '', secret = ''] = /^([0-9a-f]{16})\.([\w-]{43})$/.exec(link) ?? []
      if (!sameHash(secret, linkSecret(id))) throw failure('approval.no-link')
      const message = await held.find(id)
      if (!message) throw failure('approval.no-link')
      return statusOf(message)
    },

    linkOf: (id) => new Secret(`${deps.publicUrl.href.replace(/\/$/, '')}/approve/${id}.${linkSecret(id)}`),

    async round() {
      try {
        const now = clock.now()
        for (const message of await list()) {
          const { id, state, endsAt, changedAt, sentBy } = message
          if (state === 'waiting' && endsAt <= now) await expire(message)
          const isElsewhere = sentBy !== process && !underWay.has(id)
          if (state === 'sending' && isElsewhere && (deps.isAlone || changedAt + longestSending <= now))
            await giveUp(message)
          await turnOfOthers()
        }
        await held.sweep(now - knownMilliseconds)
      } catch (error) {
        log.warn(
          { event: 'approval.look-failed', err: error },
          'Messages that wait for approval cannot be looked at now',
        )
      }
    },

    async close() {
      await Promise.allSettled(underWay.values())
    },
  }
}

/** Decided by somebody else meanwhile: that is no failure of the message. */
function isOurs({ id }: Failure): boolean {
  return id.startsWith('approval.')
}

function over({ state }: HeldMessage): Failure {
  return state === 'sending' ? failure('approval.under-way') : failure('approval.over', { state })
}

/** Who sent it may not send it any more, or nobody could. */
function isForGood({ code }: Failure): boolean {
  return ['wrong-credentials', 'forbidden', 'sender-refused', 'invalid', 'not-found'].includes(code)
}

/** What asks to try again, where nothing was taken. */
function laterOf({ recipients, reply }: Submitted): Reply | undefined {
  if (reply !== undefined) return isTransient(reply) ? reply : undefined
  return recipients.find((one) => isTransient(one.reply))?.reply
}

function outcomeOf({ recipients, reply }: Submitted, at: number): HeldOutcome {
  return {
    at,
    ...(reply && { reply: saidOf(reply) }),
    recipients: recipients.map((one) => ({ recipient: one.recipient, reply: saidOf(one.reply) })),
  }
}

function saidOf(reply: Reply): HeldReply {
  return { code: reply.code, text: wordsOf(reply) }
}

function statusOf({ id, owner, state, envelope, octets, outcome, ...rest }: HeldMessage): HeldStatus {
  const { userName, mailbox, mail, recipients, subject, from } = envelope
  const said = outcome?.recipients
  const isTaken = ({ reply }: { reply: HeldReply }) => reply.code < 300
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...{ id, state, userName, mailbox, sender: mail.sender, octets },
    ...(owner.startsWith('api-key ') && { apiKey: owner.slice('api-key '.length) }),
    recipients: recipients.map(({ recipient }) => recipient),
    ...(subject !== undefined && { subject }),
    ...(from !== undefined && { from }),
    ...{ createdAt: time(rest.createdAt), endsAt: time(rest.endsAt), changedAt: time(rest.changedAt) },
    ...(rest.decidedBy !== undefined && { decidedBy: rest.decidedBy }),
    ...(outcome?.reply && { reply: outcome.reply }),
    ...(said && state === 'sent' && { accepted: said.filter(isTaken) }),
    ...(said && { refused: said.filter((one) => !isTaken(one)) }),
    ...(outcome?.failure && { failure: outcome.failure }),
  }
}
