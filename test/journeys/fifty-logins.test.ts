import { afterAll, beforeAll, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { signIn } from '../support/smtp-client.ts'
import { expiry, tokenTally } from '../support/token-tally.ts'

const tally = tokenTally()
let stage: Stage

beforeAll(async () => {
  stage = await setStage({ accessTokenSeconds: 1, onTokenRequest: tally.onTokenRequest })
})
afterAll(() => stage?.close())

it('postern asks for one access token when fifty logins and ten scripts come at once and the old one has expired', async () => {
  const mailbox = await consentedMailbox(stage.postern)
  const { key } = await command(stage.postern, 'api-key', 'add', '--scope', `token:${mailbox.address}`)
  const readToken = async () => {
    const url = `${stage.postern.url}/api/v1/mailboxes/${mailbox.address}/token`
    return (await fetch(url, { headers: { authorization: `Bearer ${key}`, accept: 'text/plain' } })).text()
  }
  await expiry(stage.authority, tally.accessTokens().at(-1) ?? '')
  stage.authority.setAccessTokenSeconds(3600)
  const before = tally.requests.length

  const [answers, tokens] = await Promise.all([
    Promise.all(Array.from({ length: 50 }, () => signIn(stage.process.smtpPort, mailbox))),
    Promise.all(Array.from({ length: 10 }, readToken)),
  ])

  expect(answers.filter((answer) => answer.startsWith('235'))).toHaveLength(50)
  expect(new Set(tokens.map((text) => text.trim()))).toEqual(new Set([tally.accessTokens().at(-1)]))
  expect(tally.requests.slice(before).map(({ grantType }) => grantType)).toEqual(['refresh_token'])
})
