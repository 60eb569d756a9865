/**
 * A text in Unicode's form NFC, in time that grows with its length: `normalize` sorts each run of
 * combining marks by insertion, and 64 KiB of them cost it most of a second. No language has more
 * than a few on one letter, so a text with a longer run stays as it is (Unicode Standard Annex 15,
 * section 13, draws the line at 30): it is equal to itself only, and no name that is stored has
 * such a run.
 */
export function normalForm(text: string): string {
  if (isAscii(text) || hasEndlessMarks(text)) return text
  return text.normalize('NFC')
}

/** Nearly every name is ASCII, which is NFC already. */
function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant
  return /^[\x00-\x7f]*$/.test(text)
}

/** For texts that are the same whatever their case: NFC and lower case. */
export function withoutCase(text: string): string {
  return normalForm(text).toLowerCase()
}

/** Whether more marks stand behind one letter than any writing has. */
export function hasEndlessMarks(text: string): boolean {
  return /\p{M}{31}/u.test(text)
}

/**
 * The form in which user names are compared (RFC 8265, section 3.3: UsernameCaseMapped): wide and
 * narrow letters as the usual ones, small letters, NFC. People type `Till@Example.com` on one
 * device and `till@example.com` on the next, and mean the same login.
 */
export function userNameKey(userName: string): string {
  return normalForm(normalForm(userName.replace(wideOrNarrow, (one) => one.normalize('NFKC'))).toLowerCase())
}

/**
 * The one of these, all with the same key, that a name means: the one that is spelled so, or the
 * only one that there is.
 */
export function meantBy<Named extends { userName: string }>(
  alike: readonly Named[],
  userName: string,
): Named | undefined {
  const spelled = normalForm(userName)
  return alike.find((one) => one.userName === spelled) ?? (alike.length === 1 ? alike[0] : undefined)
}

// Halfwidth and Fullwidth Forms, which Unicode has for the sake of old character sets.
const wideOrNarrow = /[\uff01-\uffee]/g

/**
 * The one of `names` that a mistyped name most likely means, capitals or not; undefined when none
 * is near.
 */
export function closestName(mistyped: string, names: readonly string[]): string | undefined {
  const wanted = mistyped.toUpperCase()
  let best: string | undefined
  let least = Math.floor(wanted.length / 4) + 1
  for (const name of names) {
    const distance = editDistance(wanted, name.toUpperCase(), least)
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

/**
 * Letters to insert, delete, replace or swap with their neighbour; `limit` when there are at least
 * so many.
 */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      current[column] = Math.min(
        (last[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (last[column - 1] ?? limit) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? limit) + 1 : limit,
      )
    }
    beforeLast = last
    last = current
  }
  return Math.min(last[right.length] ?? limit, limit)
}

/**
 * A text without any of these characters at its end. In one pass from behind: `/[…]+$/` would begin
 * anew at each of them, wherever in the text it stands, and a line of blanks that ends in a letter
 * would cost the square of its length.
 */
export function withoutEnding(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** Longer than any that browsers and servers let pass. */
const longest = 2_048

/**
 * A URL from outside; undefined for anything else. What is longer than any real one is
 * not read: a host name is brought into a normal form, whose time grows with the square of the
 * combining marks in it.
 */
export function readUrl(text: string): URL | undefined {
  return text.length <= longest && URL.canParse(text) ? new URL(text) : undefined
}

/** Foreign text for an error message: cut, and without what could move a terminal's cursor. */
export function printable(text: string, limit = 100): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?')
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}

/**
 * A word as a POSIX shell takes it literally, or PowerShell on Windows: a printed command that is
 * copied runs nothing else.
 */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return powerShellWord(text)
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A comma makes a list there, and @ and % begin something else. */
function powerShellWord(text: string): string {
  return /^[\w+:.\\/-][\w@%+:.\\/-]*$/.test(text) ? text : powerShellString(text)
}

/** A string literal of PowerShell, which treats typographic single quotes as plain ones. */
export function powerShellString(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}

/** As Microsoft writes the ids of tenants, applications and secrets. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
