/** English phrases, with `{1}` for the first value, and the same in another language. */
export type Dictionary = Readonly<Record<string, string>>

/** The key of a template in a dictionary: `{1}` stands for its first value. */
export function keyOf(strings: readonly string[]): string {
  return strings.reduce((key, text, index) => `${key}{${index}}${text}`)
}
