import { randomBytes } from 'node:crypto'
import { type Clock, createPacedForgetting } from '../base/clock.ts'
import { asFailure, byId, type Failure, type FailureCode } from '../base/failure.ts'
import { causeBeside, type LineFields, type Log, recipientsBeside } from '../base/log.ts'
import { printable } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import type { JournalDetail, JournalEntry, JournalRecipient, KeptRecipients } from '../model/journal.ts'
import type { MailboxOutcome, OutcomeReason } from '../model/mailbox-outcome.ts'
import type { JournalStore } from '../store/ports.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { journalEvents } from './events.ts'

/*
 * Journal entries before they are written: made of a line of the log, numbered, and held back where
 * they come as a flood.
 */

/** An entry before it has its id. */
export type NewEntry = Omit<JournalEntry, 'id'>

type Mutable = { -readonly [Name in keyof NewEntry]: NewEntry[Name] } & {
  details: Record<string, JournalDetail>
}

/**
 * What is to be kept of a line of the log; undefined: nothing. Put together field by field: each
 * message comes through here, and objects that are spread and filtered cost several times as much.
 */
export function entryOf(fields: LineFields, at: number, kept: KeptRecipients): NewEntry | undefined {
  const { event } = fields
  if (typeof event !== 'string' || !Object.hasOwn(journalEvents, event)) return undefined
  const { kind, outcome } = journalEvents[event] as (typeof journalEvents)[string]
  const entry: Mutable = { at, kind, event, outcome, details: {} }
  for (const name of Object.keys(fields)) setField(entry, name, fields[name])
  keepRecipients(entry, fields, kept)
  return entry
}

/** What stands beside the line about a message. */
interface BesideMessage {
  asked: readonly { recipient: string }[]
  /** To the first of them. */
  replies: readonly Reply[]
}

/** Of one entry: a message to thousands must not make a row that nobody can read. */
const mostRecipients = 100

/** What may be known of the recipients of a message, or of a test message, which names its one in the line. */
function keepRecipients(entry: Mutable, fields: LineFields, kept: KeptRecipients): void {
  const beside = fields[recipientsBeside] as BesideMessage | undefined
  const named = fields.recipients
  const isSent = entry.outcome === 'done'
  if (Array.isArray(named)) {
    entry.details.recipients = isSent ? named.length : 0
    const all = named.filter(isText).map((address): JournalRecipient => ({ address }))
    setRecipients(entry, isSent && kept === 'refused' ? [] : all, kept)
  } else if (beside !== undefined) {
    const refused: JournalRecipient[] = []
    const others: JournalRecipient[] = []
    const namesOthers = kept !== 'refused' || !isSent
    for (const [index, { recipient }] of beside.asked.entries()) {
      const reply = beside.replies[index]
      if (reply !== undefined && !isPositive(reply)) refused.push(refusedRecipient(recipient, reply))
      else if (namesOthers) others.push({ address: recipient })
    }
    if (refused.length > 0) entry.details.refusedRecipients = refused.length
    setRecipients(entry, [...refused, ...others], kept)
  }
  if (kept === 'domains' || kept === 'no') hideAddresses(entry, kept)
}

function refusedRecipient(address: string, { code, lines }: Reply): JournalRecipient {
  return { address, code, reply: printable(lines.join(' '), 200) }
}

