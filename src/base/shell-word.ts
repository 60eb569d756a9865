/** A word as a POSIX shell takes it literally: whoever copies a command that we print runs nothing else with it. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
