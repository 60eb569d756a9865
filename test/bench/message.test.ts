import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeMessage, numbered } from './message.js'
import { createMessageReader } from './message-reader.js'

/** What the provider makes of a message that arrives in pieces of so many octets, the next command behind it. */
function read(wire: Buffer, piece: number) {
  const octets = Buffer.concat([wire, Buffer.from('QUIT\r\n')])
  const hash = createHash('sha256')
  const next = createMessageReader((part) => hash.update(part))
  for (let at = 0; at < octets.length; at += piece) {
    const end = next(octets.subarray(at, at + piece), 0)
    if (end !== -1) return { end: at + end, digest: hash.digest('hex') }
  }
  return undefined
}

describe('the messages of the benchmark', () => {
  it.each([1, 2, 3, 4, 5, 78, 79, 1000, 100_000])(
    'both sides hash a message alike, in pieces of %i octets',
    (piece) => {
      for (const octets of [1, 5120, 5121, 30_000]) {
        const { wire, digest } = makeMessage(octets)
        expect(read(wire, piece)).toEqual({ end: wire.length, digest })
      }
    },
  )

  it('messages contain lines that begin with a dot', () => {
    expect(makeMessage(5120).wire.includes('\r\n..')).toBe(true)
  })

  it('messages differ by their number', () => {
    const message = makeMessage(5120)
    const [first, second] = [numbered(message, 1), numbered(message, 2)]
    expect(first.digest).not.toBe(second.digest)
    expect(read(second.wire, 100)?.digest).toBe(second.digest)
  })
})
