import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Recorded {
  sender: string
  recipients: string[]
  /** Octet for octet, dot-stuffing undone. */
  raw: Buffer
}

export interface RecordingSink {
  port: number
  messages: Recorded[]
  close(): Promise<void>
}

/** Where mail ends: takes everything, keeps it as it came. Offers DSN, so that the server before it may offer it, too. */
export async function startRecordingSink(): Promise<RecordingSink> {
  const messages: Recorded[] = []
  const server = new SMTPServer({
    name: 'sink.example.test',
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideDSN: false,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, session, answer) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        messages.push({
          sender: mailFrom ? mailFrom.address : '',
          recipients: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks),
        })
        answer(null, 'Kept by the sink')
      })
    },
  })
  // Dovecot drops its connection when a client goes; nothing to do here.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  return { port, messages, close: () => new Promise((resolve) => server.close(() => resolve())) }
}
