import { Failure } from '../base/failure.ts'
import { normalForm } from '../base/text.ts'
import { commonPasswords, commonWords, joiningWords } from './common-words.ts'

const least = 10
/** Longest password in octets of UTF-8. Longer ones are refused before any of them is hashed. */
const passwordOctets = 256
const distinctAtLeast = 5
const digitsOnlyAtLeast = 16

/**
 * A password as it is hashed and compared (RFC 8265, section 4.2: OpaqueString): NFC, every kind of
 * space as U+0020. Undefined when it is empty, over 256 octets, or holds control characters: no
 * login has such a password.
 */
export function preparePassword(text: string): string | undefined {
  if (text === '' || Buffer.byteLength(text) > passwordOctets) return undefined
  const prepared = normalForm(text.replace(/\p{Zs}/gu, ' '))
  return /\p{Cc}/u.test(prepared) || Buffer.byteLength(prepared) > passwordOctets ? undefined : prepared
}

/**
 * Checks a password that a person chose and prepares it. `names` are the user name and the mailbox
 * addresses. There are no rules of composition (NIST SP 800-63B-4, section 3.1.1.2): only length,
 * and not to be the first guess.
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

// A word counts twice, because a word that only joins others counts once: three words, or two and
// "this is".
const [wordCost, jointCost, affordable] = [2, 1, 6]
const longestPiece = 28
// Letters, and halves of what lies beyond 16 bits, must belong to a piece; digits and signs stand
// where they like.
const mustBelong = /[\p{L}\p{Cs}]/u

/**
 * Whether a text is nothing but a few pieces that guessers put together: words that everybody knows
 * (or `ownWords`, which belong to the one whose password it is), runs along the keyboard, the same
 * letter again, with any digits and signs around and between them, letters disguised as digits, or
 * all of it backwards. `folded`: in lower case.
 */
export function isGuessable(folded: string, ownWords: readonly string[]): boolean {
  const own = new Set(ownWords)
  const letters = folded.replace(/\P{L}/gu, '')
  if (letters === '') return false
  const forms = [folded, withoutMarks(folded), [...folded].reverse().join('')]
  // `q1w2e3r4t5` is two runs, one of letters and one of digits. Two or three letters among digits
  // may be anything.
  if ([...letters].length > 3) forms.push(letters)
  return forms.some((form) => costOf(form, own) <= affordable)
}

/**
 * The least that the pieces of a text cost together; more than is affordable where it has other
 * parts.
 */
function costOf(text: string, own: ReadonlySet<string>): number {
  const costs: number[] = Array<number>(text.length + 1).fill(Number.POSITIVE_INFINITY)
  costs[text.length] = 0
  const costFrom = (at: number) => costs[at] ?? Number.POSITIVE_INFINITY
  for (let at = text.length - 1; at >= 0; at -= 1) {
    let least = mustBelong.test(text.charAt(at)) ? Number.POSITIVE_INFINITY : costFrom(at + 1)
    for (let end = at + 2; end <= Math.min(text.length, at + longestPiece); end += 1) {
      // What follows may be unaffordable already.
      if (costFrom(end) + jointCost > affordable) continue
      least = Math.min(least, pieceCost(text.slice(at, end), own) + costFrom(end))
    }
    costs[at] = least
  }
  return costFrom(0)
}

function pieceCost(piece: string, own: ReadonlySet<string>): number {
  const spellings = new Set([piece, undisguised(piece, 'i'), undisguised(piece, 'l')])
  for (const word of spellings) {
    if (joiningWords.has(word) || /^(.)\1+$/u.test(word)) return jointCost
    if (isWord(word, own) || (word.endsWith('s') && isWord(word.slice(0, -1), own))) return wordCost
  }
  return piece.length >= 3 && isRun(piece) ? wordCost : Number.POSITIVE_INFINITY
}

function isWord(text: string, own: ReadonlySet<string>): boolean {
  return commonPasswords.has(text) || commonWords.has(text) || own.has(text)
}

const disguises: Readonly<Record<string, string>> = {
  '0': 'o',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '€': 'e',
  '+': 't',
}

/** `p4$$w0rd` is `password`. A 1 or an exclamation mark stands for i or for l. */
function undisguised(text: string, upright: 'i' | 'l'): string {
  return text.replace(/[1!|]/g, upright).replace(/[0345789@$€+]/g, (sign) => disguises[sign] ?? sign)
}

function withoutMarks(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '')
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

/**
 * True when every character is the neighbour of the one before it in the alphabet, among the digits
 * or on the keyboard, always in the same direction.
 */
function isRun(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  if (points.length < 3) return false
  const stepsBy = (step: number) =>
    points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step)
  const backwards = points
    .map((point) => String.fromCodePoint(point))
    .reverse()
    .join('')
  const alongKeys = keyRows.some((row) => (row + row).includes(text) || (row + row).includes(backwards))
  return stepsBy(1) || stepsBy(-1) || alongKeys
}
