import { Failure } from '../base/failure.ts'
import { hasEndlessMarks, normalForm } from '../base/text.ts'

/** Longest user name, in characters after normalisation. */
const limit = 128

// All of Unicode's "other" categories: control, format (the direction-changing ones among them), surrogates, private
// and unassigned; and every space but U+0020, because two names must not look alike (RFC 8265, section 3.4).
const forbidden = /\p{C}|[^\P{Z} ]/u

/**
 * Reads a login's user name: NFC, case kept as it was typed (names are compared without it: `userNameKey`), 1 to 128 characters, no control
 * or invisible characters. Spaces inside a name are allowed, because devices have such names.
 * @throws Failure `invalid`
 */
export function parseUserName(text: string): string {
  const name = normalForm(text)
  const length = [...name].length
  if (length < 1 || length > limit) throw refused(`A user name has 1 to ${limit} characters, not ${length}`)
  if (forbidden.test(name) || hasEndlessMarks(name))
    throw refused('A user name holds no control or invisible characters')
  if (name !== name.trim()) throw refused('A user name neither begins nor ends with a space')
  return name
}

function refused(message: string): Failure {
  return new Failure('invalid', message, {
    fix: 'Choose another user name; the mail address itself is a good one.',
  })
}
