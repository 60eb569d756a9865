/*
 * How postern is made a service of a system: as data, so that it can be shown before it is done, and examined on a system that has
 * nothing of the kind.
 */

export type Step =
  | { do: 'write'; path: string; text: string; encoding?: 'utf16le' }
  /** For postern alone. */
  | { do: 'make-folder'; path: string }
  | { do: 'remove-file'; path: string }
  /** `mayFail`: there may be nothing to be done. */
  | { do: 'run'; words: readonly [string, ...string[]]; mayFail?: boolean }
  /** The postern that runs is asked to end in good order, and waited for. */
  | { do: 'stop-postern' }

/** What is to become a service. */
export interface Place {
  /** What postern is begun by: a single file, or Node.js and its first file. */
  command: readonly [string, ...string[]]
  /** Where things of this system stand that differ from one machine, or user, to another. */
  environment: Readonly<Record<string, string | undefined>>
  /** Undefined on Windows. */
  user: number | undefined
}

export interface ServiceSystem {
  /** Where packages put theirs, which ours would hide: another program, run as another user. */
  packaged?: readonly string[]
  /** Whether a program is where a service of this kind cannot see it; not there where it sees all. */
  isHidden?(program: string): boolean
  /** What it is called that runs services there. */
  name: string
  install(place: Place): Step[]
  remove(place: Place): Step[]
  start(place: Place): Step[]
  stop(place: Place): Step[]
  /** Where it is kept what postern keeps. */
  dataDir(place: Place): string
  /** Where its log is read. */
  log(place: Place): string
}
