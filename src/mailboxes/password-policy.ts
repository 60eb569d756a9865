import { Failure } from '../base/failure.ts'
import { commonPasswords } from './common-passwords.ts'

const least = 10
/** Longest password in octets of UTF-8. Longer ones are refused before any of them is hashed. */
export const passwordOctets = 256
const distinctAtLeast = 5
const digitsOnlyAtLeast = 16

/**
 * A password as it is hashed and compared (RFC 8265, section 4.2: OpaqueString): NFC, every kind of space as U+0020.
 * Undefined when it is empty, over 256 octets, or holds control characters: no login has such a password.
 */
export function preparePassword(text: string): string | undefined {
  if (text === '' || Buffer.byteLength(text) > passwordOctets) return undefined
  const prepared = text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  return /\p{Cc}/u.test(prepared) || Buffer.byteLength(prepared) > passwordOctets ? undefined : prepared
}

/**
 * Checks a password that a person chose and prepares it. `names` are the user name and the mailbox addresses.
 * There are no rules of composition (NIST SP 800-63B-4, section 3.1.1.2): only length, and not to be the first guess.
 * @throws Failure `invalid` that says exactly why, and never repeats the password
 */
export function checkChosenPassword(text: string, names: readonly string[]): string {
  const prepared = preparePassword(text)
  if (prepared === undefined) {
    throw refused(
      `it must have ${least} characters to ${passwordOctets} octets, none of them a control character`,
    )
  }
  const reason = weakness(prepared, names)
  if (reason !== undefined) throw refused(reason)
  return prepared
}

function weakness(password: string, names: readonly string[]): string | undefined {
  const folded = password.toLowerCase()
  const length = [...password].length
  if (length < least) return `it has ${length} characters, and ${least} are the least`
  const contained = namesWithin(folded, names)
  if (contained !== undefined)
    return `it contains "${contained}", which belongs to the user name or the mailbox`
  const distinct = new Set(folded).size
  if (distinct < distinctAtLeast) return `it is made of only ${distinct} different characters`
  if (isRepeat(folded)) return 'it repeats one piece over and over'
  if (isRun(folded) || isRun(core(folded))) return 'it is a run of neighbouring letters, digits or keys'
  if (/^\d+$/.test(folded) && length < digitsOnlyAtLeast) {
    return `it is a number of fewer than ${digitsOnlyAtLeast} digits, as dates and telephone numbers are`
  }
  if (isCommon(folded)) return 'it is made of words that everybody tries first'
  return undefined
}

// Two letters are found in every good password, so shorter names do not count.
function namesWithin(folded: string, names: readonly string[]): string | undefined {
  return names
    .flatMap((name) => [name, name.split('@')[0] ?? ''])
    .map((name) => name.normalize('NFC').toLowerCase())
    .find((name) => name.length >= 3 && folded.includes(name))
}

function isRepeat(text: string): boolean {
  const [whole, piece = ''] = /^(.+?)\1+/su.exec(text) ?? []
  // What follows the repetition may be the beginning of the piece once more: `abcdeabcdeab`.
  return whole !== undefined && piece.startsWith(text.slice(whole.length))
}

const keyRows = [
  '1234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  '1234567890qwertzuiopasdfghjklyxcvbnm',
  '1234567890azertyuiopqsdfghjklmwxcvbn',
]

/** True when every character is the neighbour of the one before it, always in the same direction. */
function isRun(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  if (points.length < 4) return false
  const stepsBy = (step: number) =>
    points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step)
  const backwards = points
    .map((point) => String.fromCodePoint(point))
    .reverse()
    .join('')
  const alongKeys = keyRows.some((row) => (row + row).includes(text) || (row + row).includes(backwards))
  return stepsBy(1) || stepsBy(-1) || alongKeys
}

/** Without the digits and signs that decorate both ends. */
function core(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
}

const disguises: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

function isCommon(folded: string): boolean {
  const undisguised = folded.replace(/[013457@$!]/g, (sign) => disguises[sign] ?? sign)
  // Decoration first, disguise second: `p4ssw0rd2024!` is `password` with a year behind it.
  const coreUndisguised = core(folded).replace(/[013457@$!]/g, (sign) => disguises[sign] ?? sign)
  return [folded, core(folded), undisguised, coreUndisguised].some((text) => isJoined(text, 3))
}

/** True when `text` is one of the common words, or up to `words` of them with nothing but signs and digits between. */
function isJoined(text: string, words: number): boolean {
  if (words === 0) return false
  for (let end = text.length; end >= 2; end -= 1) {
    if (!commonPasswords.has(text.slice(0, end))) continue
    const rest = text.slice(end).replace(/^[^\p{L}]+/u, '')
    if (rest === '' || isJoined(rest, words - 1)) return true
  }
  return false
}

function refused(reason: string): Failure {
  return new Failure('invalid', `This password is refused: ${reason}`, {
    fix: 'Choose a longer one, such as four unrelated words, or let postern generate it.',
  })
}
