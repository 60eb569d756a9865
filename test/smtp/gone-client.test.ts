import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stopping } from '../../src/base/failure.ts'
import { plain } from '../support/smtp-client.ts'
import { createStageSignIns, openSmtpServer } from '../support/smtp-stage.ts'

/** A server whose sign-ins wait until their client has gone; and how many wait, and have left. */
async function waitingServer() {
  const [begun, left] = [signal(), signal()]
  const signIns = {
    ...createStageSignIns(),
    check(_credentials: unknown, _address: string, gone?: AbortSignal) {
      begun.raise()
      return new Promise<never>((_, reject) => {
        gone?.addEventListener('abort', () => {
          left.raise()
          reject(stopping())
        })
      })
    },
  }
  const { server, endpoint } = await openSmtpServer({ signIns })
  onTestFinished(() => server.stop(0))
  const socket = createConnection({ ...endpoint, allowHalfOpen: true })
  socket.on('error', () => {})
  socket.resume()
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return { socket, begun, left }
}

function signal() {
  let raise = () => {}
  const raised = new Promise<void>((resolve) => {
    raise = resolve
  })
  return { raised, raise }
}

const auth = `EHLO client\r\nAUTH ${plain('me@example.com', 'guess')}\r\n`

describe('a sign-in that waits', () => {
  const ways: [string, (socket: Socket) => unknown][] = [
    ['resets its connection', (socket) => socket.resetAndDestroy()],
    ['closes it', (socket) => socket.destroy()],
    ['ends its side, with nothing more to say', (socket) => socket.end()],
  ]

  it.each(ways)('a sign-in is given up when its client %s', async (_, leave) => {
    const { socket, begun, left } = await waitingServer()
    socket.write(auth)
    await begun.raised
    leave(socket)
    await left.raised
  })

  it('a sign-in goes on for a client that ended its side behind further commands', async () => {
    const { socket, begun, left } = await waitingServer()
    socket.end(`${auth}QUIT\r\n`)
    await begun.raised
    let hasLeft = false
    void left.raised.then(() => {
      hasLeft = true
    })
    // Another client comes and goes meanwhile: time enough for the end of the first to be seen.
    const other = createConnection({ port: socket.remotePort ?? 0, host: '127.0.0.1' })
    await once(other, 'data')
    other.destroy()
    expect(hasLeft).toBe(false)
  })
})
