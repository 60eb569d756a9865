import { describe, expect, it } from 'vitest'
import { suggestProvider } from '../../src/providers/catalogue.ts'
import { signIn, testServer } from './test-server.ts'

const servers: Readonly<Record<string, string[]>> = {
  'example.com': ['aspmx.l.google.com'],
  'at-microsoft.example': ['at-microsoft-example.mail.protection.outlook.com'],
}

/** Microsoft is registered; the mail of `example.com` is received at Google. */
async function formAtMicrosoft() {
  const test = testServer()
  const { registrations, catalogue, mailboxes } = test.services
  await registrations.refresh()
  const tenant = '11111111-2222-3333-4444-555555555555'
  await registrations.add({ id: 'microsoft', preset: 'microsoft', clientId: tenant, tenant })
  Object.assign(catalogue, registrations.catalogue)
  test.services.suggestProvider = (address) =>
    suggestProvider(address, async (domain) => servers[domain] ?? [])
  const { cookie, csrf } = await signIn(test)
  return {
    async addRegistration(id: string) {
      await registrations.add({ id, preset: 'microsoft', clientId: tenant, tenant })
      Object.assign(catalogue, registrations.catalogue)
    },
    /** The answer; or the page that asks, which has an address of its own. */
    async add(values: Record<string, string>, language = 'en') {
      const headers = { Cookie: cookie, 'Accept-Language': language }
      const answer = await test.post('/mailboxes', { csrf, next: '', ...values }).set(headers)
      const { location = '' } = answer.headers
      return location.startsWith('/shown/') ? test.get(location).set(headers) : answer
    },
    added: () =>
      mailboxes.all.filter(({ provider }) => provider === 'microsoft').map(({ address }) => address),
  }
}

const hiddenIn = (page: string) => /name="sure" value="([^"]*)"/.exec(page)?.[1] ?? ''

describe('a mailbox at a provider that does not seem to be its own', () => {
  it.each([
    ['en', 'seems to be at Gmail and Google Workspace, not at Microsoft 365'],
    ['ja', 'ではなく Gmail and Google Workspace のメールボックスのようです。'],
  ])('what speaks against it is said before it is added: %s', async (language, words) => {
    const { add, added } = await formAtMicrosoft()
    const doubted = await add({ address: 'someone@gmail.com', provider: 'microsoft' }, language)
    expect(doubted.status).toBe(200)
    expect(doubted.text.replace(/<\/?strong>/g, '')).toContain(words)
    // The focus is there; what was filled in is kept, and the way to the right provider is a button.
    expect(doubted.text).toMatch(/<section class="warning" role="alert" tabindex="-1" autofocus>/)
    expect(doubted.text).toContain('value="someone@gmail.com"')
    expect(doubted.text).toContain('href="/providers/google"')
    expect(added()).toEqual([])
  })

  it('it is added by whoever sends the form again, and only that one', async () => {
    const { add, added } = await formAtMicrosoft()
    const first = { address: 'someone@gmail.com', provider: 'microsoft' }
    const sure = hiddenIn((await add(first)).text)
    // Another address that the form was changed to is doubted in its turn.
    expect((await add({ ...first, address: 'other@gmail.com', sure })).text).toContain('role="alert"')
    expect(added()).toEqual([])
    const again = await add({ ...first, sure })
    expect([again.status, added()]).toEqual([303, ['someone@gmail.com']])
  })

  it('the only provider is doubted, too, where nobody has chosen it', async () => {
    const { add, added } = await formAtMicrosoft()
    expect((await add({ address: 'someone@gmail.com', provider: '' })).text).toContain('role="alert"')
    expect((await add({ address: 'me@icloud.com', provider: '' })).text).toContain(
      'Apple has no OAuth for mail',
    )
    expect(added()).toEqual([])
  })

  it('of several registrations at its provider none is guessed, for each is of another organisation', async () => {
    const { add, added, addRegistration } = await formAtMicrosoft()
    await addRegistration('contoso')
    const several = await add({ address: 'boss@at-microsoft.example', provider: '' })
    expect(several.status).toBe(400)
    expect(several.text).toContain('Several registrations are at the provider of this mailbox')
    expect(several.text).toMatch(/<select id="provider-field"[^>]*aria-invalid="true" autofocus/)
    expect(added()).toEqual([])
    expect((await add({ address: 'boss@at-microsoft.example', provider: 'contoso' })).status).toBe(303)
  })

  it('one at a provider that is not set up leads there, where several others are', async () => {
    const { add, added, addRegistration } = await formAtMicrosoft()
    await addRegistration('contoso')
    const { text } = await add({ address: 'someone@gmail.com', provider: '' })
    expect(text.replace(/<\/?strong>/g, '')).toContain(
      'someone@gmail.com seems to be at Gmail and Google Workspace.',
    )
    expect(text).toContain('href="/providers/google"')
    expect(added()).toEqual([])
  })

  it('where mail is received says nothing against a choice', async () => {
    const { add, added } = await formAtMicrosoft()
    expect((await add({ address: 'boss@example.com', provider: 'microsoft' })).status).toBe(303)
    expect((await add({ address: 'me@elsewhere.example', provider: '' })).status).toBe(303)
    expect(added()).toEqual(['boss@example.com', 'me@elsewhere.example'])
  })
})
