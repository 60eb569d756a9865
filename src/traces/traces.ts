import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { printable, userNameKey } from '../base/text.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import { plainAddress } from '../net/ip.ts'
import type { Reply } from '../wire/reply.ts'
import { empty, Mask, secretsIn, shownCommand, shownMessage, shownReply, takenOut } from './shown.ts'

/** Whose dialogues are wanted: those of a login, or those that come from an address. */
export interface TraceRequest {
  login?: string
  source?: string
  /** Ten, unless it says something else; at most 60. */
  minutes?: number
  /** Replaces addresses and names. */
  mask?: boolean
  /** Stays for five minutes after its end, whether or not somebody reads it: a page is not always looked at. */
  isKept?: boolean
}

export interface TraceStatus {
  id: string
  login?: string
  source?: string
  /** ISO 8601. */
  endsAt: string
}

/** Who says it: the client, postern to it, postern to the provider, the provider; `--` is a remark. */
type Direction = 'C:' | 'S:' | 'P>' | 'P<' | '--'

export interface TraceLine {
  /** ISO 8601. */
  at: string
  /** Of one connection of a client. */
  session: string
  direction: Direction
  text: string
  /** From the command to this reply. */
  milliseconds?: number
}

export interface TracePage {
  lines: readonly TraceLine[]
  /** For the next look; what stands before it is forgotten then. */
  next: number
  /** Why nothing more will come. */
  ended?: TraceEnd
}

/** `full`: more lines than a trace may hold. `stopped`: by somebody. */
export type TraceEnd = 'time' | 'full' | 'stopped'

/** What is asked of a connection to a provider, and what comes back. */
export interface ProviderTap {
  /** Octets that replies are owed for. */
  asked(octets: Buffer | string): void
  /** Octets of a message that is sent piece by piece. */
  wrote(octets: number): void
  replied(reply: Reply): void
  note(text: string): void
}

/** The dialogue of one client, while somebody wants to see it, or might when it is known who it is. */
export interface SessionTrace {
  /** False: nobody wants it any more. */
  readonly isWanted: boolean
  /** A line without its CRLF. */
  heard(line: Buffer): void
  said(reply: Reply): void
  /** What holds neither a secret nor content. */
  note(text: string): void
  /** The user name that somebody signs in with, whether or not it is right. */
  signsIn(userName: string): void
  /** A message came, of so many octets. */
  message(octets: number): void
  /** From now on the client waits for a connection for one of these mailboxes. */
  waitsFor(mailboxes: readonly AddressKey[]): void
  /** For one transaction. Undefined: nobody wants it. */
  provider(): ProviderTap | undefined
  /** The connection is over. */
  over(how: string): void
}

/** What a listener knows of a client that has just connected. */
interface TracedClient {
  session: string
  /** As its socket reports it. */
  address: string
  /** The name of this machine, as the client is told it. */
  hostname: string
}

/** What doors and relay look at. While no trace is asked for, that is `isOn` and nothing else. */
export interface Taps {
  readonly isOn: boolean
  session(client: TracedClient): SessionTrace
  /** A connection for this mailbox is being opened. Undefined: nobody who waits for one is traced. */
  opening(mailbox: Address): ProviderTap | undefined
  /** Called when a trace begins, so that clients that are connected can be followed too. */
  onBegin(listener: () => void): void
}

/** Transcripts of clients on demand. They are kept in memory, and end by themselves. */
export interface Traces extends Taps {
  /** @throws Failure `invalid`, `limit-reached` */
  begin(request: TraceRequest, by: Actor): TraceStatus
  /**
   * What has come since. A trace that is not asked for within a minute ends.
   * @throws Failure `not-found`
   */
  read(id: string, after: number): TracePage
  /** Those that are there, ended or not. */
  list(): TraceStatus[]
  /** Nothing more is added; what there is can still be read. */
  stop(id: string): void
  end(id: string): void
  close(): void
}

const usualMinutes = 10
const mostMinutes = 60
const mostTraces = 5
/** What is unread and what was read together. */
const mostLines = 20_000
const mostOctets = 2 * 1024 * 1024
/** Whoever follows a trace asks every second. */
const unreadMilliseconds = 60_000
const keptMilliseconds = 300_000
/** Of a client that may turn out to be the one that is looked for. */
const mostHeldLines = 200
const mostUnknown = 500
/** Names of one client that masks replace. */
const mostHidden = 300

