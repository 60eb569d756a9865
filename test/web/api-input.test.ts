import { describe, expect, it } from 'vitest'
import { keys, testServer } from './test-server.ts'

const good = { address: 'new@example.com', provider: 'example' }

describe('the body of a request', () => {
  it.each([
    ['application/x-www-form-urlencoded', 'address=new%40example.com&provider=example'],
    ['text/plain', JSON.stringify(good)],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/json; charset=latin1', JSON.stringify(good)],
  ])('a body must be JSON, not %s', async (type, body) => {
    const test = testServer()
    const response = await test.api('post', '/mailboxes', keys.admin).set('Content-Type', type).send(body)
    expect(response.status).toBe(415)
    expect(response.type).toBe('application/problem+json')
    expect(test.services.mailboxes.all).toHaveLength(1)
  })

  it('the API reports every mistake at once', async () => {
    const response = await testServer()
      .api('post', '/mailboxes', keys.admin)
      .send({ address: 7, replace: 'yes', color: 'red', shape: 'round' })
    expect(response.status).toBe(400)
    expect(response.body.mistakes.map(({ member }: { member: string }) => member).sort()).toEqual([
      'address',
      'color',
      'provider',
      'replace',
      'shape',
    ])
    expect(response.body.detail).toContain('address: must be a string')
    expect(response.body.detail).toContain('color: there is no such member')
  })

  it.each([
    ['nothing', ''],
    ['half an object', '{"address":"secret-thing'],
    ['an array', '[]'],
    ['a bare string', '"secret-thing"'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a prototype', '{"__proto__":{"address":"secret-thing","provider":"example"}}'],
    ['a deep nest', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['a huge address', JSON.stringify({ ...good, address: `secret-thing${'x'.repeat(5000)}@example.com` })],
    ['not an address', JSON.stringify({ ...good, address: 'secret thing' })],
    ['a null', JSON.stringify({ ...good, signsInAs: null })],
  ])('a body is a client error when it is %s', async (_name, body) => {
    const test = testServer()
    const response = await test.api('post', '/mailboxes', keys.admin).type('application/json').send(body)
    expect(response.status).toBe(400)
    expect(response.type).toBe('application/problem+json')
    expect(response.text).not.toMatch(/secret-thing| at .*\.js/)
    expect(test.services.mailboxes.all).toHaveLength(1)
  })

  it('a body is limited to 64 KiB', async () => {
    const body = JSON.stringify({ ...good, signsInAs: 'x'.repeat(65 * 1024) })
    const response = await testServer()
      .api('post', '/mailboxes', keys.admin)
      .type('application/json')
      .send(body)
    expect(response.status).toBe(413)
  })

  it('a body is not read without the right', async () => {
    const response = await testServer()
      .api('post', '/mailboxes', keys.read)
      .type('application/json')
      .send('{"broken')
    expect(response.status).toBe(403)
  })
})

describe('odd addresses', () => {
  it.each([
    '/mailboxes/%',
    '/mailboxes/%zz',
    '/mailboxes/%00',
    '/mailboxes/%E0%A4%A/token',
    '/mailboxes/a%2Fb',
    '/mailboxes/a%0d%0ab@example.com',
    '/mailboxes/__proto__',
    '/mailboxes/constructor/token',
    `/mailboxes/${'a'.repeat(8000)}`,
    '/mailboxes?a[b][c]=d&a[b]=e',
    '/logins/..%2f..%2fetc%2fpasswd',
  ])('an odd address causes no server error: %s', async (path) => {
    const test = testServer()
    for (const method of ['get', 'delete'] as const) {
      const response = await test.api(method, path, keys.admin)
      expect(response.status, method).toBeLessThan(500)
    }
  })
})
