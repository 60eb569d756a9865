import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../examples/demo/free-port.js'
import type { DemoMailbox } from '../../examples/demo/mailbox.js'
import type { Postern } from '../../examples/demo/postern-process.js'
import { setStageWith } from '../../examples/demo/stage.js'
import { createAuthority } from './certificates.ts'
import { readClientOctets } from './client-octets.ts'
import { consentedMailbox } from './consented-mailbox.ts'
import { startDovecot } from './dovecot.ts'
import { eventually } from './eventually.ts'
import { type MadeCertificate, makeCertificate } from './made-certificate.ts'
import { type Recorded, startRecordingSink } from './recording-sink.ts'
import { messagesIn, startWireTap, type WireTap } from './wire-tap.ts'

export interface LegacyStage {
  /** Where legacy software connects: taps, and behind each one of postern's SMTP servers. */
  ports: { plain: number; STARTTLS: number; 'implicit TLS': number }
  /** A PEM file with the authority that `postern tls make` has made. */
  caFile: string
  /** One that has signed nothing here. */
  otherCaFile: string
  mailbox: DemoMailbox
  postern: Postern
  /** What clients have sent and what arrived at the sink, once `count` messages have; and forgets them. */
  delivered(count?: number): Promise<Delivery>
  /** Of a test that did not get that far. */
  forget(): void
  close(): Promise<void>
}

export interface Delivery {
  arrived: Recorded[]
  /** The messages within the dialogue. */
  sent: Buffer[]
  /** All that clients have sent, TLS taken off. */
  dialogue: string
  /** The same as anybody on the network could read it. */
  overheard: Buffer
}

/** Legacy software, taps, postern with a certificate, Dovecot, sink: with a mailbox whose owner has consented. */
export async function setLegacyStage(): Promise<LegacyStage> {
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    return { ...(await build(closing)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function build(closing: (() => Promise<void>)[]): Promise<Omit<LegacyStage, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-legacy-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const certificate = await makeCertificate(folder)
  const otherCaFile = join(folder, 'other-ca.pem')
  await writeFile(otherCaFile, (await createAuthority()).ca)
  const keyLog = join(folder, 'keys.log')
  const smtpsPort = await freePort()
  const sink = await startRecordingSink()
  closing.push(sink.close)
  const env = settings(certificate, smtpsPort, keyLog)
  const stage = await setStageWith((authority) => startDovecot(authority, sink.port), { env })
  closing.push(stage.close)
  const taps = [await startWireTap(stage.process.smtpPort), await startWireTap(smtpsPort)] as const
  closing.push(...taps.map((tap) => tap.close))

  return {
    ports: { plain: taps[0].port, STARTTLS: taps[0].port, 'implicit TLS': taps[1].port },
    caFile: certificate.caFile,
    otherCaFile,
    mailbox: await consentedMailbox(stage.postern),
    postern: stage.postern,
    forget() {
      sink.messages.splice(0)
      for (const tap of taps) tap.forget()
    },
    async delivered(count = 1) {
      await eventually('the messages arrive', () => sink.messages.length >= count, 25)
      const arrived = sink.messages.splice(0).map(withoutTrace)
      const heard = await listen(taps, keyLog)
      for (const tap of taps) tap.forget()
      return { arrived, ...heard }
    },
  }
}

function settings(certificate: MadeCertificate, smtpsPort: number, keyLog: string): Record<string, string> {
  return {
    POSTERN_TLS_CERT_FILE: certificate.certFile,
    POSTERN_TLS_KEY_FILE: certificate.keyFile,
    POSTERN_SMTPS_LISTEN: `127.0.0.1:${smtpsPort}`,
    // So that what is sent over TLS can be compared, too.
    NODE_OPTIONS: `--tls-keylog=${keyLog}`,
  }
}

async function listen(taps: readonly WireTap[], keyLog: string): Promise<Omit<Delivery, 'arrived'>> {
  const connections = await eventually('the keys of every connection are written down', async () => {
    const keys = await readFile(keyLog, 'latin1').catch(() => '')
    const read = taps.flatMap((tap) => {
      const answered = tap.answered()
      return tap.sent().map((sent, index) => readClientOctets(sent, answered[index] ?? Buffer.alloc(0), keys))
    })
    return read.every((octets) => octets !== undefined) && read
  })
  return {
    sent: connections.flatMap(messagesIn),
    dialogue: Buffer.concat(connections).toString('latin1'),
    overheard: Buffer.concat(taps.flatMap((tap) => tap.sent())),
  }
}

/** Dovecot puts one `Received:` in front (RFC 5321, section 4.4); nothing else may differ. */
function withoutTrace(message: Recorded): Recorded {
  const trace =
    /^Received: from [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/.exec(message.raw.toString('latin1'))?.[0] ?? ''
  const dovecots = trace.includes('by smtp.example.test') ? trace.length : 0
  return { ...message, raw: message.raw.subarray(dovecots) }
}
