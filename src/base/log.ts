/**
 * What every part may do with the log. pino satisfies it; only `main.ts` knows that it is pino.
 */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  /** `event`: whoever is to be told of it finds it by that. */
  warn(fields: WithEvent, message: string): void
  error(fields: WithEvent, message: string): void
  child(fields: object): Log
}

/** A line by whose `event` it is found. */
export type WithEvent = Readonly<Record<string | symbol, unknown>> & { readonly event: string }

/** From which level on lines are written. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a line says beside its message. Those about something that is kept or counted have an `event`. */
export type LineFields = Readonly<Record<string | symbol, unknown>>

/**
 * The recipients of a message beside a line about it, for the journal alone, which keeps of them what
 * the settings allow. A log writes no member whose name is a symbol.
 */
export const recipientsBeside = Symbol('recipients')

/** The failure that a line tells of, beside it, for who follows the lines. */
export const causeBeside = Symbol('cause')

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}

/** Who asked for a change, as the journal shows it later. */
export interface Actor {
  /** `administrator`, `API key NAME`, ... */
  name: string
  /** The address that it came from; absent: this machine, without a connection. */
  source?: string
}

/** The fields of a log line that name the actor. */
export function actorFields(by: Actor | undefined): { by?: string; source?: string } {
  if (by === undefined) return {}
  return { by: by.name, ...(by.source !== undefined && { source: by.source }) }
}
