import { beforeEach, describe, expect, it } from 'vitest'
import type { Scope } from '../../src/model/api-key.ts'
import { failureAs } from '../support/made-failure.ts'
import { link, testServer } from './test-server.ts'

let server: ReturnType<typeof testServer>
/** What the key may do at this moment; nothing: it is revoked. */
let scopes: Scope[]

beforeEach(() => {
  server = testServer()
  const { check } = server.services.apiKeys
  server.services.apiKeys.check = async (presented, from) =>
    scopes.length > 0 ? { name: 'script', scopes: [...scopes] } : check(presented, from)
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

describe('a token leaves', () => {
  it('only when the journal has it, written', async () => {
    scopes = ['token:me@example.com']
    const { written, list } = server.services.journal
    let had = 0
    server.services.journal.written = async () => {
      await written()
      had = (await list({ kind: 'token' })).entries.length
    }
    expect((await ask()).status).toBe(200)
    expect(had).toBe(1)
  })

  it('to nobody while the journal cannot be written', async () => {
    scopes = ['token:me@example.com']
    server.services.journal.written = async () => {
      throw failureAs('store-unavailable', 'The disk under the database is full')
    }
    const response = await ask()
    expect(response.status).toBe(503)
    expect(response.headers['retry-after']).toBe('30')
    expect(response.text).not.toContain('ya29')
  })
})

describe('a mailbox that needs a consent', () => {
  it.each<[Scope[], boolean]>([
    [['admin'], true],
    [['token:me@example.com'], false],
    [['token:me@example.com', 'read'], false],
  ])('a key with %j is told the link to it: %j', async (held, isTold) => {
    scopes = held
    server.services.tokens.trouble = failureAs('consent-needed', 'The consent has lapsed')
    const response = await ask()
    expect([response.status, response.body.code]).toEqual([409, 'consent-needed'])
    const { consentLink } = response.body
    expect(consentLink?.url).toBe(isTold ? `http://localhost:8587/consent/${link}` : undefined)
  })

  it('the same link is told again as long as it opens', async () => {
    scopes = ['admin']
    server.services.tokens.trouble = failureAs('consent-needed', 'The consent has lapsed')
    let made = 0
    const { createLink } = server.services.consent
    server.services.consent.createLink = async function (...given) {
      made += 1
      return createLink.apply(this, given)
    }
    for (let time = 0; time < 3; time++) await ask()
    expect(made).toBe(1)
    server.services.consent.openLink = async () => {
      throw failureAs('not-found', 'This consent link is unknown, used or expired')
    }
    await ask()
    expect(made).toBe(2)
  })

  it('where no link can be made, the failure is told without one', async () => {
    scopes = ['admin']
    server.services.tokens.trouble = failureAs('consent-needed', 'The consent has lapsed')
    server.services.consent.createLink = async () => {
      throw failureAs('configuration', 'This mailbox has no consent')
    }
    const response = await ask()
    expect(response.status).toBe(409)
    expect(response.body.consentLink).toBeUndefined()
  })
})
