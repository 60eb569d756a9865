import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.ts'

/** One connection, as its script sees it. Whatever it waits for fails when the client closes. */
export interface Client {
  /** Sends these lines in one write, as latin1; CRLF is added to each. */
  say(...lines: string[]): void
  /** Sends octets as they are. */
  send(octets: string): void
  /** Sends the same again and again, as fast as it is taken, until the client closes. */
  flood(octets: string): Promise<void>
  /** Sends the same again and again, an octet every few milliseconds, until the client closes. */
  drip(octets: string): Promise<void>
  /** The next line, without CRLF. */
  line(): Promise<string>
  /** The next so many octets. */
  octets(count: number): Promise<Buffer>
  /** Lines up to the one that matches; that one is the last. */
  linesUntil(last: RegExp): Promise<string[]>
  /** TLS from here on. */
  startTls(): Promise<void>
  /** Reads nothing, so that the way here fills up. */
  pause(): void
  resume(): void
  /** Resolves when the client has closed. */
  gone(): Promise<void>
  /** Ends the connection. */
  hangUp(): void
  /** Ends it with a reset (RFC 9293, section 3.5.2), and what was not sent yet is lost. */
  reset(): void
}

export type Script = (client: Client, connection: number) => Promise<void>

export interface ScriptedProvider {
  port: number
  /** Everything that arrived, of each connection, TLS or not. */
  heard: string[]
  /** The part of it that anybody on the way could read. */
  heardInTheClear: string[]
  /** How many connections are open. */
  open(): number
  /** The first thing that a script did not expect, or undefined. */
  failure(): unknown
  close(): Promise<void>
}

export interface ScriptedOptions {
  tls: 'implicit' | 'starttls'
  certificate: Certificate
}

/** A submission server that does for each connection what the script says, for what good servers never do. */
export async function startScriptedProvider(
  { tls, certificate }: ScriptedOptions,
  script: Script,
  { address = '127.0.0.1', port = 0 } = {},
): Promise<ScriptedProvider> {
  const heard: string[] = []
  const heardInTheClear: string[] = []
  const open = new Set<Socket>()
  let failure: unknown

  // What a script says leaves at once, and not when what it said before has been acknowledged.
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
    const number = heard.push('') - 1
    heardInTheClear.push('')
    const client = createClient(socket, certificate, (text, inTheClear) => {
      heard[number] += text
      if (inTheClear) heardInTheClear[number] += text
    })
    const run = async () => {
      if (tls === 'implicit') await client.startTls()
      await script(client, number)
    }
    run().catch((error: unknown) => {
      if (!(error instanceof ClientGone)) failure ??= error
      socket.destroy()
    })
  })
  server.listen(port, address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    heardInTheClear,
    open: () => open.size,
    failure: () => failure,
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

class ClientGone extends Error {}

type Hear = (text: string, inTheClear: boolean) => void

function createClient(plain: Socket, certificate: Certificate, hear: Hear): Client {
  let socket = plain
  let unread = Buffer.alloc(0)
  let closed = false
  let wake = () => {}

  function attach(): void {
    socket.on('data', (octets: Buffer) => {
      unread = Buffer.concat([unread, octets])
      hear(octets.toString('latin1'), socket === plain)
      wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
      wake()
    })
  }

  async function until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const seen = look()
      if (seen !== undefined) return seen
      if (closed) throw new ClientGone('the client closed')
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  function makesRoom(): Promise<void> {
    return new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
  }

  function take(count: number): Buffer {
    const taken = unread.subarray(0, count)
    unread = unread.subarray(count)
    return taken
  }

  function line(): Promise<string> {
    return until(() => {
      const end = unread.indexOf('\r\n')
      return end === -1
        ? undefined
        : take(end + 2)
            .toString('latin1')
            .slice(0, -2)
    })
  }

  attach()
  return {
    say: (...lines) => void socket.write(lines.map((text) => `${text}\r\n`).join(''), 'latin1'),
    send: (octets) => void socket.write(octets, 'latin1'),
    async flood(octets) {
      const piece = Buffer.from(octets, 'latin1')
      while (!closed) if (!socket.write(piece)) await makesRoom()
    },
    async drip(octets) {
      for (let place = 0; !closed; place = (place + 1) % octets.length) {
        socket.write(octets.charAt(place), 'latin1')
        await pause(20)
      }
    },
    line,
    octets: (count) => until(() => (unread.length < count ? undefined : take(count))),
    async linesUntil(last) {
      const lines = [await line()]
      while (!last.test(lines.at(-1) ?? '')) lines.push(await line())
      return lines
    },
    async startTls() {
      plain.removeAllListeners('data')
      let secured = false
      socket = new TLSSocket(plain, { isServer: true, ...certificate })
      socket.on('secure', () => {
        secured = true
        wake()
      })
      attach()
      await until(() => (secured ? true : undefined))
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async gone() {
      await until(() => (closed ? true : undefined))
    },
    hangUp: () => void socket.end(),
    reset: () => void plain.resetAndDestroy(),
  }
}
