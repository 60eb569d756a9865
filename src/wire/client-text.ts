import { isAscii } from 'node:buffer'

/**
 * Decodes a user name or password: UTF-8 (RFC 4616) or, where it is not valid, Windows-1252, which
 * includes Latin-1, because devices send what their keypad produced. Never fails and drops nothing,
 * so two inputs never become one text.
 */
export function readClientText(octets: Buffer): string {
  return decodeUtf8(octets) ?? readWindows1252(octets)
}

/**
 * Not by TextDecoder, which in many versions of Node takes Windows-1252 for Latin-1 and so yields
 * control characters.
 */
function readWindows1252(octets: Buffer): string {
  return octets
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (one) => beyondLatin1[one.charCodeAt(0) - 0x80] ?? one)
}

// The characters of 0x80 to 0x9F (WHATWG Encoding, index windows-1252); the five undefined ones
// stay as they are.
const beyondLatin1 = [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f', ...'\x90‘’“”•–—˜™š›œ\x9džŸ']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8; undefined when it is not valid. Nothing is replaced or left out. */
export function decodeUtf8(octets: Buffer): string | undefined {
  // The usual case, at a tenth of the cost.
  if (isAscii(octets)) return octets.toString('latin1')
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}
