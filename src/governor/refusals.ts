import { type Address, addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { ProviderLimits } from '../providers/provider.ts'
import { statusOf } from '../wire/enhanced-status.ts'
import type { Reply } from '../wire/reply.ts'
import type { Breaker, Tripped, Trouble } from './breaker.ts'
import { createHeaderRefusals, type Header } from './header-refusals.ts'
import { type Origin, programOf, programWith, sendAsAdvice, shown, whose } from './origin.ts'
import { createRecipientRefusals, type RecipientAnswers } from './recipient-refusals.ts'
import { createStrikes, type Probes } from './strikes.ts'

/**
 * What the provider refuses again and again. Exchange Online throttles a whole mailbox after continuous errors, at thresholds that it does
 * not publish, and old devices repeat a refused message for ever: so whoever repeats it waits here before.
 *
 * Nobody waits for what others did. A sender address that the provider refuses at MAIL, it refuses from everybody. The mailbox's own stops
 * one program alone there, and nothing that would be taken: all of it has that envelope. What the provider refuses behind the message is the
 * doing of one program, a login at one source: there the addresses of that message count, because one program may be a queue with all the
 * others behind it, and the mailbox's own address never waits.
 */
export interface Refusals {
  /** The breakers in the way of a transaction. */
  ofTransaction(origin: Origin): Breaker[]
  /** Those in the way of a message. */
  ofMessage(origin: Origin, header: Header): Breaker[]
  /** The provider refused the sender address itself, before there was a message. */
  senderRefused(origin: Origin, reply: Reply, probes: Probes): void
  /** It refused the message for an address that it says to come from. */
  headerRefused(origin: Origin, header: Header, reply: Reply, probes: Probes): void
  /** A whole transaction ended in a permanent refusal of another kind. */
  refused(origin: Origin, reply: Reply, probes: Probes): void
  /** What it said to the recipients of a transaction. */
  recipientsAnswered(origin: Origin, answers: RecipientAnswers, probes: Probes): void
  /** A message was accepted. */
  accepted(origin: Origin, header: Header): void
  states(): Tripped[]
  reset(): void
}

export interface RefusalsNeeds {
  mailbox: Address
  limits(): ProviderLimits
  clock: Clock
  log: Log
}

const mostSenderRefusals = 3
const mostRefusals = 10

export function createRefusals({ mailbox, limits, clock, log }: RefusalsNeeds): Refusals {
  const senders = createStrikes(mostSenderRefusals, clock, log)
  const headers = createHeaderRefusals(mailbox, clock, log)
  const programs = createStrikes(mostRefusals, clock, log)
  const recipients = createRecipientRefusals(() => limits().refusedRecipients, clock, log)
  const isOwn = (address: string) => addressKey(address) === addressKey(mailbox)

  /** The mailbox's own address is everybody's, so there each program counts for itself. */
  const senderKey = (origin: Origin) =>
    isOwn(origin.sender) ? programWith(origin.sender, origin) : addressKey(origin.sender)

  return {
    ofTransaction: (origin) =>
      known([
        senders.breakerOf(senderKey(origin)),
        programs.breakerOf(programWith(origin.sender, origin)),
        recipients.breakerOf(programOf(origin)),
      ]),

    ofMessage: headers.breakersOf,

    senderRefused(origin, reply, probes) {
      const trouble = isOwn(origin.sender) ? refusedOwn(origin, reply) : refusedSender(origin.sender, reply)
      senders.refused(senderKey(origin), trouble, probes)
    },

    headerRefused: headers.refused,

    refused(origin, reply, probes) {
      programs.refused(programWith(origin.sender, origin), refusedAll(origin, reply), probes)
    },

    recipientsAnswered(origin, answers, probes) {
      recipients.answered(programOf(origin), answers, whose(origin), probes)
    },

    accepted(origin, header) {
      senders.accepted(senderKey(origin))
      programs.accepted(programWith(origin.sender, origin))
      headers.accepted(origin, header)
    },

    states: () => [senders, headers, programs, recipients].flatMap((each) => each.states()),
    reset() {
      for (const each of [senders, headers, programs, recipients]) each.reset()
    },
  }
}

function refusedSender(sender: Address | '', reply: Reply): Trouble {
  return {
    about: 'sender',
    sender,
    seconds: 600,
    code: 'provider-setup',
    reason: `The provider does not let this mailbox send as ${shown(sender)} (${statusOf(reply)}), again and again`,
    fix: 'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider allow this sender.',
  }
}

function refusedOwn(origin: Origin, reply: Reply): Trouble {
  return {
    about: 'program',
    ...whose(origin),
    seconds: 600,
    code: 'provider-setup',
    reason: `The provider does not let this mailbox send as itself (${statusOf(reply)}), again and again`,
    fix: sendAsAdvice,
  }
}

function refusedAll(origin: Origin, reply: Reply): Trouble {
  return {
    about: 'program',
    sender: origin.sender,
    ...whose(origin),
    seconds: 300,
    code: 'limit-reached',
    reason: `The provider has refused everything that one program sent as ${shown(origin.sender)} for a while (${statusOf(reply)} the last time), and punishes who repeats that`,
    fix: 'Find out what is refused, and stop the program that repeats it.',
  }
}

function known(breakers: readonly (Breaker | undefined)[]): Breaker[] {
  return breakers.filter((breaker) => breaker !== undefined)
}
