import { Failure } from '../base/failure.ts'
import { statusOf } from '../wire/enhanced-status.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import type { Breaker, Tripped, Trouble } from './breaker.ts'
import type { ConnectionCap } from './connection-cap.ts'
import { type Consequence, consequences } from './consequences.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { Passage } from './governor.ts'
import { meaningOf } from './reply-meaning.ts'
import type { SenderRefusals } from './sender-refusals.ts'

export interface PassageNeeds {
  breakers: Record<Consequence['about'], Breaker>
  senders: SenderRefusals
  daily: DailyRecipients
  cap: ConnectionCap
}

/** @throws Failure `limit-reached`, `provider-setup` */
export function openPassage({ breakers, senders, daily, cap }: PassageNeeds, sender: string): Passage {
  const all = [breakers.registration, breakers.mailbox, senders.breakerOf(sender)].filter(
    (breaker) => breaker !== undefined,
  )
  for (const breaker of all) {
    const obstacle = breaker.obstacle()
    if (obstacle) throw notNow(obstacle)
  }
  const probes = new Set(all.filter((breaker) => breaker.enter()))

  let taken = 0
  const recipients = { accepted: 0, refused: 0, others: 0 }
  let delivered = false
  /** Of MAIL or of the message. */
  let refusal: Reply | undefined
  let recipientRefusal: Reply | undefined
  let over = false

  function trip(breaker: Breaker, trouble: Trouble): void {
    breaker.trip(trouble)
    probes.delete(breaker)
  }

  function accepted(): void {
    delivered = true
    for (const breaker of probes) breaker.succeed()
    probes.clear()
    senders.accepted(sender)
  }

  /** What one reply means for what comes after. */
  function obey(reply: Reply): boolean {
    const meaning = meaningOf(reply)
    if (meaning === undefined || meaning === 'signed-out') return false
    if (meaning === 'too-many-at-once') {
      cap.lower(cap.allowed() - 1)
      return true
    }
    if (meaning === 'sender-refused') {
      senders.senderRefused(sender, statusOf(reply))
      return false
    }
    const consequence = consequences[meaning]
    if (consequence) trip(breakers[consequence.about], troubleOf(consequence, reply))
    return consequence !== undefined
  }

  function countRecipient(reply: Reply): void {
    if (isPositive(reply)) recipients.accepted += 1
    else if (reply.code >= 500) recipients.refused += 1
    else recipients.others += 1
    if (reply.code >= 500) recipientRefusal = reply
  }

  /** Why the whole transaction was refused for good. 530 is about our own sign-in (RFC 4954, section 6). */
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
      if (phase === 'recipient') countRecipient(reply)
      if (isPositive(reply)) {
        if (phase === 'message') accepted()
        return false
      }
      if (phase !== 'recipient' && reply.code >= 500 && reply.code !== 530) refusal = reply
      return obey(reply)
    },
    end(outcome) {
      if (over) return
      over = true
      const sent = (outcome === 'answered' && delivered) || outcome === 'unknown'
      daily.settle(taken, sent ? recipients.accepted : 0)
      const refused = outcome === 'unknown' ? undefined : whollyRefused()
      if (refused && !delivered) senders.refused(sender, statusOf(refused))
      for (const breaker of probes) breaker.release()
    },
  }
}

function troubleOf({ about, seconds, code, said, fix }: Consequence, reply: Reply): Trouble {
  return { about, seconds, code, reason: `The provider ${said} (${statusOf(reply)})`, fix }
}

function notNow({ code, reason, fix, until }: Tripped): Failure {
  return new Failure(code, `${reason}; it is tried again at ${new Date(until).toISOString()}`, { fix })
}
