import type { DemoMailbox } from '../../examples/demo/mailbox.js'
import { setStageWith } from '../../examples/demo/stage.js'
import { consentedMailbox } from './consented-mailbox.ts'
import { startDovecot } from './dovecot.ts'
import { eventually } from './eventually.ts'
import { type Recorded, startRecordingSink } from './recording-sink.ts'
import { startWireTap } from './wire-tap.ts'

export interface LegacyStage {
  /** Where legacy software connects: a tap, and behind it postern's SMTP door. */
  port: number
  mailbox: DemoMailbox
  /** What the client sent and what arrived at the sink, once `count` messages have; and forgets them. */
  delivered(count?: number): Promise<{ sent: Buffer[]; arrived: Recorded[]; dialogue: string }>
  close(): Promise<void>
}

/** Legacy software, tap, postern, Dovecot, sink: with a mailbox whose owner has consented. */
export async function setLegacyStage(): Promise<LegacyStage> {
  const sink = await startRecordingSink()
  const stage = await setStageWith((authority) => startDovecot(authority, sink.port))
  const tap = await startWireTap(stage.process.smtpPort)
  const mailbox = await consentedMailbox(stage.postern)

  return {
    port: tap.port,
    mailbox,
    async delivered(count = 1) {
      await eventually('the messages arrive', () => sink.messages.length >= count, 25)
      const dialogue = Buffer.concat(tap.sent()).toString('latin1')
      const result = { sent: tap.messages(), arrived: sink.messages.splice(0).map(withoutTrace), dialogue }
      tap.forget()
      return result
    },
    async close() {
      await tap.close()
      await stage.close()
      await sink.close()
    },
  }
}

/** Dovecot puts one `Received:` in front (RFC 5321, section 4.4); nothing else may differ. */
function withoutTrace(message: Recorded): Recorded {
  const trace =
    /^Received: from [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/.exec(message.raw.toString('latin1'))?.[0] ?? ''
  const dovecots = trace.includes('by smtp.example.test') ? trace.length : 0
  return { ...message, raw: message.raw.subarray(dovecots) }
}
