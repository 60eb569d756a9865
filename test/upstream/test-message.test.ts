import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { introspectionAt, startMailProvider } from '../../examples/demo/mail-provider.js'
import { Failure } from '../../src/base/failure.ts'
import { causeBeside } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { AccessToken, TokenBroker } from '../../src/grants/token-broker.ts'
import type { Address } from '../../src/model/address.ts'
import { createNameResolver } from '../../src/net/name-resolver.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { createRelay } from '../../src/upstream/create-relay.ts'
import { createDialer } from '../../src/upstream/dial.ts'
import { createReachServer } from '../../src/upstream/server-look.ts'
import { createTestMessage, type StepOutcome } from '../../src/upstream/test-message.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { patientLimits } from '../support/relay-stage.ts'

const mailbox = 'me@example.com'
let authority: AuthorizationServer
let mail: Awaited<ReturnType<typeof startMailProvider>>

beforeAll(async () => {
  authority = await startAuthorizationServer({ redirectUris: ['http://localhost/cb'] })
  mail = await startMailProvider({
    introspect: async (token) =>
      token === 'good'
        ? { active: true, sub: mailbox, scope: 'https://mail.example/SMTP.Send' }
        : introspectionAt(authority)(token),
  })
})
afterAll(async () => {
  await mail.close()
  await authority.close()
})

async function sendTestMessage(
  change: { token?: string | Failure; fresh?: string; ca?: string; port?: number; recipient?: Address } = {},
) {
  const [clock, log, store] = [createManualClock(), createRecordingLog(), createMemoryStore()]
  await store.mailboxes.add({ address: mailbox, providerId: 'custom', createdAt: 0 })
  const provider: RegisteredProvider = {
    ...registeredProvider(),
    submission: { host: mail.host, port: change.port ?? mail.port, tls: 'starttls' },
  }
  const catalogue = { registered: () => provider, list: () => [{ provider, registered: true }] }
  const { token = 'good' } = change
  const tokens: TokenBroker = {
    async accessTokenFor(_mailbox, request): Promise<AccessToken> {
      if (token instanceof Failure) throw token
      return {
        secret: new Secret((request?.refused && change.fresh) ?? token),
        grant: { id: 'grant', providerId: provider.id, personal: true },
        remainingSeconds: () => 3600,
        ageSeconds: () => 1,
        expiresAt: 0,
        scopes: [],
      }
    },
    grantChanged() {},
    close: async () => {},
  }
  const governors = createGovernors({ counts: store.recipientCounts, clock, log })
  const extraCa = change.ca ?? mail.ca
  const limits = patientLimits
  const relay = createRelay({
    catalogue,
    mailboxes: store.mailboxes,
    serverCapabilities: store.serverCapabilities,
    tokens,
    governors,
    limits,
    extraCa,
    clock,
    log,
  })
  const run = createTestMessage({
    mailboxes: store.mailboxes,
    catalogue,
    tokens,
    relay,
    reachServer: createReachServer({
      dial: createDialer({ limits, extraCa }),
      names: createNameResolver(),
      clock,
    }),
    limits,
    clock,
    log,
  })
  const steps: StepOutcome[] = []
  for await (const step of run(mailbox, change.recipient ?? 'you@example.net', {
    by: { name: 'administrator' },
    login: 'Hall',
  }))
    steps.push(step)
  await relay.close()
  return { steps, line: log.lines.at(-1)?.fields }
}
const names = (steps: readonly StepOutcome[]) =>
  steps.map(({ step, failure }) => (failure ? `${step}: ${failure.code}` : step))

describe('a test message', () => {
  it('a test message goes through every step to a real server, and arrives', async () => {
    const before = mail.messages.length
    const { steps, line } = await sendTestMessage()
    expect(names(steps)).toEqual([
      ...['token', 'name', 'connect', 'tls', 'mechanism'],
      ...['sign-in', 'sender', 'recipient', 'message'],
    ])
    expect(steps.at(-1)?.said).toContain('Your message is in the inbox')
    expect(mail.messages.at(before)).toMatchObject({ sender: mailbox, recipients: ['you@example.net'] })
    expect(line).toMatchObject({
      event: 'test-message.sent',
      mailbox,
      login: 'Hall',
      recipients: ['you@example.net'],
      by: 'administrator',
    })
    expect(mail.messages.at(before)?.raw.toString()).toContain('Subject: Test message of postern')
  })

  it('a token that the provider refuses is renewed for a test message as for any other', async () => {
    const { steps } = await sendTestMessage({ token: 'worn-out', fresh: 'good' })
    expect(names(steps)).toEqual([
      ...['token', 'name', 'connect', 'tls', 'mechanism'],
      ...['sign-in', 'sender', 'recipient', 'message'],
    ])
  })

  it.each<[string, Parameters<typeof sendTestMessage>[0], string[]]>([
    [
      'a consent',
      { token: failureAs('consent-needed', 'No consent yet', { fix: 'Consent.' }) },
      ['token: consent-needed'],
    ],
    ['anybody who listens', { port: 1 }, ['token', 'name', 'connect: provider-unavailable']],
    ['an authority that is trusted', { ca: '' }, ['token', 'name', 'connect', 'tls: provider-setup']],
    [
      'a good token',
      { token: 'bad' },
      ['token', 'name', 'connect', 'tls', 'mechanism', 'sign-in: provider-setup'],
    ],
  ])(
    'a test message ends at the step that fails, without %s, and says what to do',
    async (_, change, expected) => {
      const before = mail.messages.length
      const { steps, line } = await sendTestMessage(change)
      expect(names(steps)).toEqual(expected)
      expect(steps.at(-1)?.failure?.fix).toMatch(/\.$/)
      expect(mail.messages.length).toBe(before)
      const last = steps.at(-1)?.failure
      expect(line).toMatchObject({
        event: 'test-message.failed',
        failure: last?.id,
        detail: last?.message,
        [causeBeside]: last,
      })
    },
  )
})
