import { statusOf } from '../wire/enhanced-status.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import type { Breaker, Trouble } from './breaker.ts'
import type { ConnectionCap } from './connection-cap.ts'
import { type Consequence, consequences } from './consequences.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { Passage } from './governor.ts'
import { type Meaning, meaningOf } from './reply-meaning.ts'
import type { Origin, SenderRefusals } from './sender-refusals.ts'
import type { Probes } from './strikes.ts'

export interface PassageNeeds {
  breakers: Record<Consequence['about'], Breaker>
  senders: SenderRefusals
  daily: DailyRecipients
  cap: ConnectionCap
}

/** @throws Failure `limit-reached`, `provider-setup` */
export function openPassage({ breakers, senders, daily, cap }: PassageNeeds, origin: Origin): Passage {
  const probes = enterAll([breakers.registration, breakers.mailbox, ...senders.breakersOf(origin)])
  let taken = 0
  const recipients = { accepted: 0, others: 0 }
  /** What is said to each recipient of one message is said once. */
  const said = new Set<Meaning>()
  let delivered = false
  /** Of MAIL or of the message. */
  let refusal: Reply | undefined
  let recipientRefusal: Reply | undefined
  let over = false

  function accepted(): void {
    delivered = true
    for (const probe of probes.values()) probe.succeeded()
    senders.accepted(origin)
  }

  /** What one reply means for what comes after. */
  function obey(reply: Reply, meaning: Meaning | undefined): boolean {
    if (meaning === undefined) return false
    const first = !said.has(meaning)
    said.add(meaning)
    if (meaning === 'too-many-at-once') {
      if (first) cap.lower(cap.allowed() - 1)
      return true
    }
    if (meaning === 'sender-refused' && first) senders.senderRefused(origin, statusOf(reply), probes)
    const consequence = consequences[meaning]
    if (!consequence) return false
    const breaker = breakers[consequence.about]
    const probe = probes.get(breaker)
    const trouble = troubleOf(consequence, reply)
    if (probe) probe.failed(trouble)
    else breaker.trip(trouble)
    return true
  }

  function countRecipient(reply: Reply, isRefused: boolean): void {
    if (isPositive(reply)) recipients.accepted += 1
    else if (isRefused) recipientRefusal = reply
    else recipients.others += 1
  }

  /** The permanent refusal of all that this program wanted. */
  function whollyRefused(): Reply | undefined {
    if (refusal) return refusal
    return recipients.accepted + recipients.others === 0 ? recipientRefusal : undefined
  }

  return {
    reserve(more) {
      daily.take(more)
      taken += more
    },
    heard(reply, phase) {
      const meaning = meaningOf(reply)
      const isRefused = isOwnFault(reply, meaning)
      if (phase === 'recipient') countRecipient(reply, isRefused)
      else if (isRefused) refusal = reply
      if (phase === 'message' && isPositive(reply)) accepted()
      return obey(reply, meaning)
    },
    end(outcome) {
      if (over) return
      over = true
      const sent = (outcome === 'answered' && delivered) || outcome === 'unknown'
      daily.settle(taken, sent ? recipients.accepted : 0)
      const refused = delivered || outcome === 'unknown' ? undefined : whollyRefused()
      if (refused) senders.refused(origin, statusOf(refused), probes)
      for (const probe of probes.values()) probe.release()
    },
  }
}

/** All or none: nothing may throw once a probe has begun, for nobody would end it. @throws Failure */
function enterAll(breakers: readonly Breaker[]): Probes {
  for (const breaker of breakers) {
    const obstacle = breaker.obstacle()
    if (obstacle) throw obstacle
  }
  const probes: Probes = new Map()
  for (const breaker of breakers) {
    const probe = breaker.enter()
    if (probe) probes.set(breaker, probe)
  }
  return probes
}

/** A refusal for good of what was asked for. 530 and 535 are about our own sign-in (RFC 4954, section 6), and what has a meaning beyond the
 * transaction has its own consequence. */
function isOwnFault(reply: Reply, meaning: Meaning | undefined): boolean {
  return reply.code >= 500 && reply.code !== 530 && reply.code !== 535 && meaning === undefined
}

function troubleOf({ about, seconds, code, said, fix }: Consequence, reply: Reply): Trouble {
  return { about, seconds, code, reason: `The provider ${said} (${statusOf(reply)})`, fix }
}
