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
    if (next.done) return { octets: Buffer.concat(chunks), whole: true }
    chunks.push(next.value)
    octets += next.value.length
  }
  return { octets: Buffer.concat(chunks), whole: false }
}
