import { beforeEach, describe, expect, it } from 'vitest'
import type { Scope } from '../../src/model/api-key.ts'
import { testServer } from './test-server.ts'

let server: ReturnType<typeof testServer>
/** What the key may do at this moment; nothing: it is revoked. */
let scopes: Scope[]

beforeEach(() => {
  server = testServer()
  const { check } = server.services.apiKeys
  server.services.apiKeys.check = async (presented) =>
    scopes.length > 0 ? { name: 'script', scopes: [...scopes] } : check(presented)
})

const ask = () => server.api('get', '/mailboxes/me@example.com/token', 'key-of-the-script-0123456789')

/** While the token is asked for. */
function meanwhile(happens: () => void): void {
  const { accessTokenFor } = server.services.tokens
  server.services.tokens.accessTokenFor = async function (...given) {
    const token = await accessTokenFor.apply(this, given)
    happens()
    return token
  }
}

const said = () => server.lines.filter((line) => line.includes('token.read'))

describe("a token of a mailbox that is a person's own", () => {
  it.each<[Scope, number]>([
    ['token:*@example.com', 403],
    ['token:*@example.com+personal', 200],
    ['token:Me@example.com', 200],
    ['admin', 200],
    ['send:*@example.com+personal', 403],
  ])('a token is answered to a key with %s: %d', async (scope, status) => {
    scopes = [scope]
    const response = await ask()
    expect(response.status).toBe(status)
    expect(response.text.includes('ya29')).toBe(status === 200)
    // Nobody renews for a key that may not have it.
    expect(server.services.tokens.asked).toHaveLength(status === 200 ? 1 : 0)
    expect(said()).toHaveLength(status === 200 ? 1 : 0)
  })

  it('a token is refused to a key of its domain when the mailbox became personal during the request', async () => {
    scopes = ['token:*@example.com']
    server.services.mailboxes.isPersonal = async () => false
    const response = await ask()
    expect(response.status).toBe(403)
    expect(response.headers['www-authenticate']).toContain('scope="token:me@example.com"')
    expect(response.text).not.toContain('ya29')
  })
})

describe('a key that loses its right while a token is asked for', () => {
  it.each<[string, Scope[], number]>([
    ['is revoked', [], 401],
    ['loses the scope', ['read'], 403],
    ['keeps it', ['token:me@example.com'], 200],
  ])('a key that loses its right and %s gets what it may have at the end', async (_how, left, status) => {
    scopes = ['token:me@example.com', 'read']
    meanwhile(() => {
      scopes = left
    })
    const response = await ask()
    expect(response.status).toBe(status)
    expect(response.text.includes('ya29')).toBe(status === 200)
    expect(said()).toHaveLength(status === 200 ? 1 : 0)
  })
})
