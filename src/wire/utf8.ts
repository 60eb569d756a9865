const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Octets as text; undefined when they are not valid UTF-8. Nothing is replaced or left out. */
export function decodeUtf8(octets: Buffer): string | undefined {
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}
