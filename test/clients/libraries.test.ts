import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { peer, phpMailer as phpMailerLibrary } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { securities } from './client.ts'
import { describeEveryWay } from './every-way.ts'
import { nodeMailer } from './nodemailer.ts'
import { phpMailer } from './phpmailer.ts'
import { python } from './python.ts'
import { prepareSending, type Sending } from './sending.ts'

describe.runIf(peer('dovecot'))('a library, through postern and Dovecot', () => {
  let sending: Sending
  beforeAll(async () => {
    sending = await prepareSending()
  })
  afterAll(() => sending?.close())

  for (const client of [python, phpMailer, nodeMailer]) describeEveryWay(client, () => sending)

  it.each(securities)('a library sends three megabytes, %s', (security) => {
    const line = `${'three megabytes '.repeat(4)}\r\n`
    const message = Buffer.from(`Subject: A scan\r\n\r\n${line.repeat(3_000_000 / line.length)}`)
    return sending.sends(nodeMailer, { security, mechanism: 'PLAIN', message })
  })

  const examples = [
    ['python3', 'python.py', peer('python3')],
    ['php', 'phpmailer.php', peer('PHPMailer')],
  ] as const

  describe.each(examples)('%s examples/%s', (program, script, isHere) => {
    it.runIf(isHere).each(['plain', 'STARTTLS'] as const)('the example sends by %s', async (security) => {
      const { caFile, mailbox, ports, postern, delivered } = sending.stage
      const user = `${program}-${security}`
      const sender = ['--user', user, '--sender', 'billing@example.com']
      const { password } = await command(postern, 'login', 'add', mailbox.address, ...sender)
      const example = fileURLToPath(new URL(`../../examples/${script}`, import.meta.url))
      const outcome = await runProgram(program, [example], {
        env: {
          ...{ MAIL_HOST: 'localhost', MAIL_PORT: String(ports[security]) },
          ...{ MAIL_USER: user, MAIL_PASSWORD: password, PHPMAILER: phpMailerLibrary },
          ...(security === 'plain' ? {} : { MAIL_CA_FILE: caFile }),
        },
      })

      expect(outcome).toEqual({ code: 0, output: '' })
      const { arrived, overheard } = await delivered()
      expect(arrived).toMatchObject([{ sender: 'billing@example.com', recipients: ['someone@example.net'] }])
      expect(/^MAIL FROM/im.test(overheard.toString('latin1'))).toBe(security === 'plain')
    })
  })
})
