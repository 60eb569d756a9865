/** The beginning of a message. `whole`: there is no more. */
export interface MessageHead {
  octets: Buffer
  whole: boolean
}

/** A message up to this size leaves in one piece. */
export const headOctets = 65_536

/** Reads a message until it ends, or until it is known to be larger than `headOctets`. Throws what the source throws. */
export async function readHead(source: AsyncIterator<Buffer>): Promise<MessageHead> {
  const chunks: Buffer[] = []
  let octets = 0
  while (octets <= headOctets) {
    const next = await source.next()
    if (next.done) return { octets: joined(chunks), whole: true }
    chunks.push(next.value)
    octets += next.value.length
  }
  return { octets: joined(chunks), whole: false }
}

/** Most messages come in one piece, and need not be copied. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}
