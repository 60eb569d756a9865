import { type Address, addressKey, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { ProviderLimits } from '../providers/provider.ts'
import { statusOf } from '../wire/enhanced-status.ts'
import type { Reply } from '../wire/reply.ts'
import { addressesIn } from './addresses-in.ts'
import type { Breaker, Tripped, Trouble } from './breaker.ts'
import { createRecipientRefusals, type RecipientAnswers } from './recipient-refusals.ts'
import { createStrikes, type Probes } from './strikes.ts'

/**
 * What the provider refuses again and again. Exchange Online throttles a whole mailbox after continuous errors, at thresholds that it does
 * not publish, and old devices repeat a refused message for ever: so whoever repeats it waits here before.
 *
 * Nobody waits for what others did. A sender address that the provider refuses at MAIL, it refuses from everybody. What it refuses behind
 * the message is the doing of one program, a login at one source: there the address in its header counts, because one program may be a queue
 * with all the others behind it. The mailbox's own address waits for nobody.
 */
export interface Refusals {
  /** The breakers in the way of a transaction. */
  ofTransaction(origin: Origin): Breaker[]
  /** Those in the way of a message. @param from the addresses of its header `From:` */
  ofMessage(origin: Origin, from: readonly Address[]): Breaker[]
  /** The provider refused the sender address itself, before there was a message. */
  senderRefused(origin: Origin, reply: Reply, probes: Probes): void
  /** It refused the message for an address that it says to come from. */
  headerRefused(origin: Origin, from: readonly Address[], reply: Reply, probes: Probes): void
  /** A whole transaction ended in a permanent refusal of another kind. */
  refused(origin: Origin, reply: Reply, probes: Probes): void
  /** What it said to the recipients of a transaction. */
  recipientsAnswered(origin: Origin, answers: RecipientAnswers, probes: Probes): void
  /** A message was accepted. */
  accepted(origin: Origin, from: readonly Address[]): void
  states(): Tripped[]
  reset(): void
}

/** Whose transaction it is. */
export interface Origin {
  sender: Address | ''
  login: string
  /** Absent: postern itself. */
  source?: string
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
  const headers = createStrikes(mostSenderRefusals, clock, log)
  const programs = createStrikes(mostRefusals, clock, log)
  const recipients = createRecipientRefusals(() => limits().refusedRecipients, clock, log)
  const isOwn = (address: string) => addressKey(address) === addressKey(mailbox)

  /** The mailbox's own address is everybody's, so there each program counts for itself. */
  const senderKey = (origin: Origin) =>
    isOwn(origin.sender) ? programWith(origin.sender, origin) : addressKey(origin.sender)

  /** Whom the provider may mean: what is not the mailbox itself, where there is something. Empty for a header that names nobody. */
  function suspects({ sender }: Origin, from: readonly Address[]): (Address | '')[] {
    const others = [...from, sender].filter((address) => address !== '' && !isOwn(address))
    if (others.length > 0) return others
    return [from.length > 0 ? mailbox : '']
  }

  return {
    ofTransaction: (origin) =>
      known([
        senders.breakerOf(senderKey(origin)),
        programs.breakerOf(programWith(origin.sender, origin)),
        recipients.breakerOf(programOf(origin)),
      ]),

    ofMessage: (origin, from) =>
      known(suspects(origin, from).map((address) => headers.breakerOf(programWith(address, origin)))),

    senderRefused(origin, reply, probes) {
      const trouble = isOwn(origin.sender) ? refusedOwn(origin, reply) : refusedSender(origin.sender, reply)
      senders.refused(senderKey(origin), trouble, probes)
    },

    headerRefused(origin, from, reply, probes) {
      const named = addressesIn(reply).filter((address) => !isOwn(address))
      const all = suspects(origin, from)
      const culprit = all.find((address) => named.some((one) => addressKey(one) === addressKey(address)))
      const [first = mailbox] = all
      // The reply means another address, which stands somewhere else in the message: the mailbox's own waits for nobody.
      if (culprit === undefined && named.length > 0 && isOwn(first)) return
      const trouble = refusedHeader(origin, culprit ?? first, { mailbox, from, named: named[0], reply })
      headers.refused(programWith(culprit ?? first, origin), trouble, probes)
    },

    refused(origin, reply, probes) {
      programs.refused(programWith(origin.sender, origin), refusedAll(origin, reply), probes)
    },

    recipientsAnswered(origin, answers, probes) {
      recipients.answered(programOf(origin), answers, whose(origin), probes)
    },

    accepted(origin, from) {
      senders.accepted(senderKey(origin))
      programs.accepted(programWith(origin.sender, origin))
      for (const address of suspects(origin, from)) headers.accepted(programWith(address, origin))
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

interface RefusedHeader {
  mailbox: Address
  from: readonly Address[]
  /** By the reply. */
  named: Address | undefined
  reply: Reply
}

function refusedHeader(
  origin: Origin,
  culprit: Address | '',
  { mailbox, from, named, reply }: RefusedHeader,
): Trouble {
  const header = from.length === 0 ? 'no From: that can be read' : `From: ${shown(from.join(', '))}`
  const also =
    named === undefined || addressKey(named) === addressKey(culprit) ? '' : `, and means ${shown(named)}`
  return {
    about: 'program',
    ...whose(origin),
    seconds: 600,
    code: 'provider-setup',
    reason: `The provider refuses messages of this program with ${header} in their header (${statusOf(reply)}${also}), again and again`,
    fix: headerAdvice(culprit, mailbox),
  }
}

function headerAdvice(culprit: Address | '', mailbox: Address): string {
  if (addressKey(culprit) === addressKey(mailbox)) return sendAsAdvice
  if (culprit === '')
    return `Let the program write ${mailbox} into the header From: of its messages, or let its login do that (--rewrite-from).`
  return `Let the program write ${mailbox} into the header From: of its messages, let its login do that (--rewrite-from), or have the provider let this mailbox send as ${shown(culprit)}.`
}

const sendAsAdvice =
  'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).'

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

function whose({ login, source }: Origin): Pick<Trouble, 'login' | 'source'> {
  return { login, ...(source !== undefined && { source }) }
}

function programOf({ login, source = '' }: Origin): string {
  return `${source}\n${login}`
}

function programWith(address: string, origin: Origin): string {
  return `${addressKey(address)}\n${programOf(origin)}`
}

function known(breakers: readonly (Breaker | undefined)[]): Breaker[] {
  return breakers.filter((breaker) => breaker !== undefined)
}

function shown(sender: string): string {
  return sender === '' ? 'the empty sender' : printable(sender, 80)
}
