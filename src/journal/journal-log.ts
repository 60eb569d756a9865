import type { Log } from '../base/log.ts'

type Fields = Readonly<Record<string, unknown>>

/** A log that hands everything on, and those lines that tell of an event to `keep` as well. What is only for whoever debugs is no event. */
export function createJournalLog(log: Log, keep: (fields: Fields) => void, around: Fields = {}): Log {
  const isRoot = Object.keys(around).length === 0
  const note = (fields: object) => {
    if ('event' in fields) keep(isRoot ? (fields as Fields) : { ...around, ...fields })
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
