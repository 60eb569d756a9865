import { filled } from '../base/failure.ts'
import { type ReplyClass, replyClassOf, type Subject, subjectOf } from '../providers/reply-class.ts'
import { isPositive, type Reply, statusOf, wordsOf } from '../wire/reply.ts'
import { type Fault, Header, type Origin, type Probes, type SendBreaker } from './breakers.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { SendPermit } from './governor.ts'
import type { ConnectionCap } from './limits.ts'
import type { Refusals } from './refusals.ts'

interface SendPermitDeps {
  breakers: Record<ReplyAction['about'], SendBreaker>
  refusals: Refusals
  daily: DailyRecipients
  cap: ConnectionCap
}

/**
 * Permits one transaction, unless a breaker blocks it.
 * @throws Failure `limit-reached`, `provider-setup`
 */
export function createSendPermit(
  { breakers, refusals, daily, cap }: SendPermitDeps,
  origin: Origin,
): SendPermit {
  const probes: Probes = new Map()
  enterAll([breakers.registration, breakers.mailbox, ...refusals.ofTransaction(origin)], probes)
  let taken = 0
  let header = noHeader
  const recipients = { accepted: 0, unknown: 0, status: '' }
  /** A reply that comes for each recipient of one message counts once. */
  const said = new Set<ReplyClass>()
  let delivered = false
  /** The refusal of the whole transaction, for what it is. */
  let refusal: Reply | undefined
  let over = false

  function accepted(): void {
    delivered = true
    for (const probe of probes.values()) probe.succeeded()
    refusals.accepted(origin, header)
  }

  /** Acts on the class of one reply. True: the provider asks for less. */
  function apply(reply: Reply, replyClass: ReplyClass): boolean {
    if (replyClass === 'too-many-at-once') {
      if (!said.has(replyClass)) cap.lower(cap.allowed() - 1)
      return true
    }
    const action = replyActions[replyClass]
    if (!action) return false
    const breaker = breakers[action.about]
    const probe = probes.get(breaker)
    const fault = faultOf(action, reply)
    if (probe) probe.failed(fault)
    else breaker.trip(fault)
    return true
  }

  /** Counts a permanent refusal for what was refused. */
  function blame(reply: Reply, subject: Subject): void {
    switch (subject) {
      case 'unknown-recipient':
        recipients.unknown += 1
        recipients.status = statusOf(reply)
        return
      // Whatever else is wrong with a recipient is not the program's fault, and no provider is
      // known to punish it.
      case 'recipient':
        return
      case 'sender':
        if (!said.has('sender-refused')) refusals.senderRefused(origin, reply, probes)
        said.add('sender-refused')
        return
      case 'header':
        refusals.headerRefused(origin, header, reply, probes)
        return
      case 'envelope':
      case 'message':
        refusal = reply
    }
  }

  return {
    reserve(more) {
      const later = daily.take(more)
      if (later === undefined) {
        taken += more
        return undefined
      }
      return async () => {
        await later()
        // Whoever asked has gone meanwhile.
        if (over) daily.commit(more, 0)
        else taken += more
      }
    },
    carry(head) {
      header = new Header(head)
      enterAll(refusals.ofMessage(origin, header), probes)
    },
    onReply(reply, phase) {
      if (isPositive(reply)) {
        if (phase === 'recipient') recipients.accepted += 1
        if (phase === 'message') accepted()
        return false
      }
      const replyClass = replyClassOf(reply)
      const subject = subjectOf(reply, phase, replyClass)
      if (subject !== undefined) blame(reply, subject)
      if (replyClass === undefined) return false
      const wantsQuiet = apply(reply, replyClass)
      said.add(replyClass)
      return wantsQuiet
    },
    end(outcome) {
      if (over) return
      over = true
      const sent = (outcome === 'answered' && delivered) || outcome === 'unknown'
      daily.commit(taken, sent ? recipients.accepted : 0)
      refusals.recipientsAnswered(origin, recipients, probes)
      if (refusal && !sent) refusals.refused(origin, refusal, probes)
      for (const probe of probes.values()) probe.release()
    },
  }
}

const noHeader = new Header(Buffer.alloc(0))

/**
 * Enters all breakers or none: a transaction that one of them blocks is no probe of another.
 * @throws Failure
 */
function enterAll(breakers: readonly SendBreaker[], probes: Probes): void {
  for (const breaker of breakers) {
    const blockedBy = breaker.blockedBy()
    if (blockedBy) throw blockedBy
  }
  for (const breaker of breakers) {
    const probe = breaker.enter()
    if (probe) probes.set(breaker, probe)
  }
}

function faultOf({ about, seconds, why }: ReplyAction, reply: Reply): Fault {
  return { about, seconds, why: filled(why, { status: statusOf(reply), said: wordsOf(reply) }) }
}

/** What a reply class means for later transactions. */
interface ReplyAction {
  about: 'mailbox' | 'registration'
  /** How long nothing is tried, in seconds, the first time. */
  seconds: number
  /** `limit-reached`: passes by itself. `provider-setup`: a person has to repair something. */
  why: `sending.${'quota-reached' | 'too-fast' | 'throttled' | 'deferred' | 'mailbox-full' | 'blocked' | 'address-blocked' | 'no-logon'}`
}

/**
 * The classes that make a mailbox wait, or a whole registration. The figures are the providers' own
 * where they publish any.
 */
export const replyActions: Partial<Record<ReplyClass, ReplyAction>> = {
  quota: {
    about: 'mailbox',
    seconds: 3600,
    why: 'sending.quota-reached',
  },
  rate: {
    about: 'mailbox',
    seconds: 60,
    why: 'sending.too-fast',
  },
  throttled: {
    about: 'mailbox',
    seconds: 3600,
    why: 'sending.throttled',
  },
  deferred: {
    about: 'mailbox',
    seconds: 900,
    why: 'sending.deferred',
  },
  'mailbox-full': {
    about: 'mailbox',
    seconds: 1800,
    why: 'sending.mailbox-full',
  },
  blocked: {
    about: 'mailbox',
    seconds: 3600,
    why: 'sending.blocked',
  },
  'address-blocked': {
    about: 'registration',
    seconds: 3600,
    why: 'sending.address-blocked',
  },
  'no-logon': {
    about: 'mailbox',
    seconds: 60,
    why: 'sending.no-logon',
  },
}
