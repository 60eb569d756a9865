import { afterAll, beforeAll, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consent, consentedMailbox } from '../support/consented-mailbox.ts'
import { signIn } from '../support/smtp-client.ts'
import { expiry, tokenTally } from '../support/token-tally.ts'

const address = 'me@example.com'
const message = { from: address, to: 'you@example.net', subject: 'Hello', text: 'Hello' }
const tally = tokenTally()
let stage: Stage

beforeAll(async () => {
  stage = await setStage({ accessTokenSeconds: 1, onTokenRequest: tally.onTokenRequest })
})
afterAll(() => stage?.close())

it('a client hears 454 and REAUTH when the consent was withdrawn, a page shows why, and a new consent mends it', async () => {
  const mailbox = await consentedMailbox(stage.postern, address)
  await expiry(stage.authority, tally.accessTokens().at(-1) ?? '')
  await stage.authority.revokeGrantsOf(address)

  expect(await signIn(stage.process.smtpPort, mailbox)).toMatch(/^454 4\.7\.0 .*\[postern:REAUTH\]$/)
  const lapsed = await command(stage.postern, 'mailbox', 'show', address)
  expect(lapsed).toMatchObject({
    state: 'lapsed',
    since: expect.any(String),
    reason: expect.stringMatching(/\w/),
  })
  expect(Date.parse(lapsed.since)).toBeGreaterThan(Date.now() - 60_000)

  const asked = tally.refreshes().length
  expect(await signIn(stage.process.smtpPort, mailbox)).toMatch(/^454 /)
  expect(tally.refreshes()).toHaveLength(asked)

  stage.authority.setAccessTokenSeconds(3600)
  await consent(stage.postern, address)
  await sendWithPassword(stage.process.smtpPort, mailbox, message)
  expect(stage.mailProvider.messages).toHaveLength(1)
  const repaired = await command(stage.postern, 'mailbox', 'show', address)
  expect(repaired.state).toBe('active')
  expect(repaired.reason).toBeUndefined()
})
