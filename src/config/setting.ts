/**
 * One setting: its name, how it is read, and the sentence that documents it. `.env.example`, `postern config`, and the
 * check for unknown names are all made from the same table of these.
 */
export interface Setting<T> {
  name: string
  /** As it would be written; absent: not set unless somebody sets it. */
  default?: string
  /** What a filled-in line looks like, for a setting without a default. */
  sample?: string
  /** One sentence, as it stands in `.env.example`. */
  sentence: string
  /** Also given as `…_FILE`; its value is never shown. */
  secret: boolean
  parse: Parse<T>
}

/** Reads a value. Relative paths count from the working directory. */
export type Parse<T> = (text: string, workingDirectory: string) => Parsed<T>

/** Either the value, or what it must be: the end of a sentence that begins "POSTERN_X is "…", but must ". */
export type Parsed<T> = { value: T } | { must: string }

export type ValueOf<S> = S extends Setting<infer T> ? T : never

/** A setting that always has a value. */
export function setting<T>(name: string, byDefault: string, parse: Parse<T>, sentence: string): Setting<T> {
  return { name, default: byDefault, sentence, secret: false, parse }
}

/** A setting that has a value only when somebody sets it. */
export function optional<T>(
  name: string,
  sample: string,
  parse: Parse<T>,
  sentence: string,
): Setting<T | undefined> {
  return { name, sample, sentence, secret: false, parse }
}

/** As `optional`, for a value that nobody may see. */
export function secret<T>(
  name: string,
  sample: string,
  parse: Parse<T>,
  sentence: string,
): Setting<T | undefined> {
  return { ...optional(name, sample, parse, sentence), secret: true }
}
