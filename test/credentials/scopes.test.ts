import { describe, expect, it } from 'vitest'
import { parseScope, permits, sendRights } from '../../src/credentials/scopes.ts'
import { meansPersonal, type Scope, scopeAddress } from '../../src/model/api-key.ts'

describe('a scope', () => {
  it.each([
    ['read', 'read', undefined],
    ['admin', 'admin', undefined],
    ['token:Me@Example.com', 'token:Me@example.com', 'Me@example.com'],
    ['send:me@example.com', 'send:me@example.com', 'me@example.com'],
    ['token:*@Example.com', 'token:*@example.com', '*@example.com'],
    ['send:*@Example.com+personal', 'send:*@example.com+personal', '*@example.com'],
    ['send:me+personal@example.com', 'send:me+personal@example.com', 'me+personal@example.com'],
  ])('%s is read', (text, scope, mailbox) => {
    expect(parseScope(text)).toBe(scope)
    expect(scopeAddress(parseScope(text))).toBe(mailbox)
  })

  it.each([
    '',
    'READ',
    ' read',
    'read ',
    'write',
    'token',
    'token:',
    'token:me',
    'Token:me@example.com',
    'admin:me@example.com',
    'token: me@example.com',
    'token:me@example.com,read',
    'token:me@example.com\n',
    'token:me@example.com+personal',
    'token:*@example.com+Personal',
    'token:*@example.com+personal+personal',
    'read+personal',
    'token:+personal',
    '__proto__',
  ])('%j is refused', (text) => {
    expect(() => parseScope(text)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})

describe('what a principal may do', () => {
  const all: Scope[] = [
    'read',
    'admin',
    'token:me@example.com',
    'send:me@example.com',
    'token:you@example.com',
  ]
  const table: [Scope[], Scope[]][] = [
    [[], []],
    [['admin'], all],
    [['read'], ['read']],
    [['token:ME@example.com'], ['token:me@example.com']],
    [['send:me@example.com'], ['send:me@example.com']],
    [
      ['read', 'token:you@example.com'],
      ['read', 'token:you@example.com'],
    ],
  ]
  it.each(table)('%j permits exactly %j', (scopes, permitted) => {
    expect(all.filter((needed) => permits({ name: 'x', scopes }, needed))).toEqual(permitted)
  })
})

describe("a mailbox that is a person's own", () => {
  const needed: Scope[] = ['token:ceo@example.com', 'send:ceo@example.com', 'token:ceo@sub.example.com']
  it.each<[Scope, Scope[]]>([
    ['token:*@example.com', []],
    ['token:*@example.com+personal', ['token:ceo@example.com']],
    ['send:*@EXAMPLE.com+personal', ['send:ceo@example.com']],
    ['token:CEO@example.com', ['token:ceo@example.com']],
    ['admin', needed],
  ])('%s reaches it for exactly %j', (scope, permitted) => {
    const principal = { name: 'x', scopes: [scope] }
    expect(needed.filter((one) => permits(principal, one, true))).toEqual(permitted)
  })

  it('the mark means it and nothing like the mark', () => {
    expect(sendRights(['send:*@example.com+personal', 'send:*@example.com', 'token:*@example.com'])).toEqual([
      { address: '*@example.com', personal: true },
      { address: '*@example.com', personal: false },
    ])
    expect(meansPersonal('send:me+personal@example.com')).toBe(false)
  })
})
