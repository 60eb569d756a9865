import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Pause } from '../../src/governor/governor.ts'
import { type Address, addressKey } from '../../src/model/address.ts'
import type { NewGrant } from '../../src/model/grant.ts'
import type { ActiveMailbox } from '../../src/upstream/relay.ts'
import { failureAs } from '../support/made-failure.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { createMetricsStage, type MetricsStage } from './stage.ts'

const day = 86_400_000

async function addMailbox(
  stage: MetricsStage,
  address: Address,
  providerId: string,
  grant?: Partial<NewGrant>,
) {
  const now = stage.clock.now()
  await stage.store.mailboxes.add({ address, providerId, createdAt: now })
  if (!grant) return
  const given = { flow: 'authorization-code' as const, scopes: [], grantedAt: now, renewedAt: now }
  await stage.store.grants.adopt({ mailbox: address, refreshToken: new Secret('r'), ...given, ...grant })
}

function active(
  mailbox: Address,
  over: Partial<Omit<ActiveMailbox, 'state'>> & { inUse?: number; pauses?: Pause[] } = {},
): ActiveMailbox {
  const { inUse = 0, pauses = [], ...rest } = over
  return {
    mailbox,
    provider: 'custom',
    account: mailbox,
    ...rest,
    state: {
      connections: { allowed: 4, limit: 4, open: inUse, inUse },
      messagesLastMinute: 0,
      recipientsLastDay: 0,
      pauses,
      waiting: 0,
    },
  }
}

const pause = (about: Pause['about'], over: Partial<Pause> = {}): Pause => ({
  about,
  since: 0,
  until: 1,
  reason: 'told so.',
  ...over,
})

describe('metrics', () => {
  it('metrics begin with the first look, or when they are told to', async () => {
    const stage = createMetricsStage()
    stage.says.line({ event: 'message.sent', provider: 'custom' })
    expect(stage.asked.watch).toBe(0)
    expect((await stage.read()).value('postern_events_total', { event: 'message.sent' })).toBe(0)
    stage.says.line({ event: 'message.sent', provider: 'custom' })
    expect((await stage.read()).value('postern_events_total', { event: 'message.sent' })).toBe(1)
    await stage.metrics.begin()
    expect(stage.asked.watch).toBe(1)
  })

  it('metrics are looked up once for all who ask at the same time', async () => {
    let looks = 0
    const { metrics } = createMetricsStage({
      async isReady() {
        looks += 1
        return false
      },
    })
    const texts = await Promise.all([1, 2, 3].map(() => metrics.read()))
    expect(looks).toBe(1)
    expect(new Set(texts.map(({ text }) => text)).size).toBe(1)
    expect(texts[0]?.text).toContain('postern_ready 0\n')
  })

  it('metrics count what the log has told as one', async () => {
    const stage = createMetricsStage()
    await stage.metrics.begin()
    const refusal = { event: 'message.not-taken', provider: 'custom', reason: 'too-large' }
    stage.says.line({ ...refusal, waitingMilliseconds: 10, providerMilliseconds: 20 })
    stage.says.line({ ...refusal, waitingMilliseconds: 10, providerMilliseconds: 20, more: 41 })
    stage.says.line({ event: 'message.not-taken', more: 7 })
    const { value } = await stage.read()
    const labels = { provider: 'custom', outcome: 'not-taken', error_type: 'too-large' }
    expect(value('postern_messages_total', labels)).toBe(42)
    expect(value('postern_messages_total', { provider: 'unknown', outcome: 'not-taken' })).toBe(7)
    expect(value('postern_message_provider_seconds_count', { provider: 'custom' })).toBe(1)
    expect(value('postern_message_provider_seconds_sum', { provider: 'custom' })).toBe(0.02)
    expect(value('postern_events_total', { event: 'message.not-taken' })).toBe(49)
  })

  it('metrics have no label that strangers can fill', async () => {
    const stage = createMetricsStage()
    await stage.metrics.begin()
    for (let count = 0; count < 500; count += 1) {
      const reason = `Reason "${count}"\n`
      stage.says.line({
        event: 'sign-in.refused',
        login: `guess-${count}`,
        client: `192.0.2.${count}`,
        reason,
      })
      stage.says.line({
        event: 'message.refused',
        provider: 'custom',
        code: 550 + (count % 40),
        reply: reason,
      })
      stage.says.request({
        url: new URL(`https://host-${count}.example/`),
        method: 'POST',
        seconds: 1,
        status: 200,
      })
    }
    const { series } = await stage.read()
    expect(series('postern_sign_ins_total')).toEqual([{ server: 'smtp', outcome: 'refused' }])
    expect(series('postern_messages_total')).toHaveLength(1)
    expect(series('http_client_request_duration_seconds_count')).toHaveLength(51)
  })

  it('metrics tell an answer of an HTTP server from none', async () => {
    const stage = createMetricsStage()
    await stage.metrics.begin()
    const url = new URL('https://login.example.com/token')
    stage.says.request({ url, method: 'POST', seconds: 0.2, status: 200 })
    stage.says.request({ url, method: 'POST', seconds: 0.3, status: 503 })
    stage.says.request({ url, method: 'POST', seconds: 10 })
    const { value } = await stage.read()
    const to = { http_request_method: 'POST', server_address: 'login.example.com', server_port: '443' }
    const sum = (labels: Record<string, string>) =>
      value('http_client_request_duration_seconds_sum', { ...to, ...labels })
    expect(sum({ http_response_status_code: '200' })).toBe(0.2)
    expect(sum({ http_response_status_code: '503', error_type: '503' })).toBe(0.3)
    expect(sum({ error_type: 'no-response' })).toBe(10)
  })
})

