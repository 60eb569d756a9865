import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { keys, signIn, submit, testServer } from './test-server.ts'

async function signedIn() {
  const test = testServer()
  const { cookie, csrf } = await signIn(test)
  return {
    services: test.services,
    lines: test.lines,
    get: (path: string) => test.get(path).set('Cookie', cookie),
    post: (path: string, form: Record<string, string | string[]> = {}) =>
      test.post(path, { csrf, ...form } as Record<string, string>).set('Cookie', cookie),
    bare: test,
  }
}

describe('the page of API keys', () => {
  it('the form makes a key of rights and mailboxes, which is shown for a while and to this browser only', async () => {
    const { services, get, post, lines, bare } = await signedIn()
    expect((await get('/api-keys/new')).text).toContain('name="mailbox" value="me@example.com"')
    const made = await post('/api-keys', {
      name: 'Backup',
      right: ['token', 'read'],
      mailbox: 'me@example.com',
      expires: '2027-12-31',
    })
    expect(made.status).toBe(303)
    const shown = await get(made.headers.location ?? '')
    expect(shown.text).toContain('the-text-of-a-new-key')
    expect(await services.apiKeys.list()).toMatchObject([
      { name: 'Backup', scopes: ['read', 'token:me@example.com'] },
    ])
    // Loading it again makes no other key.
    expect((await get(made.headers.location ?? '')).text).toContain('the-text-of-a-new-key')
    expect(await services.apiKeys.list()).toHaveLength(1)
    const other = await signIn(bare)
    expect((await bare.get(made.headers.location ?? '').set('Cookie', other.cookie)).status).toBe(404)
    bare.time.monotonic += 15 * 60_000
    expect((await get(made.headers.location ?? '')).status).toBe(404)
    const list = await get('/api-keys')
    expect(list.text).toContain('Backup')
    expect(list.text).not.toContain('the-text-of-a-new-key')
    expect(lines.join('\n')).not.toContain('the-text-of-a-new-key')
  })

  it('the form for two hundred mailboxes takes their addresses as text', async () => {
    const { services, get, post } = await signedIn()
    for (let number = 0; number < 200; number += 1)
      services.mailboxes.all.push({
        address: `box${number}@example.com`,
        provider: 'example',
        state: 'active',
      })
    services.mailboxes.all.push({ address: '*@example.net', provider: 'example', state: 'active' })
    const { text } = await get('/api-keys/new')
    expect(text.length).toBeLessThan(20_000)
    expect(text).not.toContain('box7@')
    const form = { name: 'Two', right: 'send', mailbox: 'BOX7@example.com\r\n*@example.net' }
    expect((await post('/api-keys', { ...form, mailbox: 'box700@example.com' })).text).toMatch(
      /id="mailbox-field-wrong">There is no mailbox box700@example.com/,
    )
    expect((await post('/api-keys', { ...form, personal: 'yes' })).status).toBe(303)
    expect(await services.apiKeys.list()).toMatchObject([
      { scopes: ['send:box7@example.com', 'send:*@example.net+personal'] },
    ])
  })

  it('the form binds a key to networks and limits, and another page changes the limits', async () => {
    const { services, get, post } = await signedIn()
    const bounds = { networks: '192.0.2.7', recipients: '*@example.com', recipientsPerDay: '5' }
    await post('/api-keys', { name: 'Bot', right: 'send', mailbox: 'me@example.com', ...bounds })
    expect(await services.apiKeys.list()).toMatchObject([
      { networks: ['192.0.2.7'], limits: { recipients: ['*@example.com'], recipientsPerDay: 5 } },
    ])
    const list = await get('/api-keys')
    expect(list.text).toContain('only from 192.0.2.7, only to *@example.com, 5 recipients in 24 hours')
    expect(list.text).toContain('href="/api-keys/key-1/limits"')
    expect((await get('/api-keys/key-1/limits')).text).toContain('>*@example.com</textarea>')
    const wrong = await post('/api-keys/key-1/limits', { recipients: 'nobody' })
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('id="recipients-field-wrong"')])
    const changed = await post('/api-keys/key-1/limits', { messagesPerHour: '20' })
    expect([changed.status, changed.headers.location]).toEqual([303, '/api-keys'])
    expect(await services.apiKeys.list()).toMatchObject([{ limits: { messagesPerHour: 20 } }])
    expect((await get('/api-keys/key-2/limits')).status).toBe(404)
  })

  it('what other processes have not confirmed is done, and the answer names them', async () => {
    const test = testServer({ unconfirmed: ['mail-2 (process 7)'] })
    for (const name of ['One', 'Two']) await test.services.apiKeys.add({ scopes: ['read'], name })
    const { cookie, csrf } = await signIn(test)
    const page = await submit(test, '/api-keys/key-1/revoke', { csrf }, { Cookie: cookie })
    expect(page.text).toMatch(/is revoked\.[\s\S]*not confirmed by mail-2 \(process 7\)/)
    const answer = await test.api('delete', '/api-keys/key-2', keys.admin)
    expect([answer.status, answer.headers['postern-unconfirmed']]).toEqual([204, 'mail-2 (process 7)'])
  })

  it('the page revokes a key after a question, and says so', async () => {
    const { services, get, post } = await signedIn()
    await services.apiKeys.add({ scopes: ['read'], name: 'Old <script>' })
    expect((await get('/api-keys')).text).toMatch(/<details class="confirm">.*cannot be undone.*<\/details>/s)
    expect((await post('/api-keys/key-1/revoke')).headers.location).toBe('/api-keys')
    expect((await get('/api-keys')).text).toContain(
      'The API key <strong>Old &lt;script&gt;</strong> is revoked.',
    )
    expect(await services.apiKeys.list()).toEqual([])
  })

  it('the list of two hundred keys comes in pages that can be searched, each below 60 kilobytes', async () => {
    const { services, get } = await signedIn()
    for (let number = 0; number < 200; number += 1)
      await services.apiKeys.add({ scopes: ['token:billing@example.com'], name: `Key number ${number}` })
    const first = await get('/api-keys')
    expect(first.text.length).toBeLessThan(60_000)
    expect(first.text).toContain('1 to 50 of 200')
    expect((await get('/api-keys?find=&from=150')).text).toContain('151 to 200 of 200')
    const found = await get('/api-keys?find=number+77')
    expect(found.text).toContain('Key number 77')
    expect(found.text).not.toContain('Key number 78')
    expect((await get('/api-keys?find=zzz')).text).toContain('Nothing is found for “zzz”.')
  })

  it.each([
    [{ right: [] as string[] }, 'right', 'The key would permit nothing'],
    [{ right: ['token'] }, 'mailbox', 'none is chosen'],
  ])('the page says at the field what is wrong with a key: %j', async (form, field, says) => {
    const { post } = await signedIn()
    const { status, text } = await post('/api-keys', { name: 'x', ...form })
    expect(status).toBe(400)
    expect(text).toMatch(/<title>Error: New API key/)
    expect(text).toContain(`href="#${field}-field"`)
    expect(text).toMatch(new RegExp(`id="${field}-field-wrong">[^<]*${says}`))
  })

  it('the page says what is wrong with a key, and keeps what was chosen', async () => {
    const { services, post } = await signedIn()
    services.apiKeys.add = () =>
      Promise.reject(failureAs('invalid', 'The day is over', { fix: 'Choose a later one.' }))
    const { status, text } = await post('/api-keys', { right: 'admin', name: '<i>x' })
    expect(status).toBe(400)
    expect(text).toContain('Choose a later one.')
    expect(text).toContain('value="admin" checked')
    expect(text).toContain('&lt;i&gt;x')
  })

  it.each([
    ['get', '/api-keys'],
    ['get', '/api-keys/new'],
    ['post', '/api-keys'],
    ['post', '/api-keys/key-1/revoke'],
  ] as const)(
    'the page allows %s %s only to a signed-in administrator, and a form only with the token of the session',
    async (method, path) => {
      const { bare, post } = await signedIn()
      expect((await bare[method](path)).status).toBe(401)
      if (method === 'post') expect((await post(path, { csrf: 'wrong' })).status).toBe(403)
    },
  )
})
