import { statusOf } from '../wire/enhanced-status.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import type { Breaker, Trouble } from './breaker.ts'
import type { ConnectionCap } from './connection-cap.ts'
import { type Consequence, consequences } from './consequences.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { Passage } from './governor.ts'
import { Header } from './header-refusals.ts'
import type { Origin } from './origin.ts'
import type { Refusals } from './refusals.ts'
import { type Meaning, meaningOf } from './reply-meaning.ts'
import type { Probes } from './strikes.ts'
import { type Subject, subjectOf } from './subject.ts'

export interface PassageNeeds {
  breakers: Record<Consequence['about'], Breaker>
  refusals: Refusals
  daily: DailyRecipients
  cap: ConnectionCap
}

/** @throws Failure `limit-reached`, `provider-setup` */
export function openPassage({ breakers, refusals, daily, cap }: PassageNeeds, origin: Origin): Passage {
  const probes: Probes = new Map()
  enterAll([breakers.registration, breakers.mailbox, ...refusals.ofTransaction(origin)], probes)
  let taken = 0
  let header = noHeader
  const recipients = { accepted: 0, unknown: 0, status: '' }
  /** What is said to each recipient of one message is said once. */
  const said = new Set<Meaning>()
  let delivered = false
  /** Of all that this program wanted, for what it is. */
  let refusal: Reply | undefined
  let over = false

  function accepted(): void {
    delivered = true
    for (const probe of probes.values()) probe.succeeded()
    refusals.accepted(origin, header)
  }

  /** What one reply means for what comes after. */
  function obey(reply: Reply, meaning: Meaning): boolean {
    if (meaning === 'too-many-at-once') {
      if (!said.has(meaning)) cap.lower(cap.allowed() - 1)
      return true
    }
    const consequence = consequences[meaning]
    if (!consequence) return false
    const breaker = breakers[consequence.about]
    const probe = probes.get(breaker)
    const trouble = troubleOf(consequence, reply)
    if (probe) probe.failed(trouble)
    else breaker.trip(trouble)
    return true
  }

  /** A refusal for good, by what was refused. */
  function blame(reply: Reply, subject: Subject): void {
    switch (subject) {
      case 'unknown-recipient':
        recipients.unknown += 1
        recipients.status = statusOf(reply)
        return
      // Whatever else is wrong with a recipient is nobody's fault here, and no provider is known to punish it.
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
      daily.take(more)
      taken += more
    },
    carry(head) {
      header = new Header(head)
      enterAll(refusals.ofMessage(origin, header), probes)
    },
    heard(reply, phase) {
      if (isPositive(reply)) {
        if (phase === 'recipient') recipients.accepted += 1
        if (phase === 'message') accepted()
        return false
      }
      const meaning = meaningOf(reply)
      const subject = subjectOf(reply, phase, meaning)
      if (subject !== undefined) blame(reply, subject)
      if (meaning === undefined) return false
      const wantsQuiet = obey(reply, meaning)
      said.add(meaning)
      return wantsQuiet
    },
    end(outcome) {
      if (over) return
      over = true
      const sent = (outcome === 'answered' && delivered) || outcome === 'unknown'
      daily.settle(taken, sent ? recipients.accepted : 0)
      refusals.recipientsAnswered(origin, recipients, probes)
      if (refusal && !sent) refusals.refused(origin, refusal, probes)
      for (const probe of probes.values()) probe.release()
    },
  }
}

const noHeader = new Header(Buffer.alloc(0))

/** All or none: a transaction that one of them keeps out is no probe of another. @throws Failure */
function enterAll(breakers: readonly Breaker[], probes: Probes): void {
  for (const breaker of breakers) {
    const obstacle = breaker.obstacle()
    if (obstacle) throw obstacle
  }
  for (const breaker of breakers) {
    const probe = breaker.enter()
    if (probe) probes.set(breaker, probe)
  }
}

function troubleOf({ about, seconds, code, said, fix }: Consequence, reply: Reply): Trouble {
  return { about, seconds, code, reason: `The provider ${said} (${statusOf(reply)})`, fix }
}