describe('what expires', () => {
  const unused = { oauth: { ...createProviderOAuth(), unusedDays: 90 } }

  it('an expiry is told by provider and kind, the first of each, without a mailbox', async () => {
    const stage = createMetricsStage({}, [{ id: 'one', ...unused }, { id: 'two' }])
    const now = stage.clock.now()
    await addMailbox(stage, 'a@example.com', 'one', { renewedAt: now - 3 * day })
    await addMailbox(stage, 'b@example.com', 'one', {
      renewedAt: now - day,
      refreshTokenEndsAt: now + 20 * day,
    })
    await addMailbox(stage, 'c@example.com', 'two', { refreshTokenEndsAt: now + 2 * day })
    await addMailbox(stage, 'd@example.com', 'two')
    const { value, series } = await stage.read()
    const expires = (provider: string, kind: string) =>
      value('postern_grant_expires_seconds', { provider, kind })
    expect(expires('one', 'unused')).toBe((now + 87 * day) / 1000)
    expect(expires('one', 'refresh-token')).toBe((now + 20 * day) / 1000)
    expect(expires('two', 'refresh-token')).toBe((now + 2 * day) / 1000)
    expect(series('postern_grant_expires_seconds')).toHaveLength(3)
    expect(value('postern_mailboxes', { provider: 'two', state: 'absent' })).toBe(1)
    expect(value('postern_mailboxes', { provider: 'two', state: 'active' })).toBe(1)
    expect(value('postern_mailbox_conditions', { provider: 'one', condition: 'failing' })).toBe(1)
  })

  it('an expiry names as many mailboxes as it may, those that expire first', async () => {
    const stage = createMetricsStage({ namedMailboxes: 2 }, [{ id: 'one' }])
    const now = stage.clock.now()
    for (const [index, name] of ['late', 'first', 'second'].entries())
      await addMailbox(stage, `${name}@example.com`, 'one', {
        refreshTokenEndsAt: now + (index === 0 ? 50 : index) * day,
      })
    const { series } = await stage.read()
    const named = series('postern_grant_expires_seconds').map(({ mailbox }) => mailbox)
    expect(named.sort()).toEqual(['first@example.com', 'second@example.com', undefined])
  })

  it('an expiry is read from the store once a minute, and stays as it was while the store fails', async () => {
    const stage = createMetricsStage({}, [{ id: 'one' }])
    await addMailbox(stage, 'a@example.com', 'one')
    const absent = async () =>
      (await stage.read()).value('postern_mailboxes', { provider: 'one', state: 'absent' })
    expect(await absent()).toBe(1)
    await addMailbox(stage, 'b@example.com', 'one')
    stage.clock.advance(59)
    expect(await absent()).toBe(1)
    expect(stage.asked.mailboxes).toBe(1)
    stage.clock.advance(1)
    expect(await absent()).toBe(2)
    const failing = createMetricsStage({
      mailboxes: { list: () => Promise.reject(failureAs('store-unavailable', 'The database is busy')) },
      isReady: async () => false,
    })
    expect((await failing.read()).value('postern_ready')).toBe(0)
  })

  it('client secrets and the certificate for clients expire as well', async () => {
    const [endsAt, certificateEnd] = [Date.UTC(2030, 11, 1), Date.UTC(2030, 6, 1)]
    const registration = { clientId: 'x', clientSecrets: [{ value: new Secret('s'), expiresAt: endsAt }] }
    const stage = createMetricsStage({ certificateExpiresAt: () => certificateEnd }, [
      { id: 'one', registration },
    ])
    const { value } = await stage.read()
    expect(value('postern_secret_expires_seconds', { provider: 'one', kind: 'client-secret' })).toBe(
      endsAt / 1000,
    )
    expect(value('postern_certificate_expires_seconds', { server: 'smtp' })).toBe(certificateEnd / 1000)
    expect((await createMetricsStage().read()).series('postern_certificate_expires_seconds')).toEqual([])
  })
})

