const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Strict, canonical base64 (RFC 4648, sections 3 and 4): no octet outside the alphabet, padding present and last, and no stray bits
 * under the padding. Undefined for anything else: Node's own decoder skips what it does not know.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!alphabet.test(text)) return undefined
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text ? octets : undefined
}

export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
