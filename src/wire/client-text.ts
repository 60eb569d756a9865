import { isAscii } from 'node:buffer'

/**
 * A user name or password as a client sent it: UTF-8 (RFC 4616), and where it cannot be that, Windows-1252, of which Latin-1 is a part:
 * devices send what their keypad gave them. Never fails, and nothing is left out, so two texts never become one.
 */
export function readClientText(octets: Buffer): string {
  return decodeUtf8(octets) ?? readWindows1252(octets)
}

/** By hand: in many versions of Node, TextDecoder takes Windows-1252 for Latin-1 and makes control characters of these. */
function readWindows1252(octets: Buffer): string {
  return octets
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (one) => beyondLatin1[one.charCodeAt(0) - 0x80] ?? one)
}

// What stands at 0x80 to 0x9F (WHATWG Encoding, index windows-1252); the five without a character stay as they are.
const beyondLatin1 = [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f', ...'\x90‘’“”•–—˜™š›œ\x9džŸ']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Octets as text; undefined when they are not valid UTF-8. Nothing is replaced or left out. */
export function decodeUtf8(octets: Buffer): string | undefined {
  // Nearly everything is, and costs a tenth so.
  if (isAscii(octets)) return octets.toString('latin1')
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}
