import { withoutEnding } from '../base/text.ts'
import { isMailParameter } from './command-parameters.ts'
import type { ReadPath } from './command-path.ts'

/**
 * What stands where the sender of a MAIL command should, whatever it is: `<root>`, `Scanner 2`, `"Scanner 2" <x@example.com>`, or nothing. Of use
 * to those logins alone whose sender is replaced: nothing of it may be written to a provider. A blank for nothing, which is not the null sender. Undefined when a control character is in it.
 */
export function readGivenSender(text: string): ReadPath | undefined {
  const end = endOfBrackets(text) ?? endBeforeParameters(text)
  const path = text.slice(0, end)
  return /\p{Cc}/u.test(path)
    ? undefined
    : { address: withinBrackets(path) || ' ', rest: ` ${text.slice(end)}` }
}

/** Behind the first `>` that ends a word outside of quotes; or outside or inside of them, where they do not close. */
function endOfBrackets(text: string): number | undefined {
  return endOutside(text, '"') ?? endOutside(text, '')
}

function endOutside(text: string, quote: string): number | undefined {
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quoted && character === '\\') at++
    else if (character === quote) quoted = !quoted
    else if (character === '>' && !quoted && (text[at + 1] ?? ' ') === ' ') return at + 1
  }
  return undefined
}

/** Without brackets only known parameters can be told from the words of a name. */
function endBeforeParameters(text: string): number {
  let end = text.length
  while (end > 0) {
    const start = text.lastIndexOf(' ', end - 1) + 1
    const word = text.slice(start, end)
    if (word !== '' && !isMailParameter(word)) break
    end = Math.max(0, start - 1)
  }
  return end
}

/** `x@example.com` of `"Scanner 2" <x@example.com>`. */
function withinBrackets(path: string): string {
  const open = path.lastIndexOf('<')
  const close = path.indexOf('>', open)
  const inner = open === -1 ? path : path.slice(open + 1, close === -1 ? path.length : close)
  return withoutEnding(inner, ' ').replace(/^ +/, '')
}
