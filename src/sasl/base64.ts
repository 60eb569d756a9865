const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/**
 * Strict, canonical base64 (RFC 4648, sections 3 and 4): no octet outside the alphabet, padding last, and no stray bits under it.
 * Old devices leave the padding away, so all of it may be missing; half of it never. Undefined for anything else: Node's own decoder
 * skips what it does not know.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!alphabet.test(text)) return undefined
  const octets = Buffer.from(text, 'base64')
  return withoutPadding(octets.toString('base64')) === withoutPadding(text) ? octets : undefined
}

export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

function withoutPadding(text: string): string {
  return text.replace(/={1,2}$/, '')
}
