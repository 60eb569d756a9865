import { afterAll, beforeAll, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { sendMail } from '../support/mail-session.ts'
import { signIn } from '../support/smtp-client.ts'

const address = 'me@example.com'
const message = { from: address, to: 'you@example.net', subject: 'Hello', text: 'Hello' }
let stage: Stage

beforeAll(async () => {
  // postern renews a token when half of its life is over: soon, and yet not before the message is there.
  stage = await setStage({ accessTokenSeconds: 6 })
})
afterAll(() => stage?.close())

it('a warm connection sends nothing more when the consent turns out to be withdrawn', async () => {
  const { dialogue, messages, signIns } = stage.mailProvider
  const mailbox = await consentedMailbox(stage.postern, address)
  await sendWithPassword(stage.process.smtpPort, mailbox, message)
  const { key } = await command(stage.postern, 'api-key', 'add', '--scope', `token:${address}`)

  const answers = await sendMail(stage.process.smtpPort, mailbox, {
    before: {
      // This client has signed in, and the warm connection was the proof.
      MAIL: async () => {
        expect(dialogue).not.toContain('postern > QUIT')
        await stage.authority.revokeGrantsOf(address)
        await eventually('a renewal finds out', async () => (await tokenStatus(key)) !== 200)
        await eventually('the warm connection ends', () => dialogue.includes('postern > QUIT'))
      },
    },
  })

  expect(answers.AUTH).toMatch(/^235 /)
  expect(answers.RCPT).toMatch(/^45[14] 4\.\S+ .*\[postern:REAUTH\]$/)
  expect(await signIn(stage.process.smtpPort, mailbox)).toMatch(/^454 4\.7\.0 .*\[postern:REAUTH\]$/)
  expect(messages).toHaveLength(1)
  expect(signIns).toEqual([{ account: address, accepted: true }])
})

async function tokenStatus(key: string): Promise<number> {
  const url = `${stage.postern.url}/api/v1/mailboxes/${address}/token`
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
  await response.body?.cancel()
  return response.status
}
