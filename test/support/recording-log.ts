import type { Log } from '../../src/base/log.ts'

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  fields: object
  message: string
}

/** A log that keeps its lines. */
export function createRecordingLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields, message })
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), lines }
  return { ...log, child: () => ({ ...log, child: () => createRecordingLog() }) }
}
