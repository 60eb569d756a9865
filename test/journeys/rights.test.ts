import { afterAll, beforeAll, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consent, consentedMailbox } from '../support/consented-mailbox.ts'
import { sendMail } from '../support/mail-session.ts'

const [domain, ceo] = ['*@example.com', 'ceo@example.com']
const app = { client_id: 'the-app', client_secret: 'the-secret-of-the-app', scope: mailScope }
let stage: Stage

beforeAll(async () => {
  const unused = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }
  stage = await setStage({
    apps: [{ ...app, ...unused }] as never,
    moreProviders: (authority, { host, port, tls }) => [
      {
        id: 'app',
        name: 'The app',
        authorizationEndpoint: authority.endpoints.authorization,
        tokenEndpoint: authority.endpoints.token,
        scopes: [mailScope],
        applicationScopes: [mailScope],
        clientId: app.client_id,
        clientSecrets: [{ value: app.client_secret }],
        smtp: { host, port, tls },
        mechanisms: ['XOAUTH2'],
      },
    ],
  })
})
afterAll(() => stage?.close())

const postern = (...words: string[]) => command(stage.postern, ...words)

async function keyWith(...scopes: string[]): Promise<string> {
  return (await postern('api-key', 'add', ...scopes.flatMap((scope) => ['--scope', scope]))).key
}

async function tokenStatus(key: string, address = ceo): Promise<number> {
  const url = `${stage.postern.url}/api/v1/mailboxes/${address}/token`
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
  await response.body?.cancel()
  return response.status
}

const accounts = () => stage.mailProvider.messages.map(({ account }) => account)

it("a right to a domain does not reach a person's own mailbox, unless it says so, and ends with the domain", async () => {
  await postern('mailbox', 'add', domain, '--provider', 'app', '--app-only')
  const keys = {
    whole: await keyWith(`token:${domain}`),
    named: await keyWith(`token:${ceo}`),
    personal: await keyWith(`token:${domain}+personal`),
  }
  for (const key of Object.values(keys)) expect(await tokenStatus(key)).toBe(200)
  const users = await Promise.all(
    [[], ['--personal']].map((more) => postern('login', 'add', domain, '--user', `printers${more}`, ...more)),
  )

  await postern('mailbox', 'add', ceo, '--provider', 'example')
  await consent(stage.postern, ceo)
  expect(await tokenStatus(keys.whole)).toBe(403)
  expect(await tokenStatus(keys.whole, 'other@example.com')).toBe(200)
  expect(await tokenStatus(keys.named)).toBe(401)
  expect(await tokenStatus(keys.personal)).toBe(200)

  const [plain, personal] = await Promise.all(
    users.map(({ login, password }) =>
      sendMail(stage.process.smtpPort, { address: ceo, user: login.userName, password }),
    ),
  )
  expect(plain?.RCPT).toMatch(/^550 5\.7\.1 .*which is a person's own\. Allow it with: postern login add/)
  expect(personal?.message).toMatch(/^250 /)
  expect(accounts()).toEqual([ceo])

  await postern('mailbox', 'remove', domain)
  for (const key of Object.values(keys)) expect(await tokenStatus(key)).toBe(401)
  expect((await postern('api-key', 'list')).apiKeys).toMatchObject([
    { state: 'revoked', scopes: [`token:${domain}`] },
    { state: 'revoked' },
    { state: 'revoked' },
  ])
  await postern('mailbox', 'remove', ceo)
})

it.each(['MAIL', 'DATA'] as const)(
  'an open session does not send by the consent of the next owner of a mailbox (before %s)',
  async (step) => {
    const anna = await consentedMailbox(stage.postern, 'anna@example.com')
    await consentedMailbox(stage.postern, 'ben@example.com')
    const { login, password } = await postern('login', 'add', anna.address, 'ben@example.com')
    const before = accounts().length
    const next = async () => {
      await postern('mailbox', 'remove', anna.address)
      await consentedMailbox(stage.postern, anna.address)
    }
    const sender = { address: anna.address, user: login.userName, password }
    const answers = await sendMail(stage.process.smtpPort, sender, { before: { [step]: next } })
    expect(answers.AUTH).toMatch(/^235 /)
    expect(step === 'MAIL' ? answers.RCPT : answers.message).toMatch(/^550 5\.7\.1 /)
    expect(accounts()).toHaveLength(before)
    // It keeps what it still has.
    const rest = await sendMail(stage.process.smtpPort, { ...sender, address: 'ben@example.com' })
    expect(rest.message).toMatch(/^250 /)
    for (const address of [anna.address, 'ben@example.com']) await postern('mailbox', 'remove', address)
  },
)

it('another person, or a person in the place of an app, begins without the grant that there was', async () => {
  const { address } = await consentedMailbox(stage.postern, 'info@example.com')
  const key = await keyWith(`token:${address}`)
  expect(await tokenStatus(key, address)).toBe(200)
  const replace = ['mailbox', 'add', address, '--replace', '--provider']
  expect(await postern(...replace, 'example', '--alias', 'hello@example.com')).toMatchObject({
    state: 'active',
  })
  expect(await postern(...replace, 'example', '--signs-in-as', 'boss@example.com')).toMatchObject({
    state: 'lapsed',
    reason: expect.stringContaining('boss@example.com instead of info@example.com'),
  })
  expect(await tokenStatus(key, address)).not.toBe(200)
  await postern('mailbox', 'remove', address)
  await postern('mailbox', 'add', address, '--provider', 'app', '--app-only')
  expect(await postern(...replace, 'app', '--app-only')).toMatchObject({ state: 'active' })
  expect(await postern(...replace, 'app')).toMatchObject({ state: 'absent' })
  expect(await tokenStatus(await keyWith(`token:${address}`), address)).not.toBe(200)
})
