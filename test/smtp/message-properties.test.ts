import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientSocket } from '../../src/smtp/client-socket.ts'
import { createIncomingMessage } from '../../src/smtp/incoming-message.ts'
import type { ProviderConnection } from '../../src/upstream/connection.ts'
import { createChunkRefusals, readHead, sendMessage } from '../../src/upstream/send-message.ts'
import { createInputBuffer } from '../../src/wire/input-buffer.ts'
import { say } from '../../src/wire/reply.ts'
import { findForbidden, messageEnds, withoutStuffing } from '../fuzz/message-ends.js'
import { cutAt, everyMixture } from '../support/cutting.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { createManualClock } from '../support/manual-clock.ts'

type Lease = Parameters<typeof sendMessage>[0]

interface Passed {
  /** The message was taken to its end here. */
  accepted: boolean
  /** Every octet that left for the provider. */
  written: string
  /** What the client sent behind it, to be read as commands. */
  behind: number
}

/** A message from the client's octets to the provider's, through everything between the two sockets. */
async function pass(pieces: readonly Buffer[], chunking: boolean, inPlace: boolean): Promise<Passed> {
  const waiting = [...pieces]
  const written: Buffer[] = []
  const input = createInputBuffer()
  const message = createIncomingMessage({
    input,
    async read() {
      const octets = waiting.shift()
      return octets === undefined ? { kind: 'ended' } : { kind: 'octets', octets }
    },
    ...(inPlace && { receive: receiveFrom(waiting) }),
    limit: undefined,
    drainSeconds: 1,
  })
  const clock = createManualClock()
  const withoutChunking = createChunkRefusals(clock)
  const spent = { provider: '', waiting: 0, atProvider: 0 }
  const context = {
    ...{ host: 'provider', limits: defaultLimits, chunking: 'auto' as const, withoutChunking },
    ...{ clock, spent },
  }
  const lease = { connection: keepingConnection(written), capabilities: { chunking } } as Lease
  const source = message.octets[Symbol.asyncIterator]()
  const sent = await readHead(source)
    .then((head) => sendMessage(lease, head, source, context, () => {}))
    .catch(() => undefined)
  const accepted = sent?.reply.code === 250 && message.cut() === undefined
  const behind = input.size() + waiting.reduce((sum, piece) => sum + piece.length, 0)
  return { accepted, written: Buffer.concat(written).toString('latin1'), behind }
}

/** As a socket that reads into memory which it shares with others: after each call there is something else in it. */
function receiveFrom(waiting: Buffer[]): ClientSocket['receive'] {
  const shared = Buffer.alloc(65_536)
  return async (take) => {
    for (let octets = waiting.shift(); octets !== undefined; octets = waiting.shift()) {
      const length = octets.copy(shared)
      if (length < octets.length) waiting.unshift(octets.subarray(length))
      const goesOn = take(shared.subarray(0, length))
      shared.fill('\r\n.\r\nDATA\r\n')
      if (goesOn === false) return undefined
      await goesOn
    }
    return { kind: 'ended' }
  }
}

/** A provider that says yes to everything. */
function keepingConnection(written: Buffer[]): Partial<ProviderConnection> {
  return {
    alive: true,
    async command(octets) {
      written.push(Buffer.from(octets))
      return octets === 'DATA\r\n' ? say(354, 'go on') : say(250, '2.0.0 kept')
    },
    async write(octets) {
      // Its memory is used for others from then on.
      written.push(Buffer.from(octets))
    },
    destroy() {},
  }
}

/** The messages that a provider sees in these octets, and what it would read as commands behind the first. */
function seenBy(written: string, ends: 'strict' | 'anything'): { messages: string[]; behind: string } {
  const chunk = /^BDAT (\d+) LAST\r\n/.exec(written)
  if (chunk) {
    const octets = written.slice(chunk[0].length)
    expect(octets).toHaveLength(Number(chunk[1]))
    return { messages: [octets], behind: '' }
  }
  const data = written.slice('DATA\r\n'.length)
  const end = messageEnds[ends](data)
  if (!end) return { messages: [], behind: '' }
  return { messages: [withoutStuffing(data.slice(0, end.length))], behind: data.slice(end.next) }
}

