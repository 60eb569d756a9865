import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Gone } from '../../src/base/async.ts'
import { clientGone } from '../../src/base/failure.ts'
import { createSmtpServer } from '../../src/smtp/smtp-server.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { eventually } from '../support/eventually.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { createRecordingRelay } from '../support/recording-relay.ts'
import { plain } from '../support/smtp-client.ts'
import { createStageSignIns } from '../support/smtp-stage.ts'

function signal() {
  let raise = () => {}
  const raised = new Promise<void>((resolve) => {
    raise = resolve
  })
  return { raised, raise }
}

/** Resolves when it is aborted. */
function aborted(gone: Gone): Promise<void> {
  return new Promise((resolve) => gone.addEventListener('abort', () => resolve()))
}

/** A server whose provider's side stands still at one place: before MAIL, or at the end of the message; and a client of it. */
async function serverThatWaits(at: 'begin' | 'message') {
  const [reached, left, go] = [signal(), signal(), signal()]
  const log = createRecordingLog()
  const clock = createManualClock()
  const relay = createRecordingRelay()
  const groups: (boolean | undefined)[] = []
  const waits = async (gone: Gone) => {
    reached.raise()
    await Promise.race([aborted(gone), go.raised])
    if (!gone.aborted) return
    left.raise()
    throw clientGone()
  }
  const waitingRelay: typeof relay = {
    ...relay,
    async begin(...args) {
      const [, , , , client] = args
      groups.push(client?.inGroups)
      if (at === 'begin' && client) await waits(client.gone)
      const begun = await relay.begin(...args)
      const { transaction } = begun
      if (at === 'begin' || !transaction) return begun
      return {
        ...begun,
        transaction: {
          ...transaction,
          async send(octets, gone) {
            const pieces: Buffer[] = []
            for await (const piece of octets) pieces.push(piece)
            if (gone) await waits(gone)
            return transaction.send(replay(pieces))
          },
        },
      }
    },
  }
  const listener = { host: '127.0.0.1', port: 0, tls: 'none', plainAuth: true, oldTls: false } as const
  const server = createSmtpServer({
    listen: [listener],
    relay: waitingRelay,
    signIns: createStageSignIns(),
    limits: defaultLimits,
    log,
    clock,
  })
  const [endpoint] = await server.start()
  onTestFinished(() => server.stop(0))
  const socket = createConnection({ port: endpoint?.port ?? 0, host: '127.0.0.1', allowHalfOpen: true })
  let heard = ''
  socket
    .on('error', () => {})
    .on('data', (octets) => {
      heard += octets
    })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const over = once(socket, 'close')
  return { socket, reached, left, go, log, clock, relay, groups, heard: () => heard, over }
}

async function* replay(pieces: readonly Buffer[]) {
  yield* pieces
}

const hello = `EHLO client\r\nAUTH ${plain('me@example.com', 'right')}\r\n`
const envelope = `${hello}MAIL FROM:<me@example.com>\r\nRCPT TO:<a@example.net>\r\n`
const wholeMessage = 'DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n'

const ways: [string, (socket: Socket) => unknown][] = [
  ['resets its connection', (socket) => socket.resetAndDestroy()],
  ['closes it', (socket) => socket.destroy()],
  ['ends its side', (socket) => socket.end()],
]

describe('a client that waits for the first answer of its provider', () => {
  it.each(ways)('a client waits no more when it %s', async (_, leave) => {
    const { socket, reached, left, relay, log } = await serverThatWaits('begin')
    socket.write(envelope)
    await reached.raised
    leave(socket)
    await left.raised
    expect(relay.asked.filter((line) => line.startsWith('MAIL'))).toEqual([])
    expect(JSON.stringify(log.lines)).not.toContain('message.failed')
  })

  it('a client waits no more when it ends its side, though it has said DATA already', async () => {
    const { socket, reached, left } = await serverThatWaits('begin')
    socket.write(`${envelope}DATA\r\n`)
    await reached.raised
    socket.write('RSET\r\n')
    socket.end('QUIT\r\n')
    await left.raised
  })

  it.each([
    ['before', (socket: Socket) => socket.end(envelope + wholeMessage)],
    ['meanwhile', (socket: Socket) => socket.write(envelope) && socket.end(wholeMessage)],
  ])('a client is served when it ends its side behind its whole message, said %s', async (_, say) => {
    const { socket, reached, go, relay, heard, over } = await serverThatWaits('begin')
    say(socket)
    await reached.raised
    await otherClient(socket)
    go.raise()
    await over
    expect(relay.messages).toHaveLength(1)
    expect(heard()).toMatch(/354.*\r\n250 /)
  })

  it.each([
    ['in groups', envelope, [true]],
    ['one by one', '', [false]],
  ])('a client is known by how it sends its commands: %s', async (_, first, known) => {
    const { socket, reached, groups, heard } = await serverThatWaits('begin')
    socket.write(first)
    if (first === '') {
      for (const line of envelope.split('\r\n').slice(0, -1)) {
        const before = heard().length
        socket.write(`${line}\r\n`)
        if (!line.startsWith('RCPT'))
          while (!/^\d{3} .*\r\n$/m.test(heard().slice(before))) await once(socket, 'data')
      }
    }
    await reached.raised
    expect(groups).toEqual(known)
  })
})

describe('a client that has said its whole message', () => {
  it('a message is given up when its client resets the connection before the end has left', async () => {
    const { socket, reached, left, relay, log } = await serverThatWaits('message')
    socket.write(envelope + wholeMessage)
    await reached.raised
    socket.resetAndDestroy()
    await left.raised
    expect(relay.messages).toEqual([])
    const isCut = ({ fields }: (typeof log.lines)[number]) => 'reason' in fields && fields.reason === 'gone'
    await eventually('a line of the log', () => log.lines.some(isCut))
  })

  it('a message is given up when its client ends its side after a while', async () => {
    const { socket, reached, left, clock, relay } = await serverThatWaits('message')
    socket.write(envelope + wholeMessage)
    await reached.raised
    clock.advance(5)
    socket.end()
    await left.raised
    expect(relay.messages).toEqual([])
  })

  it.each([
    ['in the same breath', '', 0],
    ['behind QUIT', 'QUIT\r\n', 5],
  ])('a client is waited for when it ends its side %s', async (_, last, seconds) => {
    const { socket, reached, go, clock, relay, heard, over } = await serverThatWaits('message')
    socket.write(envelope + wholeMessage + last)
    await reached.raised
    clock.advance(seconds)
    socket.end()
    await otherClient(socket)
    go.raise()
    await over
    expect(relay.messages).toHaveLength(1)
    expect(heard()).toMatch(/354.*\r\n250 /)
  })
})

/** Another client comes and goes: time enough for what the first has done to be seen. */
async function otherClient({ remotePort = 0 }: Socket): Promise<void> {
  const other = createConnection({ port: remotePort, host: '127.0.0.1' })
  await once(other, 'data')
  other.destroy()
}
