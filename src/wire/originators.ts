/** Whom a message says it is from: its originator fields, and those of whoever sent it on (RFC 5322, sections 3.6.2 and 3.6.6). */
export interface Originators {
  /** Of `From:`. */
  from: readonly string[]
  /** Of `Sender:`. */
  sender: readonly string[]
  /** Of `Resent-From:` and `Resent-Sender:`. */
  resent: readonly string[]
}

/** Read from the beginning of a message as far as that can be read: nothing is decided by it but whom something is told of, and what waits. */
export function originatorsOf(octets: Buffer): Originators {
  const lines = headerOf(octets)
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
  const of = (field: RegExp) =>
    lines
      .filter((line) => field.test(line))
      .flatMap((line) => addressesOf(line.slice(line.indexOf(':') + 1)))
      .slice(0, mostAddresses)
  return {
    from: of(/^from[ \t]{0,8}:/i),
    sender: of(/^sender[ \t]{0,8}:/i),
    resent: of(/^resent-(from|sender)[ \t]{0,8}:/i),
  }
}

const mostAddresses = 10
/** RFC 5321, section 4.5.3.1.3, and some more. */
const mostCharacters = 320

function headerOf(octets: Buffer): string {
  // Without a header it begins with the empty line.
  if (octets[0] === 0x0d) return ''
  const end = octets.indexOf('\r\n\r\n')
  return octets.toString('utf8', 0, end === -1 ? octets.length : end)
}

/** `Name <address>` and bare addresses, in a list or in groups. */
function addressesOf(value: string): string[] {
  return withoutWordsForPeople(value)
    .split(/[,:;]/)
    .map(betweenBrackets)
    .filter((text) => text.indexOf('@') > 0 && text.length <= mostCharacters && !/\s/.test(text))
}

function betweenBrackets(text: string): string {
  const start = text.lastIndexOf('<')
  if (start === -1) return text.trim()
  const end = text.indexOf('>', start)
  return text.slice(start + 1, end === -1 ? text.length : end).trim()
}

/** Without quoted strings and comments, whose commas and brackets mean nothing. */
function withoutWordsForPeople(value: string): string {
  let kept = ''
  let comments = 0
  let quoted = false
  for (let at = 0; at < value.length; at++) {
    const character = value[at] as string
    const forPeople = quoted || comments > 0
    if (forPeople && character === '\\') at++
    else if (character === '"' && comments === 0) quoted = !quoted
    else if (character === '(' && !quoted) comments++
    else if (character === ')' && comments > 0) comments--
    else if (!forPeople) kept += character
  }
  return kept
}
