import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface WireTap {
  port: number
  /** What clients have sent, one entry for each connection. */
  sent(): Buffer[]
  /** What they were answered. */
  answered(): Buffer[]
  /** The messages that clients have sent by DATA, dot-stuffing undone (RFC 5321, section 4.5.2). */
  messages(): Buffer[]
  forget(): void
  close(): Promise<void>
}

/**
 * Stands between a client and a server in the clear and keeps what passes. So the octets that a program really sent
 * can be compared with those that arrived, however the program composed its message.
 */
export async function startWireTap(target: number): Promise<WireTap> {
  let connections: { sent: Buffer[]; answered: Buffer[] }[] = []
  const open = new Set<Socket>()
  // Exim closes its side with QUIT and still reads: so does whoever is between.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const kept = { sent: [] as Buffer[], answered: [] as Buffer[] }
    connections.push(kept)
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    client.on('data', (chunk) => kept.sent.push(chunk))
    upstream.on('data', (chunk) => kept.answered.push(chunk))
    join(client, upstream)
    join(upstream, client)
    open.add(client)
    client.once('close', () => open.delete(client))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    port: (server.address() as AddressInfo).port,
    sent: () => connections.map(({ sent }) => Buffer.concat(sent)),
    answered: () => connections.map(({ answered }) => Buffer.concat(answered)),
    messages: () => connections.flatMap(({ sent }) => messagesIn(Buffer.concat(sent))),
    forget() {
      connections = []
    },
    close() {
      for (const socket of open) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function join(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
}

/** The messages that a client has sent by DATA, dot-stuffing undone. latin1 keeps octets as they are. */
export function messagesIn(stream: Buffer): Buffer[] {
  const messages: Buffer[] = []
  let current: string[] | undefined
  for (const line of stream.toString('latin1').split('\r\n')) {
    if (!current) {
      if (/^DATA$/i.test(line)) current = []
    } else if (line === '.') {
      messages.push(Buffer.from(current.map((text) => `${text}\r\n`).join(''), 'latin1'))
      current = undefined
    } else {
      current.push(line.startsWith('.') ? line.slice(1) : line)
    }
  }
  return messages
}
