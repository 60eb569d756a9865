/**
 * A text in Unicode's form NFC, in time that grows with its length: `normalize` sorts each run of combining marks by insertion, and 64 KiB of
 * them cost it most of a second. No language has more than a few on one letter, so a text with a longer run stays as it is (Unicode Standard Annex 15, section 13,
 * draws the line at 30): it is equal to itself only, and no name that is stored has such a run.
 */
export function normalForm(text: string): string {
  if (isAscii(text) || hasEndlessMarks(text)) return text
  return text.normalize('NFC')
}

/** Nearly every name is, and has no other form. */
function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant
  return /^[\x00-\x7f]*$/.test(text)
}

/** Whether more marks stand behind one letter than any writing has. */
export function hasEndlessMarks(text: string): boolean {
  return /\p{M}{31}/u.test(text)
}
