import { fileURLToPath } from 'node:url'
import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awkwardMessage } from '../support/awkward-message.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { peer, phpMailer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const recipient = 'you@example.net'
const message = awkwardMessage('me@example.com', recipient)
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

describe.runIf(peer('dovecot'))('a library, through postern and Dovecot', () => {
  let stage: LegacyStage
  beforeAll(async () => {
    stage = await setLegacyStage()
  })
  afterAll(() => stage?.close())

  async function expectSameOctets(mechanism: string) {
    const { sent, arrived, dialogue } = await stage.delivered()
    expect(dialogue).toMatch(new RegExp(`^AUTH ${mechanism}`, 'im'))
    expect(arrived).toHaveLength(1)
    expect(arrived[0]).toMatchObject({ sender: 'me@example.com', recipients: [recipient] })
    expect(arrived[0]?.raw.equals(sent[0] ?? Buffer.alloc(0))).toBe(true)
    return arrived[0]?.raw ?? Buffer.alloc(0)
  }

  const mechanisms = ['PLAIN', 'LOGIN'] as const
  const words = (mechanism: string) => {
    const { user, password, address } = stage.mailbox
    return [String(stage.port), user, password, mechanism, address, recipient]
  }

  it.runIf(peer('python3')).each(mechanisms)('Python smtplib %s', async (mechanism) => {
    const outcome = await runProgram('python3', [script('send.py'), ...words(mechanism)], { input: message })

    expect(outcome).toEqual({ code: 0, output: '' })
    expect((await expectSameOctets(mechanism)).equals(message)).toBe(true)
  })

  it.runIf(peer('PHPMailer')).each(mechanisms)('PHPMailer %s', async (mechanism) => {
    const outcome = await runProgram('php', [script('send.php'), ...words(mechanism)], {
      env: { PHPMAILER: phpMailer },
    })

    expect(outcome).toEqual({ code: 0, output: '' })
    await expectSameOctets(mechanism)
  })

  const transport = (authMethod: string) =>
    nodemailer.createTransport({
      host: '127.0.0.1',
      port: stage.port,
      ignoreTLS: true,
      authMethod,
      auth: { user: stage.mailbox.user, pass: stage.mailbox.password },
    })

  it.each(mechanisms)('nodemailer %s', async (mechanism) => {
    await transport(mechanism).sendMail({
      envelope: { from: stage.mailbox.address, to: recipient },
      raw: message,
    })

    expect((await expectSameOctets(mechanism)).equals(message)).toBe(true)
  })

  it.each(mechanisms)('nodemailer %s with an attachment of three megabytes', async (mechanism) => {
    const attachment = Buffer.alloc(3_000_000, 'three megabytes ')
    await transport(mechanism).sendMail({
      from: stage.mailbox.address,
      to: recipient,
      subject: 'A scan',
      attachments: [{ filename: 'scan.pdf', content: attachment }],
    })

    expect((await expectSameOctets(mechanism)).length).toBeGreaterThan(4_000_000)
  })
})
