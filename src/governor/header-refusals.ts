import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type FilledFailure, filled } from '../base/failure.ts'
import { type Log, silentLog } from '../base/log.ts'
import { printable, withoutCase } from '../base/text.ts'
import { type Address, sameAddress } from '../model/address.ts'
import type { Originators } from '../wire/header-addresses.ts'
import { type Reply, statusOf } from '../wire/reply.ts'
import type { ConsecutiveRefusals } from './breakers.ts'
import {
  createConsecutiveRefusals,
  type Fault,
  type Header,
  type Origin,
  type Probes,
  type SendBreaker,
  type Tripped,
} from './breakers.ts'

/**
 * Messages that the provider refuses for an address in them. Only what may be the cause waits, and
 * only for one program:
 *
 * - If the reply names an address of the message: messages with that address.
 * - If it names none: messages with the same addresses in the same places, because it is not known
 *   which of them is meant.
 * - If the message names only the mailbox itself: that message alone. A program that repeats it
 *   without end is stopped, everything else from the mailbox's own address goes on, and a log line
 *   says that the provider does not let the mailbox send as itself.
 */
export interface HeaderRefusals {
  /** The breakers that a message has to pass. */
  breakersOf(origin: Origin, header: Header): SendBreaker[]
  refused(origin: Origin, header: Header, reply: Reply, probes: Probes): void
  /** A message was accepted. */
  accepted(origin: Origin, header: Header): void
  states(): Tripped[]
  reset(): void
}

const mostRefusals = 3
const rememberedPrograms = 1000

export function createHeaderRefusals(mailbox: Address, clock: Clock, log: Log): HeaderRefusals {
  return new RefusedHeaders(mailbox, clock, log)
}

class RefusedHeaders implements HeaderRefusals {
  readonly #mailbox: Address
  readonly #clock: Clock
  readonly #log: Log
  readonly #headers: ConsecutiveRefusals
  // Logged once for each program, not for each of its messages.
  readonly #messages: ConsecutiveRefusals
  /** How many messages in a row were refused to a program that named only the mailbox. */
  readonly #own = new LRUCache<string, number>({ max: rememberedPrograms })

  constructor(mailbox: Address, clock: Clock, log: Log) {
    this.#mailbox = mailbox
    this.#clock = clock
    this.#log = log
    this.#headers = createConsecutiveRefusals(mostRefusals, clock, log)
    this.#messages = createConsecutiveRefusals(mostRefusals, clock, silentLog)
  }