const behind = 'MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nsmuggled\r\n.\r\n'

/** The same verdict and the same message here, at a strict provider and at one that ends messages at anything. */
async function expectOneMessage(data: string, pieces: readonly Buffer[], chunking: boolean) {
  const end = messageEnds.strict(data)
  const clean = end !== undefined && findForbidden(data.slice(0, end.next)) === -1
  const passed = await pass(pieces, chunking, false)
  expect(await pass(pieces, chunking, true)).toEqual(passed)
  expect(passed.accepted).toBe(clean)
  if (clean) expect(passed.behind).toBe(data.length - end.next)
  expect(findForbidden(passed.written)).toBe(-1)
  const messages = clean ? [withoutStuffing(data.slice(0, end.length))] : []
  for (const ends of ['strict', 'anything'] as const) {
    expect(seenBy(passed.written, ends)).toEqual({ messages, behind: '' })
  }
}

describe('a mixture of CR, LF, NUL and dot', () => {
  it.each([
    ['within a message', 'text', 6],
    ['at the start of a message', '', 6],
    ['in a message that is streaming already', `${'x'.repeat(76)}\r\n`.repeat(900), 3],
  ])('%s never makes two messages, nor a difference between here and there', async (_, before, longest) => {
    for (const mixture of everyMixture('\r\n\0.', longest)) {
      const data = before + mixture + behind
      const octets = Buffer.from(data, 'latin1')
      const byOctet = [
        ...cutAt(octets.subarray(0, before.length), 30_000),
        ...cutAt(octets.subarray(before.length, before.length + mixture.length), 1),
        octets.subarray(before.length + mixture.length),
      ]
      for (const chunking of [true, false]) {
        try {
          await expectOneMessage(data, [octets], chunking)
          await expectOneMessage(data, byOctet, chunking)
        } catch (error) {
          throw new Error(`${JSON.stringify(mixture)}, chunking ${chunking}`, { cause: error })
        }
      }
    }
  })
})

describe('whatever a message holds', () => {
  const octet = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0x2e) },
    fc.integer({ min: 1, max: 255 }).filter((one) => one !== 0x0d && one !== 0x0a),
  )
  const line = fc.array(octet, { maxLength: 20 }).map((octets) => Buffer.from(octets).toString('latin1'))
  const times = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.integer({ min: 1000, max: 4000 }))
  const lines = fc.tuple(fc.array(line, { maxLength: 12 }), times)
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 })

  it.each([true, false])('an accepted message arrives octet for octet (chunking: %s)', async (chunking) => {
    await fc.assert(
      fc.asyncProperty(lines, sizes, async ([some, repeated], cuts) => {
        const message = some
          .map((text) => `${text}\r\n`)
          .join('')
          .repeat(repeated)
        const stuffed = message.replace(/^\./gm, '..')
        const pieces = cutAt(Buffer.from(`${stuffed}.\r\nQUIT\r\n`, 'latin1'), ...cuts)
        const passed = await pass(pieces, chunking, false)
        expect(await pass(pieces, chunking, true)).toEqual(passed)
        expect(passed).toMatchObject({ accepted: true, behind: 'QUIT\r\n'.length })
        expect(seenBy(passed.written, 'strict')).toEqual({ messages: [message], behind: '' })
      }),
      { numRuns: 150 },
    )
  })

  it('no bare CR, LF or NUL leaves, and nothing is accepted that has one before its end, however it is cut', async () => {
    const part = fc.constantFrom('\r\n', '\r\n', '.', 'a', '\r\n.\r\n', '\r', '\n', '\0', 'x'.repeat(30_000))
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 30 }),
        sizes,
        fc.boolean(),
        async (parts, cuts, chunking) => {
          const data = parts.join('')
          await expectOneMessage(data, cutAt(Buffer.from(data, 'latin1'), ...cuts), chunking)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
