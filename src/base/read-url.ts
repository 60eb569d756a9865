/** Longer than any that browsers and servers let pass. */
const longest = 2_048

/**
 * A URL that somebody else wrote; undefined for anything else. What is longer than any real one is not read: a host name is brought into
 * a normal form, whose time grows with the square of the combining marks in it.
 */
export function readUrl(text: string): URL | undefined {
  return text.length <= longest && URL.canParse(text) ? new URL(text) : undefined
}
