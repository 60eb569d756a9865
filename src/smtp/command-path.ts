import { withoutEnding } from '../base/text.ts'
import { isMailbox, withLeastQuoting } from '../wire/envelope.ts'

/** A path read from the front of `text`: the address without angle brackets, and what follows. */
export interface ReadPath {
  /** Empty for the null sender `<>`. */
  address: string
  rest: string
  /** Without angle brackets: words that follow may be meant as part of it. */
  bare?: true
}

const sourceRoute = /^(?:@[^,:\s@]+,)*@[^,:\s@]+:/

/**
 * Reads `<local@domain>` (RFC 5321, section 4.1.2) or, as old devices send it, the same without angle brackets.
 * A source route is dropped (section 4.1.1.3 and appendix C), and so are blanks beside the brackets. Undefined when it does not follow the grammar.
 */
export function readPath(text: string): ReadPath | undefined {
  const found = text.startsWith('<') ? betweenBrackets(text) : untilBlank(text)
  if (found === undefined || /\p{Cc}/u.test(found.address)) return undefined
  const address = withLeastQuoting(found.address.replace(sourceRoute, ''))
  return address === '' || isPostmaster(address) || isMailbox(address) ? { ...found, address } : undefined
}

/** RFC 5321, section 4.1.1.3: the one name that needs no domain. */
export function isPostmaster(address: string): boolean {
  return address.toLowerCase() === 'postmaster'
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

function betweenBrackets(text: string): ReadPath | undefined {
  let quoted = false
  for (let at = 1; at < text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (character === '>' && !quoted) {
      const address = withoutEnding(text.slice(1, at), ' ').replace(/^ +/, '')
      return { address, rest: text.slice(at + 1) }
    }
  }
  return undefined
}

function untilBlank(text: string): ReadPath | undefined {
  const blank = text.indexOf(' ')
  const address = blank === -1 ? text : text.slice(0, blank)
  if (address === '' || address.includes('"')) return undefined
  return { address, rest: text.slice(address.length), bare: true }
}
