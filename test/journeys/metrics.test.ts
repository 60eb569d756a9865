import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command, type DemoMailbox } from '../../examples/demo/mailbox.js'
import { providerEntry, setStageWith } from '../../examples/demo/stage.js'
import { createAuthority } from '../support/certificates.ts'
import { consent, consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { type Scrape, scrape } from '../support/metrics-text.ts'
import { signsIn } from '../support/provider-scripts.ts'
import { type Client, startScriptedProvider } from '../support/scripted-provider.ts'
import { plain, signIn, smtpDialogue } from '../support/smtp-client.ts'

const provider = 'example'
/** How long the provider takes for the message to `slow@`, in milliseconds. */
const slowMilliseconds = 400
let stage: Awaited<ReturnType<typeof openStage>>
let metricsUrl: string

/** Takes every message but one, and one slowly. */
async function takesMessages(client: Client): Promise<void> {
  await signsIn(client)
  let recipient = ''
  for (;;) {
    const line = await client.line()
    if (line === 'DATA') {
      client.say('354 Go ahead')
      await client.linesUntil(/^\.$/)
      if (recipient === 'slow@example.com') await pause(slowMilliseconds)
      client.say(recipient === 'refused@example.com' ? '554 5.7.1 Not this one' : '250 2.0.0 Queued')
    } else {
      recipient = /^RCPT TO:<(.*)>/.exec(line)?.[1] ?? recipient
      client.say(line === 'QUIT' ? '221 2.0.0 Goodbye' : '250 2.0.0 Fine')
    }
  }
}

async function openStage(metricsPort: number) {
  const authority = await createAuthority()
  return setStageWith(
    async () => {
      const tls = 'implicit' as const
      const certificate = await authority.issue()
      const { port, close } = await startScriptedProvider({ tls, certificate }, takesMessages)
      return { host: '127.0.0.1', port, tls, ca: authority.ca, close }
    },
    {
      env: {
        POSTERN_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
        POSTERN_MICROSOFT_CLIENT_ID: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab',
        POSTERN_MICROSOFT_CLIENT_SECRET: 'the-value-of-it',
        POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES: '2031-05-01',
        POSTERN_MICROSOFT_TENANT: 'example.com',
      },
      moreProviders: (server, submission) => [
        {
          ...providerEntry(server, submission),
          id: 'testing',
          name: 'In its test phase',
          grantsEndAfterDays: 7,
          limits: { connections: 1, messagesPerMinute: 10, recipientsPerDay: 20 },
        },
      ],
    },
  )
}

beforeAll(async () => {
  const metricsPort = await freePort()
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`
  stage = await openStage(metricsPort)
  await sendAll()
})
afterAll(() => stage?.close())

let login: DemoMailbox
let other: DemoMailbox

const message = (to: string, from = login) => [
  'EHLO legacy.example.com',
  `AUTH ${plain(from.user, from.password)}`,
  `MAIL FROM:<${from.address}>`,
  `RCPT TO:<${to}>`,
  'DATA',
  'Subject: hello\r\n\r\nhello\r\n.',
  'QUIT',
]

async function sendAll(): Promise<void> {
  const { smtpPort } = stage.postern
  login = await consentedMailbox(stage.postern)
  // What came of each, as its client was told.
  const codes = async (to: string) => (await smtpDialogue(smtpPort, message(to)))[6]?.slice(0, 3)
  expect(await codes('slow@example.com')).toBe('250')
  expect(await codes('you@example.com')).toBe('250')
  expect(await codes('refused@example.com')).toBe('554')
  await smtpDialogue(smtpPort, [...message('you@example.com').slice(0, 4), 'RSET', 'QUIT'])
  expect(await signIn(smtpPort, { ...login, password: 'wrong' })).toMatch(/^535 /)
  other = await mailboxAt('testing', 'other@example.com')
  // One connection is all that there is.
  await Promise.all([1, 2].map(() => smtpDialogue(smtpPort, message('slow@example.com', other))))
}

async function mailboxAt(id: string, address: string): Promise<DemoMailbox> {
  await command(stage.postern, 'mailbox', 'add', address, '--provider', id)
  const added = await command(stage.postern, 'login', 'add', address)
  await consent(stage.postern, address)
  return { address, user: added.login.userName, password: added.password }
}

const read = () => scrape(metricsUrl)

describe('the metrics of a postern that has sent mail', () => {
  it('the metrics count each message by what became of it, its recipients and octets', async () => {
    const { value, series } = await read()
    expect(value('postern_messages_total', { provider, outcome: 'sent' })).toBe(2)
    expect(value('postern_messages_total', { provider, outcome: 'refused', error_type: '5xx' })).toBe(1)
    expect(value('postern_messages_total', { provider, outcome: 'given-up' })).toBe(1)
    expect(value('postern_messages_total', { provider: 'testing', outcome: 'sent' })).toBe(2)
    expect(series('postern_messages_total')).toHaveLength(4)
    expect(value('postern_message_recipients_total', { provider })).toBe(2)
    expect(value('postern_message_bytes_total', { provider })).toBe(
      2 * 'Subject: hello\r\n\r\nhello\r\n'.length,
    )
  })

  it('the metrics tell the time of the provider from that of the client and of the wait', async () => {
    const { value } = await read()
    const seconds = value('postern_message_provider_seconds_sum', { provider }) ?? 0
    expect(value('postern_message_provider_seconds_count', { provider })).toBe(4)
    expect(seconds).toBeGreaterThanOrEqual(slowMilliseconds / 1000)
    expect(seconds).toBeLessThan(slowMilliseconds / 1000 + 2)
    expect(value('postern_message_provider_seconds_bucket', { provider, le: '0.25' })).toBe(3)
    expect(value('postern_message_waiting_seconds_count', { provider })).toBe(4)
    expect(value('postern_message_waiting_seconds_sum', { provider })).toBeLessThan(0.2)
    // The second of two at once waited for as long as the first one took.
    const waited = value('postern_message_waiting_seconds_sum', { provider: 'testing' }) ?? 0
    expect(waited).toBeGreaterThan((slowMilliseconds / 1000) * 0.8)
    expect(waited).toBeLessThan(slowMilliseconds / 1000 + 2)
  })

  it('the metrics count sign-ins, sessions, events and requests for tokens', async () => {
    const { value, series } = await read()
    expect(value('postern_sign_ins_total', { server: 'smtp', outcome: 'done' })).toBe(6)
    const refused = { server: 'smtp', outcome: 'refused', error_type: 'wrong-credentials' }
    expect(value('postern_sign_ins_total', refused)).toBe(1)
    expect(value('postern_smtp_sessions_total')).toBe(7)
    expect(value('postern_events_total', { event: 'message.sent' })).toBe(4)
    expect(value('postern_token_requests_total', { provider, flow: 'code', outcome: 'granted' })).toBe(1)
    const token = new URL(stage.authority.endpoints.token)
    const requests = series('http_client_request_duration_seconds_count')
    expect(requests).toContainEqual({
      http_request_method: 'POST',
      server_address: token.hostname,
      server_port: token.port,
      http_response_status_code: '200',
    })
  })

  it('the metrics tell how much of the limits is used, and which connections are open', async () => {
    const { value } = await read()
    expect(value('postern_provider_connections', { provider, state: 'idle' })).toBe(1)
    expect(value('postern_provider_connections', { provider, state: 'in-use' })).toBe(0)
    expect(value('postern_messages_waiting', { provider })).toBe(0)
    expect(value('postern_mailboxes', { provider, state: 'active' })).toBe(1)
    expect(value('postern_ready')).toBe(1)
    const used = (limit: string) => value('postern_limit_used_ratio', { provider: 'testing', limit })
    expect(used('messages-per-minute')).toBe(2 / 10)
    expect(used('recipients-per-day')).toBe(2 / 20)
    expect(used('connections')).toBe(0)
    expect(value('postern_secret_expires_seconds', { provider: 'microsoft', kind: 'client-secret' })).toBe(
      Date.UTC(2031, 4, 1) / 1000,
    )
  })

  it('the metrics tell when a grant expires, as soon as its provider does', async () => {
    const { value, series } = await read()
    const left =
      (value('postern_grant_expires_seconds', { provider: 'testing', kind: 'test-phase' }) ?? 0) -
      Date.now() / 1000
    expect(left).toBeGreaterThan(7 * 86_400 - 120)
    expect(left).toBeLessThan(7 * 86_400)
    expect(series('postern_grant_expires_seconds').filter((labels) => 'mailbox' in labels)).toEqual([])
  })

  it('the metrics name no mailbox, no login and no source', async () => {
    const { text } = await read()
    for (const secret of [
      'me@example.com',
      'other@example.com',
      login.user,
      other.user,
      stage.authority.clients.postern.secret,
    ])
      expect(text).not.toContain(secret)
  })

  it('a reading of the metrics changes nothing', async () => {
    const own = ({ text }: Scrape) => text.split('\n').filter((line) => /^(postern|http_client)_/.test(line))
    const first = own(await read())
    expect(own(await read())).toEqual(first)
    // A mailbox that nothing was sent for has no pool and no governor, and gets none.
    await command(stage.postern, 'mailbox', 'add', 'idle@example.com', '--provider', 'microsoft')
    await read()
    const { series } = await read()
    for (const name of ['postern_limit_used_ratio', 'postern_provider_connections'])
      expect(series(name).map((labels) => labels.provider)).not.toContain('microsoft')
  })

  it('the metrics are there for an API key that may read, and for no other', async () => {
    const url = `${stage.postern.url}/metrics`
    const keyFor = async (scope: string) =>
      (await command(stage.postern, 'api-key', 'add', '--scope', scope)).key as string
    const authorization = `Bearer ${await keyFor('read')}`
    const { value } = await scrape(url, { authorization })
    expect(value('postern_messages_total', { provider, outcome: 'sent' })).toBe(2)
    expect((await fetch(url)).status).toBe(401)
    const other = await keyFor('token:me@example.com')
    expect((await fetch(url, { headers: { authorization: `Bearer ${other}` } })).status).toBe(403)
  })

  it('the metrics see a client that is connected, and one that has left', async () => {
    const open = async () => (await read()).value('postern_smtp_sessions')
    await eventually('that all have left', async () => (await open()) === 0)
    const client = connect(stage.postern.smtpPort, '127.0.0.1')
    await once(client, 'data')
    expect(await open()).toBe(1)
    client.end('QUIT\r\n')
    await eventually('its end', async () => (await open()) === 0)
  })
})
