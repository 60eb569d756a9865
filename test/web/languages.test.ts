import { describe, expect, it } from 'vitest'
import { byId, failure } from '../../src/base/failure.ts'
import { fault, good } from '../../src/diagnosis/finding.ts'
import { text } from '../../src/failures/texts.ts'
import { createCatalogue, withoutOAuth } from '../../src/providers/catalogue.ts'
import { allPresets, presetOf } from '../../src/providers/presets/presets.ts'
import type { Catalogue } from '../../src/providers/provider.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import type { GivenMailbox } from './memory-services.ts'
import { link, signIn, submit, type TestServer, testServer } from './test-server.ts'

const address = 'on@example.com'
const at = '2026-02-27T10:00:00.000Z'
const later = '2026-03-01T10:00:00.000Z'
const refusal = failure('upstream.connection-lost', { host: 'smtp.example', reason: text('lost.closed') })
const pause = {
  since: at,
  until: later,
  reason: refusal.message,
  said: '5.7.0 go away',
  failure: byId(refusal),
}
const sending = {
  messagesLastMinute: 3,
  messagesPerMinute: 30,
  recipientsLastDay: 4,
  recipientsPerDay: 100,
  recipientsRoomAt: later,
  connections: { open: 1, inUse: 1, allowed: 1, limit: 2 },
  waiting: 2,
  pauses: [],
}
const endings = [
  'unused',
  'refresh-token',
  'test-phase',
  'client-secret',
  'old-client-secret',
  'certificate',
].map((kind) => ({ kind, endsAt: later, fix: 'The English of the API.' }))

/** A mailbox in each state that its page knows. */
const states: [what: string, mailbox: Partial<GivenMailbox>][] = [
  ['absent', {}],
  [
    'active',
    {
      state: 'active',
      flow: 'authorization-code',
      grantedAt: at,
      renewedAt: at,
      renewsBy: later,
      signedInAs: address,
    },
  ],
  ['sending', { state: 'active', flow: 'adopted', sending, lastSentAt: at } as never],
  ['app-only', { state: 'active', flow: 'client-credentials' }],
  ['by a service account', { state: 'active', flow: 'service-account' }],
  ['by a code', { state: 'active', flow: 'device', aliases: ['sales@example.com'], saslUser: 'me' }],
  ['with ends', { state: 'active', endings } as never],
  ...(['mailbox', 'registration', 'sign-in', 'token', 'sender', 'program'] as const).map(
    (about): [string, Partial<GivenMailbox>] => [
      `paused: ${about}`,
      { state: 'active', sending: { ...sending, pauses: [{ ...pause, about }] } } as never,
    ],
  ),
  [
    'refused by its provider',
    { state: 'lapsed', since: at, reason: 'invalid_grant: the grant has gone away', refusedAt: at },
  ],
  [
    'moved',
    {
      state: 'lapsed',
      since: at,
      reason: 'The English of the API.',
      reasonText: byId(text('lapse.moved', { before: 'a', after: 'b' })),
    },
  ],
]

async function signedIn(test: TestServer) {
  const { cookie, csrf } = await signIn(test)
  const japanese = { Cookie: cookie, 'Accept-Language': 'ja,en;q=0.5' }
  return {
    csrf,
    get: (path: string) => test.get(path).set(japanese),
    post: (path: string, form: Record<string, string> = {}) =>
      submit(test, path, { csrf, ...form }, japanese),
  }
}

/** What a person reads: without code, quoted words, what is said to be English, and what others typed. */
function textOf(html: string): string {
  return (
    html
      .replace(/^.*<body>/s, '')
      .replaceAll(/<(code|pre|kbd|q)\b[^>]*>.*?<\/\1>/gs, ' ')
      .replaceAll(/<\w+[^>]* lang="en"[^>]*>.*?<\/\w+>/gs, ' ')
      .replaceAll(/ (?:title|aria-label|placeholder)="([^"]*)"/g, '>$1<')
      .replaceAll(/<[^>]+>/g, '\n')
      .replaceAll(/「[^」]*」|&quot;.*?&quot;/g, ' ')
      // A command to be typed.
      .replaceAll(/postern [a-z-]+( [a-z-]+)*/g, ' ')
      .replaceAll(/https?:\S+|\S+@\S+|POSTERN_\w+/g, ' ')
  )
}

/** Names that are the same in every language. */
const names = [
  ...[...allPresets(), ...withoutOAuth].map(({ name }) => name),
  'Exchange Online PowerShell',
  'RBAC for Applications',
]

/** Four English words in a row, or three that begin without a capital. */
function english(html: string): string[] {
  let read = textOf(html)
  for (const name of names) read = read.replaceAll(name, ' ')
  return read.match(/[a-z]{2,} [a-z]{2,} [a-z]{2,}.*|[A-Za-z'’]{2,}(?:[ ,;:]+[A-Za-z'’]{2,}){3,}.*/g) ?? []
}

