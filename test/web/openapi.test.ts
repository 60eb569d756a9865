import { describe, expect, it } from 'vitest'
import { answers } from '../../src/api/answers.ts'
import { operations } from '../../src/api/operations.ts'
import { apiPart } from '../documents/api-page.js'
import { pageBeside } from '../documents/made-part.js'
import { checkOf, documented, undocumented } from './documented.ts'
import { everyRoute, keys, testServer } from './test-server.ts'

describe('the document', () => {
  it('any API key gets it, as JSON', async () => {
    const response = await testServer().api('get', '/openapi.json', keys.send)
    expect(response.type).toBe('application/json')
    expect(response.body).toMatchObject({ openapi: '3.1.1', info: { title: 'postern', version: '0.1.0' } })
    expect((await testServer().api('get', '/openapi.json')).status).toBe(401)
  })

  it('it has each route that there is, and no other', () => {
    const all = everyRoute()
    const routes = all.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const entries = Object.entries(documented.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    // Token exchange is beside the API: it has the errors of OAuth.
    expect(entries.sort()).toEqual([...routes, 'POST /token'].sort())
    expect(Object.keys(operations).sort()).toEqual(all.map(({ name }) => name).sort())
  })

  it('docs/api.md is made from it (npm run docs)', async () => {
    const { is, wouldBe } = await pageBeside('api.md', apiPart(documented))
    expect(is).toBe(wouldBe)
  })

  it('no operation has the id of another one', () => {
    const ids = JSON.stringify(documented.paths).match(/"operationId":"\w+"/g) ?? []
    expect(new Set(ids).size).toBe(Object.keys(operations).length + 1)
  })

  it('every reference leads somewhere', () => {
    const leads = JSON.stringify(documented).match(/(?<="\$ref":")[^"]+/g) ?? []
    const missing = leads.filter((lead) => {
      const [, part = '', name = ''] = /^#\/components\/(schemas|responses)\/(\w+)$/.exec(lead) ?? []
      return part === '' || !(name in documented.components[part as 'schemas' | 'responses'])
    })
    expect(leads.length).toBeGreaterThan(100)
    expect(missing).toEqual([])
  })

  it('every example is one', () => {
    const wrong: unknown[] = []
    let seen = 0
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return
      if ('examples' in part && Array.isArray(part.examples))
        for (const example of part.examples) {
          seen += 1
          if (!checkOf(part).safeParse(example).success) wrong.push(example)
        }
      Object.values(part).forEach(visit)
    }
    visit(documented)
    expect(seen).toBeGreaterThan(10)
    expect(wrong).toEqual([])
  })

  it('every answer is of use to an operation, or within one that is', () => {
    const used = new Set(JSON.stringify(documented).match(/(?<="#\/components\/schemas\/)\w+/g))
    expect(Object.keys(answers).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('a long list', () => {
  it.each(['/mailboxes', '/logins', '/consent-links', '/api-keys', '/mailboxes/me@example.com/logins'])(
    '%s is not sent again to who has it, until it has changed',
    async (path) => {
      const test = testServer()
      const ask = (etag: string) => test.api('get', path, keys.admin).set('If-None-Match', etag)
      const first = await ask('"another"')
      const etag = String(first.headers.etag)
      expect(first.status).toBe(200)
      const again = await ask(etag)
      expect([again.status, again.text]).toEqual([304, ''])
      expect(again.headers).toMatchObject({ etag, 'cache-control': 'no-store' })
      test.services.mailboxes.all.push({ address: 'you@example.com', provider: 'example', state: 'absent' })
      await test.services.logins.add({ mailboxes: ['me@example.com'] })
      await test.services.apiKeys.add({ scopes: ['read'] })
      test.services.consent.requestedBy = 'somebody else'
      expect((await ask(etag)).status).toBe(200)
    },
  )

  it('a list of many hundreds comes whole, in JSON', async () => {
    const test = testServer()
    for (let number = 0; number < 450; number += 1)
      test.services.mailboxes.all.push({
        address: `m${number}@example.com`,
        provider: 'example',
        state: 'absent',
      })
    const { body } = await test.api('get', '/mailboxes', keys.read)
    expect(body.mailboxes).toHaveLength(451)
    expect(body.mailboxes.at(-1)).toMatchObject({ address: 'm449@example.com' })
  })
})

describe('an answer', () => {
  const json = { status: 200, type: 'application/json', headers: {} }
  const login = {
    ...{ id: '1', userName: 'printer', name: 'Printer', mailboxes: ['me@example.com'], senders: [] },
    ...{ networks: [], password: 'generated', cramMd5: false, rewriteSender: false, state: 'active' },
    createdAt: '2026-03-01T10:20:30.000Z',
  }
  const of = (body: object) => undocumented('get', '/logins/1', { ...json, text: JSON.stringify(body) })

  it('one with a member that is not in the document, or without one that is, is told from one that fits', () => {
    expect(of(login)).toEqual([])
    expect(of({ ...login, hash: 'x' })).toHaveLength(1)
    expect(of({ ...login, userName: undefined })).toHaveLength(1)
    expect(of({ ...login, mailboxes: ['no address'] })).toHaveLength(1)
    expect(undocumented('get', '/logins/1', { ...json, status: 202, text: '{}' })).toHaveLength(1)
    expect(undocumented('get', '/logins/1', { ...json, status: 404, text: '{}' })).toHaveLength(1)
  })
})