describe('breakers and limits', () => {
  it('breakers and limits are counted once, however many mailboxes share them', async () => {
    const shared = [pause('registration'), pause('mailbox')]
    const one = active('a@example.com', {
      account: 'me@example.com',
      pauses: [...shared, pause('sender', { sender: 'x@example.com' })],
    })
    const two = active('b@example.com', {
      account: 'Me@example.com',
      pauses: [...shared, pause('sender', { sender: 'y@example.com' })],
    })
    const other = active('c@example.com', { pauses: [pause('registration'), pause('mailbox')] })
    const waits = { since: 0, until: 1, reason: 'told so.' }
    const stage = createMetricsStage({
      activeMailboxes: () => [one, two, other],
      tokenPauses: () => [
        { ...waits, mailbox: addressKey('c@example.com') },
        { ...waits, provider: 'custom' },
      ],
    })
    await addMailbox(stage, 'C@example.com', 'custom')
    const { value } = await stage.read()
    const open = (about: string) => value('postern_pauses', { provider: 'custom', about })
    expect(['registration', 'mailbox', 'sender', 'token', 'registration-token'].map(open)).toEqual([
      1, 2, 2, 1, 1,
    ])
  })

  it('the limits are those of whoever has used most, by the name that signs in', async () => {
    const stage = createMetricsStage({
      activeMailboxes: () => [
        active('a@example.com', { account: 'me@example.com', inUse: 1 }),
        active('b@example.com', { account: 'me@example.com', inUse: 2 }),
        active('c@example.com', { inUse: 2 }),
      ],
    })
    const { value, series } = await stage.read()
    expect(value('postern_limit_used_ratio', { provider: 'custom', limit: 'connections' })).toBe(3 / 4)
    expect(series('postern_limit_used_ratio')).toHaveLength(1)
    expect(value('postern_provider_connections', { provider: 'custom', state: 'in-use' })).toBe(5)
  })
})

const ours = (name: string) => name.startsWith('postern_') || name.startsWith('http_')

describe('the names', () => {
  it('the names are all in docs/monitoring.md, and no others', async () => {
    const docs = readFileSync(resolve(import.meta.dirname, '../../docs/monitoring.md'), 'utf8')
    const told = [...docs.matchAll(/^\| `([a-z_]+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    )
    const { types } = await createMetricsStage().read()
    const there = [...types].filter(([name]) => ours(name)).map(([name, type]) => `${name} ${type}`)
    expect(told.sort()).toEqual(there.sort())
  })

  it.runIf(peer('promtool'))('the names are what Prometheus asks for, as promtool sees it', async () => {
    const stage = createMetricsStage({ activeMailboxes: () => [active('a@example.com', { inUse: 1 })] })
    await stage.metrics.begin()
    stage.says.line({
      event: 'message.sent',
      provider: 'custom',
      recipients: 1,
      octets: 9,
      waitingMilliseconds: 1,
      providerMilliseconds: 2,
    })
    stage.says.token({ provider: 'custom', flow: 'refresh', outcome: 'granted' })
    const { text } = await stage.read()
    // The rest are prom-client's own, under names that many dashboards know.
    const own = text.split('\n').filter((line) => ours(line.replace(/^# (HELP|TYPE) /, '')))
    const checked = await runProgram('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n` })
    expect(checked).toEqual({ code: 0, output: '' })
  })
})

function createProviderOAuth() {
  return {
    authorizationEndpoint: 'https://login.example.com/authorize',
    tokenEndpoint: 'https://login.example.com/token',
    scopes: [],
    mailScopes: [],
    applicationScopes: [],
    authorizationParameters: {},
    authorizationResponseIss: false,
    clientAuthentication: 'none' as const,
  }
}
