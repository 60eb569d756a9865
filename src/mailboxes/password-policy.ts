import { Failure } from '../base/failure.ts'
import { normalForm } from '../base/text.ts'
import { isGuessable } from './guessable.ts'
import { isRun } from './key-runs.ts'

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
  const prepared = normalForm(text.replace(/\p{Zs}/gu, ' '))
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
  if ([...folded.replace(/\d/g, '')].length <= 3 && length < digitsOnlyAtLeast) {
    return `it is hardly more than a number, and such a password needs ${digitsOnlyAtLeast} characters`
  }
  if (isGuessable(folded, wordsOf(names))) {
    return 'it is no more than three words or runs of keys that everybody tries first, with digits and signs'
  }
  return undefined
}

/** The words that names and addresses are made of, the labels of the domain among them. */
function wordsOf(names: readonly string[]): string[] {
  return names
    .flatMap((name) =>
      normalForm(name)
        .toLowerCase()
        .split(/[^\p{L}]+/u),
    )
    .filter(isLongEnough)
}

// Two letters are found in every good password, so shorter names do not count.
function isLongEnough(name: string): boolean {
  return name.length >= 3
}

function namesWithin(folded: string, names: readonly string[]): string | undefined {
  return names
    .flatMap((name) => [name, name.split('@')[0] ?? ''])
    .map((name) => normalForm(name).toLowerCase())
    .find((name) => isLongEnough(name) && folded.includes(name))
}

function isRepeat(text: string): boolean {
  const [whole, piece = ''] = /^(.+?)\1+/su.exec(text) ?? []
  // What follows the repetition may be the beginning of the piece once more: `abcdeabcdeab`.
  return whole !== undefined && piece.startsWith(text.slice(whole.length))
}

/** Without the digits and signs that decorate both ends. */
function core(text: string): string {
  const letters = [...text.matchAll(/\p{L}+/gu)]
  const [first, last] = [letters[0], letters.at(-1)]
  return first && last ? text.slice(first.index, last.index + last[0].length) : ''
}

function refused(reason: string): Failure {
  return new Failure('invalid', `This password is refused: ${reason}`, {
    fix: 'Choose a longer one, such as four unrelated words, or let postern generate it.',
  })
}
