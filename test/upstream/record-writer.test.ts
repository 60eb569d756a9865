import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRecordWriter } from '../../src/upstream/record-writer.ts'
import { cutAt } from '../support/cutting.ts'

const block = 65_536

/** Takes what is written when it is told to, and reads it only then: until that its memory must stay as it is. */
function slowWrite() {
  const sizes: number[] = []
  const underWay: { octets: Buffer; resolve(): void; reject(error: Error): void }[] = []
  let taken = Buffer.alloc(0)
  return {
    sizes,
    underWay,
    taken: () => taken,
    write: (octets: Buffer) =>
      new Promise<void>((resolve, reject) => {
        sizes.push(octets.length)
        underWay.push({ octets, resolve, reject })
      }),
    takeOne() {
      const first = underWay.shift()
      if (first === undefined) return
      taken = Buffer.concat([taken, first.octets])
      first.resolve()
    },
  }
}

function someOctets(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 31 + seed * 7 + (at >> 8)) & 0xff))
}

describe('the writer of records', () => {
  it('the writer writes everything in order, in whole blocks up to the last, however it is cut and however slowly it is taken', async () => {
    // However long the cutting takes on this machine, it is no pause of the client.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const sizes = fc.array(fc.integer({ min: 1, max: 3 * block }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.nat(4 * block), sizes, fc.nat(255), async (length, cuts, seed) => {
        const message = someOctets(length, seed)
        const slow = slowWrite()
        const writer = createRecordWriter(slow.write)
        const shared = Buffer.alloc(3 * block)
        for (const piece of cutAt(message, ...cuts)) {
          const waits = writer.take(shared.subarray(0, piece.copy(shared)))
          shared.fill('x')
          for (; waits !== undefined && slow.underWay.length > 1; await nextTurn()) slow.takeOne()
          await waits
        }
        const ended = writer.end()
        for (; slow.underWay.length > 0; await nextTurn()) slow.takeOne()
        await ended
        expect(slow.taken().equals(message)).toBe(true)
        expect(slow.sizes.slice(0, -1).every((size) => size === block)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('the writer lets two messages at a time leave each other alone', async () => {
    const messages = [someOctets(10 * block, 1), someOctets(10 * block, 2)]
    const slow = [slowWrite(), slowWrite()]
    await Promise.all(
      messages.map(async (message, index) => {
        const one = slow[index] as ReturnType<typeof slowWrite>
        const writer = createRecordWriter(one.write)
        for (const piece of cutAt(message, 50_000, 7)) {
          const waits = writer.take(piece)
          for (; one.underWay.length > 1; await nextTurn()) one.takeOne()
          await waits
        }
        const ended = writer.end()
        for (; one.underWay.length > 0; await nextTurn()) one.takeOne()
        await ended
        expect(one.taken().equals(message)).toBe(true)
      }),
    )
  })

  it('the writer wants no more while two blocks are under way', async () => {
    const slow = slowWrite()
    const writer = createRecordWriter(slow.write)
    expect(writer.take(Buffer.alloc(block))).toBeUndefined()
    const waits = writer.take(Buffer.alloc(block))
    let goesOn = false
    void waits?.then(() => {
      goesOn = true
    })
    await nextTurn()
    expect(goesOn).toBe(false)
    slow.takeOne()
    await waits
    expect(goesOn).toBe(true)
  })

  it('the writer does not keep for long what fills no block', async () => {
    const written = new PassThrough()
    const writer = createRecordWriter(async (octets) => void written.write(Buffer.from(octets)))
    void writer.take(Buffer.from('a few '))
    void writer.take(Buffer.from('octets'))
    const [octets] = await once(written, 'data')
    expect(String(octets)).toBe('a few octets')
  })

  it('the writer writes nothing more once it is stopped', async () => {
    const slow = slowWrite()
    const writer = createRecordWriter(slow.write)
    void writer.take(Buffer.from('a few octets'))
    writer.stop()
    await writer.end()
    expect(slow.sizes).toEqual([])
  })

  it('the writer tells of a write that fails by the next call and at the end, and by nothing that nobody waits for', async () => {
    const slow = slowWrite()
    const writer = createRecordWriter(slow.write)
    void writer.take(Buffer.alloc(2 * block))
    slow.underWay[0]?.reject(new Error('lost'))
    await nextTurn()
    expect(() => writer.take(Buffer.from('more'))).toThrow('lost')
    await expect(writer.end()).rejects.toThrow('lost')
  })

  it('the writer never uses memory again that somebody may still read', async () => {
    const failed = slowWrite()
    const writer = createRecordWriter(failed.write)
    void writer.take(Buffer.alloc(block, 'a'))
    failed.underWay[0]?.reject(new Error('lost'))
    await nextTurn()
    const next = slowWrite()
    const other = createRecordWriter(next.write)
    for (let turn = 0; turn < 40; turn++) void other.take(Buffer.alloc(block, 'b'))
    expect(failed.underWay[0]?.octets.every((octet) => octet === 0x61)).toBe(true)
    while (next.underWay.length > 0) next.takeOne()
  })
})
