import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { signIn, submit, type TestServer, testServer } from './test-server.ts'

interface Refused {
  path: string
  form: Record<string, string>
  /** The field that is wrong, by its id. */
  field: string
  /** What the form still holds. */
  kept?: string
  prepare?: (test: TestServer) => unknown
}

const tenant = '11111111-2222-3333-4444-555555555555'
const mailbox = { address: 'you@example.com', provider: 'example' }

async function withRegistration({ services }: TestServer): Promise<void> {
  await services.registrations.add({ id: 'ours', preset: 'microsoft', clientId: 'mine', tenant })
}

function refusingLogins(thrown: Error) {
  return ({ services }: TestServer) => {
    services.logins.add = () => Promise.reject(thrown)
  }
}

function refusingMailboxes(thrown: Error) {
  return ({ services }: TestServer) => {
    services.mailboxes.add = () => Promise.reject(thrown)
  }
}

/** A form of each page, with something wrong. */
const forms: Record<string, Refused> = {
  'the object id of an app registration': {
    path: '/registrations/ours/certificate',
    form: { objectId: 'not-an-id' },
    field: 'objectId',
    kept: 'value="not-an-id"',
    prepare({ services }) {
      services.ownCertificates.make = () =>
        Promise.reject(failure('certificate.no-object-id', { text: 'not-an-id' }))
    },
  },
  'the client id as the object id of an app registration': {
    path: '/registrations/ours/certificate',
    form: { objectId: tenant },
    field: 'objectId',
    kept: `value="${tenant}"`,
    prepare({ services }) {
      services.ownCertificates.make = () => Promise.reject(failure('certificate.client-id-as-object-id'))
    },
  },
  'a registration with an id that is taken': {
    path: '/registrations',
    form: { preset: 'microsoft', clientId: 'mine', tenant, id: 'ours' },
    field: 'id',
    kept: 'value="mine"',
    prepare: withRegistration,
  },
  'a changed registration whose proxy is none': {
    path: '/registrations/ours',
    form: { clientId: 'other', tenant, proxy: 'here' },
    field: 'proxy',
    kept: 'value="other"',
    prepare: withRegistration,
  },
  'the next client secret, which is none': {
    path: '/registrations/ours/secrets',
    form: { clientSecret: 'your-client-secret', expires: '2027-01-31' },
    field: 'next-clientSecret',
    kept: 'value="2027-01-31"',
    prepare: withRegistration,
  },
  'a wrong password before a registration is removed': {
    path: '/registrations/ours/remove',
    form: { force: 'yes', pagePassword: 'wrong' },
    field: 'remove-pagePassword',
    async prepare(test) {
      await withRegistration(test)
      test.services.pagePasswords.isSet = async () => true
      test.services.pagePasswords.check = () => Promise.reject(failure('page.wrong-password'))
    },
  },
  'a wrong password before a client secret is added': {
    path: '/registrations/ours/secrets',
    form: { clientSecret: 'next', pagePassword: 'wrong' },
    field: 'next-pagePassword',
    async prepare(test) {
      await withRegistration(test)
      test.services.pagePasswords.isSet = async () => true
      test.services.pagePasswords.check = () => Promise.reject(failure('page.wrong-password'))
    },
  },
  'an alias that is no address': {
    path: '/mailboxes',
    form: { ...mailbox, aliases: 'sales' },
    field: 'aliases',
    kept: 'value="you@example.com"',
    prepare: refusingMailboxes(failure('address.no-mail-address', { text: 'sales' })),
  },
  'somebody who signs in where nobody does': {
    path: '/mailboxes',
    form: { ...mailbox, signsInAs: '', saslUser: 'upn' },
    field: 'signsInAs',
    prepare: refusingMailboxes(failure('mailbox.app-only-with-person')),
  },
  'a registration that cannot send by itself': {
    path: '/mailboxes',
    form: mailbox,
    field: 'provider',
    prepare: refusingMailboxes(failure('registration.without-credentials', { provider: 'example' })),
  },
  'a login for what is no address': {
    path: '/logins',
    form: { name: 'Printer', mailbox: 'me', mailboxes: '' },
    field: 'mailbox',
    kept: 'value="Printer"',
    prepare: refusingLogins(failure('address.no-mail-address', { text: 'me' })),
  },
  'a further mailbox of a login that is no address': {
    path: '/logins',
    form: { mailbox: 'me@example.com', mailboxes: 'sales' },
    field: 'mailboxes',
    prepare: refusingLogins(failure('address.no-mail-address', { text: 'sales' })),
  },
  'a network that is none': {
    path: '/logins',
    form: { mailbox: 'me@example.com', networks: 'here' },
    field: 'networks',
    prepare: refusingLogins(failure('address.no-network', { text: 'here' })),
  },
  'a sender that is none': {
    path: '/logins',
    form: { mailbox: 'me@example.com', senders: 'everybody' },
    field: 'senders',
    prepare: refusingLogins(failure('sender.no-pattern', { text: 'everybody' })),
  },
  'a password that anybody guesses': {
    path: '/logins',
    form: { mailbox: 'me@example.com', way: 'chosen', password: 'aaaaaaaaaaaa' },
    field: 'password',
    prepare: refusingLogins(failure('password.repeats')),
  },
  'the recipient of a doctor who is none': {
    path: '/mailboxes/me@example.com/diagnosis',
    form: { sendTo: 'you' },
    field: 'sendTo',
    kept: 'value="you"',
    prepare({ services }) {
      services.doctor.mailbox = () => Promise.reject(failure('address.no-mail-address', { text: 'you' }))
    },
  },
  'the recipient of a test message who is none': {
    path: '/mailboxes/me@example.com/test',
    form: { to: 'you' },
    field: 'to',
    kept: 'value="you"',
  },
  'an API key for a mailbox that is not there': {
    path: '/api-keys',
    form: { right: 'token', mailbox: 'nobody@example.com' },
    field: 'mailbox',
  },
}

