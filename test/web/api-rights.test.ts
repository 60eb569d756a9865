import { describe, expect, it } from 'vitest'
import type { OperationName } from '../../src/api/operations.ts'
import { askedAt, operationNames, rightRequests, rightServer } from './right-requests.ts'
import { everyRoute, keys, signIn, testServer } from './test-server.ts'

async function call(name: OperationName, key?: string) {
  const { method, path } = askedAt(name)
  const test = await rightServer()
  const asked = test.api(method, path, key)
  const { body } = rightRequests[name]
  return await (body ? asked.send(body) : asked)
}

describe.each(operationNames)('%s', (operation) => {
  const { status: right, by: sufficient } = rightRequests[operation]

  it('a request without a token gets 401, and no error is named', async () => {
    const response = await call(operation)
    expect(response.status).toBe(401)
    expect(response.type).toBe('application/problem+json')
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern"')
  })

  it('a request with an unknown key gets 401 invalid_token', async () => {
    const response = await call(operation, 'unknown-key')
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern", error="invalid_token"')
    expect(response.text).not.toContain('unknown-key')
  })

  it(`the operation allows exactly: ${sufficient.join(', ')}`, async () => {
    for (const [name, key] of Object.entries(keys)) {
      const response = await call(operation, key)
      if (sufficient.includes(name as keyof typeof keys)) {
        expect(response.status, `${name}: ${response.text}`).toBe(right)
        continue
      }
      expect(response.status, name).toBe(403)
      expect(response.body.code).toBe('forbidden')
      expect(response.headers['www-authenticate']).toContain('error="insufficient_scope", scope="')
    }
  })
})

describe('rights in general', () => {
  it('every route of the API is an operation, and every operation has a route', () => {
    expect(
      everyRoute()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...operationNames].sort())
  })

  it('a key without rights does not learn which mailboxes exist', async () => {
    const test = testServer()
    const there = await test.api('get', '/mailboxes/me@example.com/token', keys.otherToken)
    const notThere = await test.api('get', '/mailboxes/nobody@example.com/token', keys.otherToken)
    expect([there.status, notThere.status]).toEqual([403, 403])
  })

  it.each([
    ['ME@example.com', 200],
    ['me@EXAMPLE.com', 200],
    ['me@example.com.evil', 403],
    ['m%65@example.com', 200],
    ['*@example.com', 403],
  ])('a token scope compares the address as mail does: %s gives %i', async (address, status) => {
    const test = testServer()
    expect((await test.api('get', `/mailboxes/${address}/token`, keys.token)).status).toBe(status)
  })

  it.each([
    ['Basic b3duZXI6a2V5', 'Bearer realm="postern"'],
    ['Bearer', 'Bearer realm="postern", error="invalid_token"'],
    ['Bearer a b', 'Bearer realm="postern", error="invalid_token"'],
    [`Bearer ${'x'.repeat(600)}`, 'Bearer realm="postern", error="invalid_token"'],
    [`Bearer ${keys.admin}\u00e9`, 'Bearer realm="postern", error="invalid_token"'],
  ])('a key needs a well-formed header: %s', async (header, challenge) => {
    const test = testServer()
    const response = await test.api('get', '/mailboxes').set('Authorization', header)
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toBe(challenge)
  })

  it('a key is read from the header only', async () => {
    const test = testServer()
    expect((await test.api('get', `/mailboxes?access_token=${keys.admin}`)).status).toBe(401)
    const { cookie } = await signIn(test)
    expect((await test.api('get', '/mailboxes').set('Cookie', cookie)).status).toBe(401)
  })

  it('the scheme is accepted in any case, and a scope that no header can carry is left out of the challenge', async () => {
    const test = testServer()
    const lower = await test.api('get', '/mailboxes').set('Authorization', `bearer ${keys.admin}`)
    expect(lower.status).toBe(200)
    const response = await test.api(
      'get',
      `/mailboxes/${encodeURIComponent('grüße@example.com')}/token`,
      keys.token,
    )
    expect(response.status).toBe(403)
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern", error="insufficient_scope"')
  })
})
