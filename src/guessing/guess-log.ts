import type { Log } from '../base/log.ts'

/** What is written about guessing: lines to build alerts and bans on, none of them more than once in a window. */
export interface GuessLog {
  /** A source is turned away from now on. */
  source(source: string, failures: number, forSeconds: number): void
  /** Many wrong passwords for one name, whether or not there is such a login. Names: as they may be shown. */
  name(name: string, source: string, failures: number): void
  /** Many from everywhere. `source`: of the last one. */
  spray(source: string, failures: number): void
  /** The same wrong secret over and over: a device that nobody told of the new one. */
  repeated(source: string, name: string, failures: number): void
}

export function createGuessLog(log: Log): GuessLog {
  return {
    source(source, failures, forSeconds) {
      const fields = { event: 'guessing.source', source, failures, forSeconds }
      log.warn(fields, 'A source guesses passwords, keys or links: it is turned away')
    },
    name(name, source, failures) {
      const fields = { event: 'guessing.name', name, source, failures }
      log.warn(fields, 'Somebody guesses the password of a user name: sources that it is not known from wait')
    },
    spray(source, failures) {
      const fields = { event: 'guessing.spray', source, failures }
      log.error(fields, 'Passwords are guessed from everywhere: sources that a login is not known from wait')
    },
    repeated(source, name, failures) {
      const fields = { event: 'guessing.repeated', source, name, failures }
      log.warn(fields, 'The same wrong secret comes again and again: a device or script has an old one')
    },
  }
}
