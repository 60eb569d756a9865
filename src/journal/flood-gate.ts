import type { NewEntry } from './entry-of.ts'
import { journalEvents } from './events.ts'

const windowMilliseconds = 60_000
const mostInWindow = 60

/** Lets the first entries of a minute through, and those after them as one that says how many they were. */
export interface FloodGate {
  /** Whether this one is kept by itself. */
  lets(entry: NewEntry): boolean
  /** What became of those that were not, when their minute is over. */
  held(now: number): NewEntry[]
}

/** So that nobody fills the disk with guesses. */
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
