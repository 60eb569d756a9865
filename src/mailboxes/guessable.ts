import { commonPasswords } from './common-passwords.ts'
import { commonWords, joiningWords } from './common-words.ts'
import { isRun } from './key-runs.ts'

// A word counts twice, because a word that only joins others counts once: three words, or two and "this is".
const [wordCost, jointCost, affordable] = [2, 1, 6]
const longestPiece = 28
// Letters, and halves of what lies beyond 16 bits, must belong to a piece; digits and signs stand where they like.
const mustBelong = /[\p{L}\p{Cs}]/u

/**
 * Whether a text is nothing but a few pieces that guessers put together: words that everybody knows (or `ownWords`, which belong to the
 * one whose password it is), runs along the keyboard, the same letter again, with any digits and signs around and between them, letters
 * disguised as digits, or all of it backwards. `folded`: in lower case.
 */
export function isGuessable(folded: string, ownWords: readonly string[]): boolean {
  const own = new Set(ownWords)
  const letters = folded.replace(/\P{L}/gu, '')
  if (letters === '') return false
  const forms = [folded, withoutMarks(folded), [...folded].reverse().join('')]
  // `q1w2e3r4t5` is two runs, one of letters and one of digits. Two or three letters among digits may be anything.
  if ([...letters].length > 3) forms.push(letters)
  return forms.some((form) => costOf(form, own) <= affordable)
}

/** The least that the pieces of a text cost together; more than is affordable where it has other parts. */
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