interface Trace {
  id: string
  /** The form in which user names are compared. */
  login: string | undefined
  source: string | undefined
  mask: Mask | undefined
  endsAt: number
  readAt: number
  isKept: boolean
  status: TraceStatus
  /** The first line has this number. */
  first: number
  lines: TraceLine[]
  total: number
  octets: number
  ended: TraceEnd | undefined
}

interface TracesDeps {
  clock: Clock
  log: Log
}

export function createTraces(deps: TracesDeps): Traces {
  return new RunningTraces(deps)
}

class RunningTraces implements Traces {
  // A plain member, so that a look at it runs no code.
  isOn = false
  readonly clock: Clock
  readonly #log: Log
  readonly #traces = new Map<string, Trace>()
  readonly #sessions = new Set<RecordedSession>()
  readonly #listeners: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  constructor({ clock, log }: TracesDeps) {
    this.clock = clock
    this.#log = log
  }

  begin(request: TraceRequest, by: Actor): TraceStatus {
    const { login, source, minutes = usualMinutes, mask = false, isKept = false } = request
    this.#sweep()
    if ((login === undefined) === (source === undefined)) throw failure('trace.of-whom')
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes)
      throw failure('trace.minutes', { most: mostMinutes })
    const address = source === undefined ? undefined : plainAddress(source)?.address
    if (source !== undefined && address === undefined)
      throw failure('trace.no-address', { text: printable(source) })
    if (this.#traces.size >= mostTraces) throw failure('trace.too-many', { most: mostTraces })
    const id = randomBytes(9).toString('base64url')
    const now = this.clock.monotonic()
    const name = login === undefined ? undefined : printable(login, 254)
    const status: TraceStatus = {
      id,
      ...(name !== undefined && { login: name }),
      ...(address !== undefined && { source: address }),
      endsAt: new Date(this.clock.now() + minutes * 60_000).toISOString(),
    }
    this.#traces.set(id, {
      ...{ id, status, isKept },
      login: login === undefined ? undefined : userNameKey(login),
      source: address,
      mask: mask ? new Mask() : undefined,
      endsAt: now + minutes * 60_000,
      readAt: now,
      first: 0,
      lines: [],
      total: 0,
      octets: 0,
      ended: undefined,
    })
    this.isOn = true
    this.#timer ??= setInterval(() => this.#sweep(), 5_000).unref()
    const whom = {
      ...(name !== undefined && { login: name }),
      ...(address !== undefined && { source: address }),
    }
    const fields = { event: 'trace.begun', ...whom, minutes, masked: mask, by: by.name }
    const from = actorFields(by).source
    this.#log.info({ ...fields, ...(from !== undefined && { askedFrom: from }) }, 'a trace was begun')
    for (const listener of this.#listeners) listener()
    for (const session of this.#sessions) session.look()
    return status
  }

  list(): TraceStatus[] {
    this.#sweep()
    return [...this.#traces.values()].map(({ status }) => status)
  }

  stop(id: string): void {
    const trace = this.#traces.get(id)
    if (trace) trace.ended ??= 'stopped'
    this.#sweep()
  }

  read(id: string, after: number): TracePage {
    this.#sweep()
    const trace = this.#traces.get(id)
    if (trace === undefined) throw failure('trace.unknown')
    trace.readAt = this.clock.monotonic()
    const read = Math.min(Math.max(after - trace.first, 0), trace.lines.length)
    trace.lines.splice(0, read)
    trace.first += read
    const next = trace.first + trace.lines.length
    return { lines: [...trace.lines], next, ...(trace.ended && { ended: trace.ended }) }
  }

  end(id: string): void {
    this.#traces.delete(id)
    this.#sweep()
  }

  close(): void {
    this.#traces.clear()
    this.#sweep()
  }

  session(client: TracedClient): SessionTrace {
    const session = new RecordedSession(this, client, this.#sessions.size < mostUnknown)
    this.#sessions.add(session)
    return session
  }

  opening(mailbox: Address): ProviderTap | undefined {
    const key = addressKey(mailbox)
    const waiting = [...this.#sessions].filter((session) => session.isWaitingFor(key))
    const taps = waiting.flatMap((session) => session.provider() ?? [])
    if (taps.length < 2) return taps[0]
    const each = (tell: (tap: ProviderTap) => void): void => {
      for (const tap of taps) tell(tap)
    }
    return {
      asked: (octets) => each((tap) => tap.asked(octets)),
      wrote: (octets) => each((tap) => tap.wrote(octets)),
      replied: (reply) => each((tap) => tap.replied(reply)),
      note: (text) => each((tap) => tap.note(text)),
    }
  }

  onBegin(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Those that a client from there, with these user names, belongs to. */
  fitting(address: string, names: ReadonlySet<string>): Trace[] {
    const fits = ({ login, source }: Trace) => (login === undefined ? source === address : names.has(login))
    return [...this.#traces.values()].filter((trace) => trace.ended === undefined && fits(trace))
  }

  /** Somebody is looked for by a user name. */
  looksForLogin(): boolean {
    for (const { login, ended } of this.#traces.values())
      if (login !== undefined && ended === undefined) return true
    return false
  }

  add(trace: Trace, line: TraceLine): void {
    if (this.clock.monotonic() >= trace.endsAt) this.#sweep()
    if (trace.ended !== undefined) return
    const text = trace.mask === undefined ? line.text : trace.mask.apply(line.text)
    trace.total += 1
    trace.octets += text.length
    if (trace.total > mostLines || trace.octets > mostOctets || trace.mask?.isFull) trace.ended = 'full'
    else trace.lines.push({ ...line, text })
  }

  forget(session: RecordedSession): void {
    this.#sessions.delete(session)
  }

  #sweep(): void {
    const now = this.clock.monotonic()
    for (const trace of this.#traces.values()) {
      if (now >= trace.endsAt) trace.ended ??= 'time'
      const until = trace.isKept ? trace.endsAt + keptMilliseconds : trace.readAt + unreadMilliseconds
      if (now >= until) this.#traces.delete(trace.id)
    }
    this.isOn = [...this.#traces.values()].some(({ ended }) => ended === undefined)
    if (!this.isOn) this.#sessions.clear()
    if (this.#traces.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

class RecordedSession implements SessionTrace {
  readonly #traces: RunningTraces
  readonly #client: TracedClient
  readonly #address: string
  readonly #mayHold: boolean
  readonly #names = new Set<string>()
  /** The same as they were written, for masks. */
  readonly #hidden: { name: string; kind: string }[] = []
  readonly #sinks = new Set<Trace>()
  /** What was said before it was known who it is. */
  readonly #held: TraceLine[] = []
  #waitsFor: readonly AddressKey[] = []
  #heardAt: number
  /** A line that is a response, or part of what was refused before, is none that can be shown. */
  #expects: 'command' | 'response' | 'refused-data' = 'command'

  constructor(traces: RunningTraces, client: TracedClient, mayHold: boolean) {
    this.#traces = traces
    this.#client = client
    this.#address = plainAddress(client.address.split('%', 1)[0] ?? '')?.address ?? client.address
    this.#mayHold = mayHold
    this.#heardAt = traces.clock.monotonic()
    this.#hide(client.hostname, 'host')
    this.look()
    this.note(`connected from ${this.#address}`)
  }

  get isWanted(): boolean {
    for (const { ended } of this.#sinks) if (ended === undefined) return true
    return this.#traces.looksForLogin()
  }

  heard(line: Buffer): void {
    this.#heardAt = this.#traces.clock.monotonic()
    if (this.#expects === 'response') {
      this.#add('C:', line.length === 0 ? empty : takenOut)
      return
    }
    const shown = shownCommand(line)
    const [verb = '', name = ''] = shown.split(' ')
    if (verb === 'EHLO' || verb === 'HELO') this.#hide(name, 'client')
    if (verb === 'RSET' || verb === 'EHLO' || verb === 'HELO') this.#expects = 'command'
    // A client that goes on after a refused DATA sends its message, whatever the lines look like.
    const isContent = this.#expects === 'refused-data' && verb !== 'QUIT' && verb !== 'MAIL'
    if (verb === 'MAIL') this.#expects = 'command'
    if (verb === 'DATA') this.#expects = 'refused-data'
    this.#add('C:', isContent ? takenOut : shown)
  }

  said(reply: Reply): void {
    if (reply.code === 334) this.#expects = 'response'
    else if (this.#expects === 'response' || reply.code === 354) this.#expects = 'command'
    this.#reply('S:', shownReply(reply), this.#heardAt)
  }

  note(text: string): void {
    this.#add('--', text)
  }

  signsIn(userName: string): void {
    this.#names.add(userNameKey(userName))
    this.#hide(userName, 'login')
    this.look()
  }

  message(octets: number): void {
    this.#heardAt = this.#traces.clock.monotonic()
    this.#add('C:', shownMessage(octets))
  }

  waitsFor(mailboxes: readonly AddressKey[]): void {
    this.#waitsFor = mailboxes
  }

  isWaitingFor(mailbox: AddressKey): boolean {
    return this.#waitsFor.includes(mailbox)
  }

  provider(): ProviderTap | undefined {
    if (!this.isWanted) return undefined
    return new RecordedProvider(this.#traces.clock, {
      say: (direction, text) => this.#add(direction, text),
      reply: (lines, since) => this.#reply('P<', lines, since),
    })
  }

  over(how: string): void {
    this.note(how)
    this.#traces.forget(this)
  }

  /** Finds the traces that this client belongs to, and gives them what was said before. */
  look(): void {
    for (const trace of this.#traces.fitting(this.#address, this.#names)) {
      if (this.#sinks.has(trace)) continue
      this.#sinks.add(trace)
      for (const { name, kind } of this.#hidden) trace.mask?.hide(name, kind)
      for (const line of this.#held) this.#traces.add(trace, line)
    }
    // Another trace may still be looking for it by a user name.
    if (!this.#traces.looksForLogin()) this.#held.length = 0
  }

  #hide(name: string, kind: string): void {
    if (this.#hidden.some((one) => one.name === name)) return
    // Whoever has had this many tells another one with each command.
    if (this.#hidden.length < mostHidden) this.#hidden.push({ name, kind })
    for (const { mask } of this.#sinks) mask?.hide(name, kind)
  }

  #reply(direction: Direction, lines: readonly string[], since: number): void {
    const milliseconds = Math.round(this.#traces.clock.monotonic() - since)
    for (const line of lines) this.#add(direction, line, milliseconds)
  }

  #add(direction: Direction, text: string, milliseconds?: number): void {
    const line: TraceLine = {
      at: new Date(this.#traces.clock.now()).toISOString(),
      session: this.#client.session,
      direction,
      text,
      ...(milliseconds !== undefined && { milliseconds }),
    }
    for (const trace of this.#sinks) this.#traces.add(trace, line)
    const holds = this.#mayHold && this.#held.length < mostHeldLines && this.#traces.looksForLogin()
    if (holds) this.#held.push(line)
  }
}

interface ProviderLines {
  say(direction: Direction, text: string): void
  reply(lines: readonly string[], since: number): void
}

/** One connection to a provider, as long as it is used for a client that is traced. */
class RecordedProvider implements ProviderTap {
  readonly #clock: Clock
  readonly #lines: ProviderLines
  readonly #secrets = new Set<string>()
  #askedAt: number
  #next: 'command' | 'message' | 'response' = 'command'
  #streamed = 0

  constructor(clock: Clock, lines: ProviderLines) {
    this.#clock = clock
    this.#lines = lines
    this.#askedAt = clock.monotonic()
  }

  asked(octets: Buffer | string): void {
    this.#askedAt = this.#clock.monotonic()
    const all = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
    if (this.#next === 'message') {
      this.#lines.say('P>', shownMessage(this.#streamed + all.length))
      this.#next = 'command'
      this.#streamed = 0
    } else if (this.#next === 'response') this.#response(all)
    else this.#commands(all)
  }

  wrote(octets: number): void {
    this.#streamed += octets
  }

  replied(reply: Reply): void {
    this.#lines.reply(shownReply(reply, this.#secrets), this.#askedAt)
    if (reply.code === 354) this.#next = 'message'
    else this.#next = reply.code === 334 ? 'response' : 'command'
  }

  note(text: string): void {
    this.#lines.say('--', text)
  }

  #response(octets: Buffer): void {
    this.#learn(octets.toString('latin1').trim())
    this.#lines.say('P>', octets.length === 2 ? empty : takenOut)
  }

  #commands(octets: Buffer): void {
    for (let at = 0; at < octets.length; ) {
      const end = octets.indexOf('\r\n', at)
      const line = octets.subarray(at, end === -1 ? octets.length : end)
      at = end === -1 ? octets.length : end + 2
      const shown = shownCommand(line)
      this.#lines.say('P>', shown)
      if (shown.startsWith('AUTH ')) this.#learn(line.toString('latin1').split(' ')[2] ?? '')
      // What stands behind it is the chunk, and no command, whatever it looks like.
      if (!shown.startsWith('BDAT ')) continue
      if (at < octets.length) this.#lines.say('P>', shownMessage(octets.length - at))
      return
    }
  }

  #learn(response: string): void {
    for (const secret of secretsIn(response)) this.#secrets.add(secret)
  }
}
