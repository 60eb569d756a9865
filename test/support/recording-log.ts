import type { Log } from '../../src/base/log.ts'

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  fields: object
  message: string
}

/** A log that keeps its lines, those of its children among them. */
export function createRecordingLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const about = (shared: object): Log => {
    const at = (level: LogLine['level']) => (fields: object, message: string) =>
      void lines.push({ level, fields: { ...shared, ...fields }, message })
    const child = (fields: object) => about({ ...shared, ...fields })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child }
  }
  return { ...about({}), lines }
}