  breakersOf(origin: Origin, header: Header): SendBreaker[] {
    if (this.#nothingRefused()) return []
    const found = this.#suspects(origin, header)
    const breakers =
      found.all.length > 0
        ? this.#keysOf(origin, found).map(this.#headers.breakerOf)
        : [this.#messages.isEmpty() ? undefined : this.#messages.breakerOf(this.#messageKey(origin, header))]
    return breakers.filter((breaker) => breaker !== undefined)
  }

  refused(origin: Origin, header: Header, reply: Reply, probes: Probes): void {
    const found = this.#suspects(origin, header)
    const all = addressesIn(reply)
    const named = all.filter((address) => !sameAddress(address, this.#mailbox))
    // The last one, as in `a@example.com not allowed to send as b@example.com`: the first may be
    // the person who signs in.
    const last = all.at(-1)
    const [first] = found.all
    if (first === undefined) {
      const foreign = last !== undefined && !sameAddress(last, this.#mailbox) ? last : undefined
      this.#ownRefused(origin, header, foreign, reply, probes)
      return
    }
    const culprit = found.all.find(({ address }) => named.some((one) => sameAddress(one, address)))
    const key = culprit ? origin.programWith(culprit.address) : this.#combinationKey(found, origin)
    const { originators } = header
    const fault = refusedHeader(origin, culprit ?? first, {
      mailbox: this.#mailbox,
      originators,
      named: culprit ? culprit.address : named.at(-1),
      reply,
    })
    this.#headers.refused(key, fault, probes)
  }

  accepted(origin: Origin, header: Header): void {
    if (this.#nothingRefused()) return
    const found = this.#suspects(origin, header)
    if (found.all.length > 0) {
      for (const key of this.#keysOf(origin, found)) this.#headers.accepted(key)
      return
    }
    this.#own.delete(origin.program)
    if (!this.#messages.isEmpty()) this.#messages.accepted(this.#messageKey(origin, header))
  }

  states(): Tripped[] {
    // One for each program, and only while it waits: there are many messages, and it is not known
    // whether one will come again.
    const waiting = this.#messages.states().filter(({ until }) => until > this.#clock.now())
    const ofPrograms = new Map(waiting.map((one) => [`${one.source}\n${one.login}`, one]))
    return [...this.#headers.states(), ...ofPrograms.values()]
  }

  reset(): void {
    for (const each of [this.#headers, this.#messages]) each.reset()
    this.#own.clear()
  }

  #nothingRefused(): boolean {
    return this.#headers.isEmpty() && this.#messages.isEmpty() && this.#own.size === 0
  }

  #suspects(origin: Origin, { originators }: Header): Suspects {
    return suspectsOf(this.#mailbox, origin, originators)
  }

  #combinationKey({ combination }: Suspects, origin: Origin): string {
    return `${combination}\n${origin.program}`
  }

  #messageKey(origin: Origin, header: Header): string {
    return `${header.fingerprint()}\n${origin.program}`
  }

  #keysOf(origin: Origin, found: Suspects): string[] {
    const addresses = found.all.map(({ address }) => origin.programWith(address))
    return [this.#combinationKey(found, origin), ...new Set(addresses)]
  }

  #ownRefused(origin: Origin, header: Header, named: string | undefined, reply: Reply, probes: Probes): void {
    const fault = refusedMessage(origin, named, reply)
    this.#messages.refused(this.#messageKey(origin, header), fault, probes)
    const times = (this.#own.get(origin.program) ?? 0) + 1
    this.#own.set(origin.program, times)
    if (times !== mostRefusals) return
    const { about, why } = fault
    const { id: failure, message: reason, fix } = why
    this.#log.warn(
      { event: 'sending.own-refused', about, ...origin.shownProgram(), failure, reason, fix },
      'messages from the mailbox itself are refused; only one that is repeated waits',
    )
  }
}

/** For people. */
export function shown(sender: string, limit = 80): string {
  return sender === '' ? 'the empty sender' : printable(sender, limit)
}

interface RefusedHeader {
  mailbox: Address
  originators: Originators
  /** The address that the reply names. */
  named: string | undefined
  reply: Reply
}

function refusedHeader(
  origin: Origin,
  suspect: Suspect,
  { mailbox, originators, named, reply }: RefusedHeader,
): Fault {
  const means = named === undefined || sameAddress(named, suspect.address) ? undefined : named
  return {
    about: 'program',
    ...origin.shownProgram(),
    seconds: 600,
    why: headerRefusal(suspect, mailbox, {
      header: described(origin, originators, suspect),
      reply: saidOf(reply, means),
    }),
  }
}

/** The header `From:`, and the other place that is meant, if any. */
function described({ sender }: Origin, { from }: Originators, { place, address }: Suspect): string {
  const author = from.length === 0 ? 'no From: that can be read' : `From: ${shown(from.join(', '))}`
  if (place === 'From') return `${author} in their header`
  if (place === 'envelope') return `${author} in their header, sent as ${shown(sender, 60)}`
  return `${author} and ${place}: ${shown(address, 60)} in their header`
}

function refusedMessage(origin: Origin, named: string | undefined, reply: Reply): Fault {
  return {
    about: 'program',
    ...origin.shownProgram(),
    seconds: 600,
    why:
      named === undefined
        ? filled('sending.message-refused', { status: statusOf(reply) })
        : filled('sending.message-refused-for-name', { status: statusOf(reply), named: shown(named) }),
  }
}

function saidOf(reply: Reply, means: string | undefined): string {
  return means === undefined ? statusOf(reply) : `${statusOf(reply)}, and means ${shown(means)}`
}

const headerFailures = {
  From: 'sending.header-from',
  Sender: 'sending.header-sender',
  'Resent-From': 'sending.header-resent',
} as const

function headerRefusal(
  { place, address }: Suspect,
  mailbox: Address,
  said: { header: string; reply: string },
): FilledFailure {
  if (address === '') return filled('sending.header-without-from', { ...said, mailbox })
  const named = shown(address)
  if (place === 'envelope') return filled('sending.header-envelope', { ...said, named })
  return filled(headerFailures[place], { ...said, mailbox, named })
}

/** Whom a provider may mean when it refuses a message for an address in it. */
interface Suspects {
  /**
   * Each address that is not the mailbox's own, in the order in which providers look at them.
   * Empty: only the mailbox itself is left.
   */
  all: readonly Suspect[]
  /** Equal for messages that name the same addresses in the same places. */
  combination: string
}

interface Suspect {
  place: 'From' | 'Sender' | 'Resent-From' | 'envelope'
  /** Empty: the header `From:` names no address. */
  address: string
}

function suspectsOf(mailbox: Address, origin: Origin, { from, sender, resent }: Originators): Suspects {
  const own = withoutCase(mailbox)
  const authors = distinct(from.length > 0 ? from : [''])
  const envelope = origin.sender === '' ? [] : [origin.sender]
  const placed = (addresses: readonly string[], place: Suspect['place']) =>
    addresses.filter((address) => withoutCase(address) !== own).map((address) => ({ place, address }))
  const inHeader = [authors, distinct(sender), distinct(resent)]
  return {
    all: [
      ...placed(from.length > 0 ? from : [''], 'From'),
      ...placed(sender, 'Sender'),
      ...placed(resent, 'Resent-From'),
      ...placed(envelope, 'envelope'),
    ],
    combination: JSON.stringify([
      authors.filter((key) => key !== own),
      // `Sender:` says who sends on behalf of the author. There, the mailbox itself makes a
      // difference, too.
      ...[sender, resent].map((addresses) => distinct(addresses).filter((key) => !authors.includes(key))),
      distinct(envelope).filter((key) => key !== own && !inHeader.flat().includes(key)),
    ]),
  }
}

function distinct(addresses: readonly string[]): string[] {
  return [...new Set(addresses.map(withoutCase))].sort()
}

/** How much of a reply is read: it may be long, and its beginning says what it is about. */
const octetsRead = 2000

/** The mail addresses that a provider names in a reply. */
function addressesIn({ lines }: Reply): string[] {
  const text = Buffer.from(lines.join(' ').slice(0, octetsRead), 'latin1').toString('utf8')
  return text
    .split(/[\s<>()[\]"';:,]/)
    .map((word) => word.replace(/\.$/, ''))
    .filter(
      (word) => word.indexOf('@') > 0 && word.indexOf('@') === word.lastIndexOf('@') && !word.endsWith('@'),
    )
}
