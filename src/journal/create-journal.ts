import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { asFailure } from '../base/failure.ts'
import type { LineFields, Log } from '../base/log.ts'
import type { KeptRecipients } from '../model/journal.ts'
import type { JournalStore } from '../store/ports.ts'
import {
  createEntryIds,
  createEntryWriter,
  createFloodGate,
  createSweeping,
  entryOf,
  type NewEntry,
  outcomeOf,
} from './entries.ts'
import type { JournalReader } from './journal.ts'
import { createJournalReader } from './journal-reader.ts'

export interface Journal {
  /** Hands everything on to the log that was given, and keeps what belongs into the journal. */
  log: Log
  reader: JournalReader
  /** From now on each line with an event is shown to `see` as well, kept in the journal or not. */
  watch(see: (fields: LineFields) => void): void
  /** Writes what waits. */
  close(): Promise<void>
}

interface JournalDeps {
  store: JournalStore
  clock: Clock
  log: Log
  /** How long entries are kept; asked anew each time. */
  readonly days: number
  /** Which recipients of messages; asked anew for each line. */
  readonly recipients: KeptRecipients
  /** Whether this process sweeps it, where there are several. @throws Failure */
  isMine?: () => Promise<boolean>
}

/**
 * Programs sign in for each message: the same one from the same place is noted again after so long.
 */
const sameSignInMilliseconds = 3_600_000

/**
 * The journal: written by every line of the log that has a known event, read by pages, API and
 * command.
 */
export function createJournal(deps: JournalDeps): Journal {
  const { store, clock, log } = deps
  const idOf = createEntryIds()
  const gate = createFloodGate()
  const sweeping = createSweeping(deps)
  // Not with an entry: a message would come upon it.
  const writer = createEntryWriter(store, log, () => sweeping.look())
  const signIns = new LRUCache<string, number>({ max: 10_000 })
  let watcher: ((fields: LineFields) => void) | undefined

  function isRepeated({ event, login, source, at }: NewEntry): boolean {
    if (event !== 'sign-in.done') return false
    const key = `${login} ${source}`
    const last = signIns.get(key)
    if (last !== undefined && at - last < sameSignInMilliseconds && at >= last) return true
    signIns.set(key, at)
    return false
  }

  function write(entry: NewEntry): void {
    writer.add(Object.assign(entry, { id: idOf(entry.at) }))
  }

  function keep(fields: LineFields): void {
    watcher?.(fields)
    const now = clock.now()
    for (const held of gate.held(now)) write(held)
    const outcome = outcomeOf(fields, now, deps.recipients)
    if (outcome) writer.note(outcome)
    const entry = entryOf(fields, now, deps.recipients)
    if (!entry || isRepeated(entry) || !gate.lets(entry)) return
    write(entry)
    // Who changed something, and what came of a consent, is not to be lost with the machine.
    if (entry.kind === 'change' || entry.kind === 'consent') void writer.flush()
  }

  async function flush(): Promise<void> {
    for (const held of gate.held(clock.now())) write(held)
    await writer.flush()
  }

  async function written(): Promise<void> {
    await flush()
    const { trouble } = writer
    if (trouble !== undefined) throw asFailure(trouble)
  }

  return {
    log: createJournalLog(log, keep),
    reader: createJournalReader({ store, clock, flush, written }),
    watch(see) {
      watcher = see
    },
    async close() {
      for (const held of gate.held(Number.POSITIVE_INFINITY)) write({ ...held, at: clock.now() })
      await writer.close()
      await sweeping.close()
    },
  }
}

/**
 * A log that hands everything on, and the lines with an event to `keep` as well. Lines
 * for debugging are no events.
 */
function createJournalLog(log: Log, keep: (fields: LineFields) => void, around: LineFields = {}): Log {
  const isRoot = Object.keys(around).length === 0
  const note = (fields: object) => {
    if ('event' in fields) keep(isRoot ? (fields as LineFields) : { ...around, ...fields })
  }
  return {
    debug: (fields, message) => log.debug(fields, message),
    info(fields, message) {
      log.info(fields, message)
      note(fields)
    },
    warn(fields, message) {
      log.warn(fields, message)
      note(fields)
    },
    error(fields, message) {
      log.error(fields, message)
      note(fields)
    },
    child: (fields) => createJournalLog(log.child(fields), keep, { ...around, ...fields }),
  }
}