describe('a form that was refused', () => {
  it.each(Object.entries(forms))('%s is told at its field, where the focus is', async (_, refused) => {
    const { path, form, field, kept, prepare } = refused
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    await prepare?.(test)
    const answer = await test.post(path, { ...form, csrf }).set('Cookie', cookie)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).toContain('<title>Error: ')
    const tags = answer.text.match(/<\w+ [^>]* autofocus[^>]*>/g)
    expect(tags).toHaveLength(1)
    expect(tags?.[0]).toContain(` id="${field}-field"`)
    expect(answer.text).toContain(`<span class="wrong" id="${field}-field-wrong">`)
    // What is wrong is seen: no section that holds it is closed.
    const before = answer.text.slice(0, answer.text.indexOf(`id="${field}-field"`))
    const around = [...before.matchAll(/<(\/?)details([^>]*)>/g)]
    const closed: string[] = []
    for (const [, end, attributes = ''] of around) end ? closed.pop() : closed.push(attributes)
    expect(closed.filter((attributes) => !attributes.includes('open'))).toEqual([])
    if (kept !== undefined) expect(answer.text).toContain(kept)
  })

  it('the mistakes of a registration are said in the language of the page, each at its field', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const form = { csrf, preset: 'microsoft', clientId: 'your-client-id', tenant, id: 'Ours!', proxy: 'here' }
    const asked = (language: string) =>
      test.post('/registrations', form).set({ Cookie: cookie, 'Accept-Language': language })
    const saidIn = ({ text }: { text: string }) =>
      Object.fromEntries(
        [...text.matchAll(/<span class="wrong" id="(\w+)-field-wrong">(.*?)<\/span>/g)].map(
          ([, field, words]) => [field, words],
        ),
      )
    expect(saidIn(await asked('en'))).toEqual({ id: 'Must be lower-case letters, digits and hyphens' })
    expect(saidIn(await asked('ja'))).toEqual({ id: '英小文字、数字、ハイフンだけを使えます' })
    form.id = 'ours'
    const japanese = await asked('ja')
    expect(saidIn(japanese)).toMatchObject({
      clientId: '見本のままです。実際の値を入力してください',
      proxy: expect.stringContaining('HTTP プロキシのアドレスでなければなりません'),
    })
    expect(japanese.text).toMatch(/id="clientId-field"[^>]* autofocus/)
    expect(japanese.text).not.toMatch(/must be|your own value/)
  })

  it('a filter that cannot be read is told at its field', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const page = await test.get('/journal?until=soon').set('Cookie', cookie)
    expect(page.text).toContain('<title>Error: ')
    expect(page.text).toMatch(/id="until-field"[^>]* aria-invalid="true" autofocus/)
  })

  it('the page that says what was not done has a title that says so, and the focus there, once', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.services.notices.sendTest = () => Promise.reject(failure('postern.stopping'))
    const page = await submit(test, '/test-notices', { csrf }, { Cookie: cookie })
    expect(page.text).toContain('<title>Error: ')
    expect(page.text).toContain('role="alert" tabindex="-1" autofocus')
    expect((await test.get('/').set('Cookie', cookie)).text).not.toContain('Error:')
    const none = await submit(test, '/mailboxes/sent-consent-links', { csrf }, { Cookie: cookie })
    expect(none.text).toContain('No mailbox was chosen.')
    expect(none.text).toContain('<title>Error: ')
  })
})
