/** A path read from the front of `text`: the address without angle brackets, and what follows. */
export interface ReadPath {
  /** Empty for the null sender `<>`. */
  address: string
  rest: string
}

// RFC 5321, section 4.5.3.1, in octets; UTF-8 counts by its octets (RFC 6531, section 3.3).
const localPartOctets = 64
const domainOctets = 255
const pathOctets = 254

// Wider than RFC 5321's dot-string on purpose: `name.@` and `na..me@` exist (Japanese mobile carriers gave them
// out for years). Whether an address exists is the provider's to say; here only what could be misread is refused.
const localAtoms = /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]+$/u
const quotedLocal = /^"(?:[^"\\\p{Cc}]|\\[ -~])*"$/u
const domainLabels = /^(?![-.])[\w.\-\u0080-\u{10ffff}]+(?<![-.])$/u
const addressLiteral = /^\[[A-Za-z0-9.:-]+\]$/
const sourceRoute = /^(?:@[^,:\s@]+,)*@[^,:\s@]+:/

/**
 * Reads `<local@domain>` (RFC 5321, section 4.1.2) or, as old devices send it, the same without angle brackets.
 * A source route is dropped (section 4.1.1.3 and appendix C). Undefined when it does not follow the grammar.
 */
export function readPath(text: string): ReadPath | undefined {
  const found = text.startsWith('<') ? betweenBrackets(text) : untilBlank(text)
  if (found === undefined || /\p{Cc}/u.test(found.address)) return undefined
  const address = found.address.replace(sourceRoute, '')
  return address === '' || isMailbox(address) ? { address, rest: found.rest } : undefined
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
    else if (character === '>' && !quoted) return { address: text.slice(1, at), rest: text.slice(at + 1) }
  }
  return undefined
}

function untilBlank(text: string): ReadPath | undefined {
  const blank = text.indexOf(' ')
  const address = blank === -1 ? text : text.slice(0, blank)
  if (address === '' || address.includes('"')) return undefined
  return { address, rest: text.slice(address.length) }
}

function isMailbox(address: string): boolean {
  if (Buffer.byteLength(address) > pathOctets) return false
  if (isPostmaster(address)) return true
  const at = address.lastIndexOf('@')
  const local = address.slice(0, Math.max(at, 0))
  const domain = address.slice(at + 1)
  if (at < 1 || Buffer.byteLength(local) > localPartOctets || Buffer.byteLength(domain) > domainOctets)
    return false
  return (localAtoms.test(local) || quotedLocal.test(local)) && isDomain(domain)
}

function isDomain(domain: string): boolean {
  return addressLiteral.test(domain) || (domainLabels.test(domain) && !domain.includes('..'))
}