function expectJapanese(answer: { text: string; status: number; headers: Record<string, unknown> }) {
  expect(answer.text).toContain('<html lang="ja">')
  expect(answer.headers).toMatchObject({ 'content-language': 'ja', vary: 'Accept-Language' })
  expect(english(answer.text)).toEqual([])
}

const paths = [
  '/',
  '/mailboxes/new',
  '/mailboxes/on@example.com',
  '/mailboxes/on@example.com/remove',
  '/mailboxes/on@example.com/diagnosis',
  '/logins',
  '/logins/new',
  '/api-keys',
  '/account',
  '/journal',
  '/consent-links',
  '/explain',
  '/providers/example',
  '/sign-in',
  `/consent/${link}`,
  '/consent/nothing',
  '/mailboxes/nobody@example.com',
  '/oauth/callback?error=access_denied&state=x',
  '/nowhere',
]

describe('pages in the language that the browser asks for', () => {
  it.each(paths)('the page shows %s in Japanese, all of it', async (path) => {
    const test = testServer()
    test.services.mailboxes.all.push({ address, provider: 'example', state: 'active' })
    await test.services.logins.add({ mailboxes: [address], name: 'プリンター' })
    expectJapanese(await (await signedIn(test)).get(path))
  })

  it.each(states)(
    'a mailbox is shown in Japanese, in the list and on its page: %s',
    async (_what, mailbox) => {
      const test = testServer()
      test.services.mailboxes.all.push({
        address,
        provider: 'example',
        state: 'absent',
        ...mailbox,
      } as GivenMailbox)
      const { get } = await signedIn(test)
      expectJapanese(await get('/'))
      expectJapanese(await get(`/mailboxes/${address}`))
    },
  )

  const unregistered = createCatalogue({
    registrations: {},
    customProviders: [],
    providerOverrides: new Map(),
  })
  const registered: Catalogue = {
    registered: (id) => ({
      ...(presetOf(id) ?? registeredProvider()),
      registration: { clientId: 'client', clientSecrets: [] },
    }),
    list: () => allPresets().map((provider) => ({ provider, registered: true })),
  }
  it.each(allPresets().map(({ id }) => id))('the provider %s is shown in Japanese', async (id) => {
    for (const catalogue of [unregistered, registered]) {
      const test = testServer()
      Object.assign(test.services.catalogue, { registered: catalogue.registered, list: catalogue.list })
      const { get } = await signedIn(test)
      expectJapanese(await get(`/providers/${id}`))
      expectJapanese(await get('/'))
      expectJapanese(await get('/mailboxes/new'))
    }
  })

  it('a test message that fails, and a diagnosis, are in Japanese', async () => {
    const test = testServer()
    test.services.mailboxes.all.push({ address, provider: 'example', state: 'active' })
    const { post } = await signedIn(test)
    test.services.sendTestMessage.steps.push({ step: 'token' }, { step: 'connect', failure: refusal })
    expectJapanese(await post(`/mailboxes/${address}/test`, { to: 'you@example.net' }))
    test.services.doctor.findings.push(
      { ...good('key', text('doctor.key-fits')), milliseconds: 1 },
      { ...fault('connect', refusal, '550 no good'), milliseconds: 1 },
    )
    expectJapanese(await post(`/mailboxes/${address}/diagnosis`))
  })

  it.each<[string, Record<string, string>]>([
    ['/mailboxes', { address: 'nobody', provider: 'example' }],
    ['/logins', { mailboxes: address, name: '' }],
    ['/api-keys', { name: '' }],
    [`/mailboxes/${address}/test`, { to: 'nobody' }],
    [`/mailboxes/${address}/consent-links`, {}],
    [`/mailboxes/${address}/remove`, {}],
    [`/mailboxes/${address}/consent`, {}],
    ['/providers/example/check', {}],
    ['/explain', { text: 'AADSTS700082' }],
    ['/explain', { text: 'nothing' }],
    ['/sign-in', { name: 'administrator', password: 'wrong' }],
    ['/nowhere', {}],
  ])('what comes of a form is in Japanese: %s %o', async (path, form) => {
    const test = testServer()
    test.services.mailboxes.all.push({ address, provider: 'example', state: 'active' })
    const { post } = await signedIn(test)
    expectJapanese(await post(path, form))
  })

  it('a page for others is refused in Japanese', async () => {
    const test = testServer()
    const { cookie } = await signIn(test, 'viewer')
    for (const path of ['/', '/mailboxes/new'])
      expectJapanese(
        await test
          .get(path)
          .set('Cookie', path === '/' ? '' : cookie)
          .set('Accept-Language', 'ja'),
      )
  })

  it.each(['en-GB,en;q=0.9,ja;q=0.1', 'fr', ''])(
    'the page shows English to a browser that asks for "%s"',
    async (asked) => {
      const test = testServer()
      const answer = await test.get('/sign-in').set('Accept-Language', asked)
      expect(answer.text).toContain('<html lang="en">')
      expect(answer.text).toContain('Sign in')
    },
  )
})
