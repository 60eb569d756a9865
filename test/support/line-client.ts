import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { Reply } from '../../src/wire/reply.ts'

/** A client that sends what it is told to, octet by octet if need be, and reads whole replies. */
export interface LineClient {
  send(octets: string | Buffer): void
  /** The next whole reply. Rejects when the server closes first, or nothing comes in time. */
  reply(): Promise<Reply>
  /** Everything that still comes until the server closes. Rejects when it does not close in time. */
  rest(): Promise<string>
  startTls(ca: string): Promise<void>
  endInput(): void
  reset(): void
  close(): void
}

const patienceMilliseconds = 5_000

export function connectLineClient({ host, port }: Endpoint): LineClient {
  let socket: Socket = connect({ host, port, allowHalfOpen: true })
  let heard = ''
  let ended = false
  let wake = () => {}
  attach()

  return {
    send: (octets) => void socket.write(octets),
    endInput: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
    reply: () => until(takeReply, 'a reply'),
    rest: () => until(() => (ended ? heard : undefined), 'the end of the connection'),

    async startTls(ca) {
      socket.removeAllListeners('data')
      const secure = connectTls({ socket, ca, servername: 'localhost' })
      await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject))
      socket = secure
      attach()
    },
  }

  function attach(): void {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      wake()
    })
    for (const event of ['end', 'close']) {
      socket.once(event, () => {
        ended = true
        wake()
      })
    }
  }

  function takeReply(): Reply | undefined {
    const found = /^(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n/.exec(heard)
    if (found === null) {
      if (ended) throw new Error(`The server closed and sent ${JSON.stringify(heard)}`)
      return undefined
    }
    heard = heard.slice(found[0].length)
    const [first = '', ...others] = found[0]
      .slice(0, -2)
      .split('\r\n')
      .map((line) => line.slice(4))
    return { code: Number(found[1]), lines: [first, ...others] }
  }

  async function until<Value>(take: () => Value | undefined, what: string): Promise<Value> {
    const deadline = performance.now() + patienceMilliseconds
    for (;;) {
      const value = take()
      if (value !== undefined) return value
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`Waited in vain for ${what}; heard ${JSON.stringify(heard)}`)
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        timer = setTimeout(resolve, left)
      })
      clearTimeout(timer)
    }
  }
}