function setRecipients(entry: Mutable, all: readonly JournalRecipient[], kept: KeptRecipients): void {
  if (all.length === 0 || kept === 'no') return
  const shown = all.slice(0, mostRecipients)
  entry.recipients = shown.map(({ address, ...said }) => ({
    address: printable(kept === 'domains' ? domainOf(address) : address, 254),
    ...said,
  }))
  if (all.length > shown.length) entry.details.moreRecipients = all.length - shown.length
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

const anAddress = /[^\s<>()[\]"',;:=]+@([^\s<>()[\]"',;:]+)/g

function withoutAddresses(text: string, own: readonly unknown[], kept: 'domains' | 'no'): string {
  return text.replace(anAddress, (address, domain) =>
    own.includes(address) ? address : kept === 'domains' ? `…@${domain}` : '…',
  )
}

/** Providers repeat in their replies whom they refuse. */
function hideAddresses(entry: Mutable, kept: 'domains' | 'no'): void {
  const own = [entry.mailbox, entry.details.sender, entry.details.givenSender]
  const hide = (text: string) => withoutAddresses(text, own, kept)
  if (entry.kind !== 'send' && entry.event !== 'command.refused') return
  for (const name of ['reply', 'said', 'detail', 'command'])
    if (isText(entry.details[name])) entry.details[name] = hide(entry.details[name])
  if (entry.recipients)
    entry.recipients = entry.recipients.map(({ reply, ...one }) =>
      reply === undefined ? one : { ...one, reply: hide(reply) },
    )
}

function setField(entry: Mutable, name: string, value: unknown): void {
  switch (name) {
    case 'event':
      return
    case 'mailbox':
      // Nothing else than addresses is logged by this name.
      if (isText(value)) entry.mailbox = value as Address
      return
    case 'by':
      if (isText(value)) entry.by = value
      return
    // Lines about a login itself name it by its id as well.
    case 'userName':
      if (isText(value)) entry.login = value
      return
    case 'login':
      if (isText(value)) entry.login ??= value
      return
    case 'source':
      if (isText(value)) entry.source = value
      return
    case 'milliseconds':
      if (typeof value === 'number') entry.milliseconds = value
      return
    case 'recipients':
      if (typeof value === 'number') entry.details.recipients = value
      return
    case 'mailboxes':
      if (!isDetail(value)) return
      entry.details.mailboxes = value
      // Of the login that an entry is about: mostly it has one.
      if (Array.isArray(value) && value.length === 1) entry.mailbox ??= value[0]
      return
    default:
      if (isDetail(value)) entry.details[name] = value
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isDetail(value: unknown): value is JournalDetail {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Failures that any message from the mailbox would meet; others are the client's, or ours. */
const ofTheMailbox: readonly FailureCode[] = [
  'consent-needed',
  'provider-setup',
  'provider-unavailable',
  'outcome-unknown',
]

const triedIn: Readonly<Record<string, MailboxOutcome['tried']>> = {
  'message.sent': 'message',
  'message.refused': 'message',
  'message.failed': 'message',
  'test-message.sent': 'test',
  'test-message.failed': 'test',
  'sign-in.refused': 'sign-in',
  'mailbox.let-in': 'sign-in',
  'mailbox.not-let-in': 'sign-in',
}

/** What a line says of whether its mailbox can send; undefined: nothing. */
export function outcomeOf(fields: LineFields, at: number, kept: KeptRecipients): MailboxOutcome | undefined {
  const { event, mailboxes, login } = fields
  const tried = typeof event === 'string' ? triedIn[event] : undefined
  // A sign-in that the provider refused is of a login that has one mailbox.
  const mailbox =
    fields.mailbox ?? (Array.isArray(mailboxes) && mailboxes.length === 1 ? mailboxes[0] : undefined)
  if (tried === undefined || !isText(mailbox)) return undefined
  const about = { mailbox: mailbox as Address, at, tried, ...(isText(login) && { login }) }
  const hidden = (why: OutcomeReason) =>
    kept === 'domains' || kept === 'no' ? withoutRecipients(why, mailbox, kept) : why
  if (event === 'message.refused') return { ...about, outcome: 'refused', why: hidden(saidOf(fields)) }
  if (event === 'message.sent' || event === 'test-message.sent' || event === 'mailbox.let-in')
    return { ...about, outcome: 'done' }
  const cause = fields[causeBeside]
  if (cause === undefined) return undefined
  const failure = asFailure(cause)
  if (!ofTheMailbox.includes(failure.code)) return undefined
  // A test may have been for somebody who does not exist.
  const outcome = failure.id === 'upstream.test-recipient-refused' ? 'refused' : 'failed'
  return { ...about, outcome, why: hidden(reasonOf(failure)) }
}

function saidOf({ reply, code }: LineFields): OutcomeReason {
  return isText(reply) ? { said: `${code} ${reply}` } : {}
}

/** Values of a failure may be addresses, too; without them it is said in English. */
function withoutRecipients(
  { failure: _, ...why }: OutcomeReason,
  mailbox: string,
  kept: 'domains' | 'no',
): OutcomeReason {
  const texts = Object.entries(why).map(([name, text]) => [name, withoutAddresses(text, [mailbox], kept)])
  return Object.fromEntries(texts)
}

const longest = 500

function reasonOf(failure: Failure): OutcomeReason {
  const { code, message, fix, said } = failure
  return {
    code,
    message: printable(message, longest),
    ...(fix !== undefined && { fix: printable(fix, longest) }),
    failure: byId(failure),
    ...(said !== undefined && { said: printable(said, longest) }),
  }
}

/**
 * Ids that sort as things happened, also when the clock is set back or two happen at once: twelve
 * hexadecimal digits of milliseconds, four of a count, eight that no other process has.
 */
export function createEntryIds(): (at: number) => string {
  const own = randomBytes(4).toString('hex')
  let last = { at: 0, count: 0 }
  return (at) => {
    last = at > last.at ? { at, count: 0 } : { at: last.at, count: last.count + 1 }
    // After 65,536 of one millisecond the next one has begun.
    if (last.count > 0xffff) last = { at: last.at + 1, count: 0 }
    return `${hex(last.at, 12)}${hex(last.count, 4)}${own}`
  }
}

/** No entry of this moment or a later one has an earlier id. */
export function firstIdAt(at: number): string {
  const most = 2 ** 48 - 1
  return `${hex(Math.min(Math.max(Math.floor(at), 0), most), 12)}${'0'.repeat(12)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

const windowMilliseconds = 60_000
const mostInWindow = 60

/**
 * Lets the first entries of a minute through, and those after them as one that says how many they
 * were.
 */
interface FloodGate {
  /** Whether this one is kept by itself. */
  lets(entry: NewEntry): boolean
  /** What became of those that were not, when their minute is over. */
  held(now: number): NewEntry[]
}

/** Keeps guessers from filling the disk. */
export function createFloodGate(): FloodGate {
  const windows = new Map<string, { since: number; kept: number; more: number; last: NewEntry }>()

  return {
    lets(entry) {
      if (journalEvents[entry.event]?.floods !== true) return true
      const window = windows.get(entry.event)
      if (!window) {
        windows.set(entry.event, { since: entry.at, kept: 1, more: 0, last: entry })
        return true
      }
      window.last = entry
      if (window.kept < mostInWindow) window.kept += 1
      else window.more += 1
      return window.more === 0
    },
    held(now) {
      if (windows.size === 0) return []
      const over = [...windows].filter(([, { since }]) => now - since >= windowMilliseconds || now < since)
      for (const [event] of over) windows.delete(event)
      return over.flatMap(([, { more, last }]) => (more === 0 ? [] : [together(last, more, now)]))
    },
  }
}

function together({ kind, event, outcome }: NewEntry, more: number, at: number): NewEntry {
  return { at, kind, event, outcome, details: { more } }
}

const laterMilliseconds = 1000
/** So many are written without waiting for more. */
const enough = 500
/** A store that is down keeps no more than this waiting. */
const most = 10_000

/** Writes entries soon, many in one transaction, and never holds up what they are about. */
interface EntryWriter {
  /** Why the last write failed; undefined: it did not. */
  readonly trouble: unknown
  add(entry: JournalEntry): void
  /** What is known of a mailbox from now on; the last counts. */
  note(outcome: MailboxOutcome): void
  /** What waits, now. Never rejects: what could not be written is tried again with the next. */
  flush(): Promise<void>
  /** Writes what waits. */
  close(): Promise<void>
}

/** @param written called when entries were written */
export function createEntryWriter(
  store: Pick<JournalStore, 'add'>,
  log: Log,
  written: () => void,
): EntryWriter {
  return new StoringWriter(store, log, written)
}

class StoringWriter implements EntryWriter {
  readonly #store: Pick<JournalStore, 'add'>
  readonly #log: Log
  readonly #written: () => void
  #waiting: JournalEntry[] = []
  #outcomes: MailboxOutcome[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  trouble: unknown

  constructor(store: Pick<JournalStore, 'add'>, log: Log, written: () => void) {
    this.#store = store
    this.#log = log
    this.#written = written
  }

  add(entry: JournalEntry): void {
    this.#waiting.push(entry)
    if (this.#waiting.length > most) this.#makeRoom()
    if (this.#waiting.length === enough) void this.flush()
    else this.#later()
  }

  note(outcome: MailboxOutcome): void {
    if (this.#outcomes.length < most) this.#outcomes.push(outcome)
    else this.#outcomes = [...this.#outcomes.slice(most / 2), outcome]
    this.#later()
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  close(): Promise<void> {
    return this.flush()
  }

  #later(): void {
    this.#timer ??= setTimeout(() => void this.flush(), laterMilliseconds).unref()
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0 && this.#outcomes.length === 0) return
    const [entries, outcomes] = [this.#waiting, this.#outcomes]
    this.#waiting = []
    this.#outcomes = []
    try {
      await this.#store.add(entries, outcomes)
      if (this.trouble !== undefined)
        this.#log.info(
          { event: 'journal.written-again', dropped: this.#dropped },
          'The journal is written again',
        )
      this.trouble = undefined
      this.#dropped = 0
      this.#written()
    } catch (error) {
      if (this.trouble === undefined)
        this.#log.error(
          { event: 'journal.unwritten', err: error },
          'The journal cannot be written: it is tried again',
        )
      this.trouble = error
      this.#waiting = [...entries, ...this.#waiting]
      this.#outcomes = [...outcomes, ...this.#outcomes].slice(-most)
      this.#makeRoom()
      this.#later()
    }
  }

  /** Drops the oldest: recent entries are the ones that people look for. */
  #makeRoom(): void {
    const over = this.#waiting.length - most
    if (over <= 0) return
    this.#waiting = this.#waiting.slice(over)
    this.#dropped += over
  }
}

const day = 86_400_000
const betweenMilliseconds = 3_600_000
/** A long deletion would keep everybody else from the store. */
const atOnce = 2_000

interface Sweeping {
  /** Sweeps if it is time to. */
  look(): void
  close(): Promise<void>
}

/**
 * Forgets what is older than it is kept, once an hour while something happens, a little at a time.
 */
export function createSweeping(deps: {
  store: Pick<JournalStore, 'sweep' | 'oldest'>
  clock: Clock
  log: Log
  /** Asked anew each time. */
  readonly days: number
  /** Several processes would forget several times as fast. @throws Failure */
  isMine?: () => Promise<boolean>
}): Sweeping {
  const { store, clock, log } = deps
  let last = Number.NEGATIVE_INFINITY
  let running: Promise<void> = Promise.resolve()
  let closed = false
  let isHeldBack = false
  const paced = createPacedForgetting(day, clock)

  async function sweep(): Promise<void> {
    try {
      if (deps.isMine && !(await deps.isMine())) return
      const oldest = await store.oldest()
      if (oldest === undefined) return
      const wanted = clock.now() - deps.days * day
      const before = paced(wanted, oldest)
      let swept = 0
      let gone: number
      do {
        gone = await store.sweep(before, atOnce)
        swept += gone
        // Let others have the store in between.
        await new Promise((resolve) => setImmediate(resolve))
      } while (gone === atOnce && !closed)
      tell(swept, before, wanted)
    } catch (error) {
      log.warn({ event: 'journal.unswept', err: error }, 'The journal could not be swept')
    }
  }

  function tell(entries: number, before: number, wanted: number): void {
    const until = new Date(before).toISOString()
    if (entries > 0)
      log.info({ event: 'journal.swept', entries, until }, 'Old entries of the journal are removed')
    if (wanted - before > day && !isHeldBack)
      log.warn(
        { event: 'journal.sweep-held-back', until, days: deps.days },
        'By the clock of this machine much of the journal is too old: it is removed little by little, in case the clock is wrong',
      )
    isHeldBack = wanted - before > day
  }

  return {
    look() {
      if (clock.monotonic() - last < betweenMilliseconds) return
      last = clock.monotonic()
      running = running.then(sweep)
    },
    close() {
      closed = true
      return running
    },
  }
}
