import { isAscii } from 'node:buffer'

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
