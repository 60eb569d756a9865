import { describe, expect, it } from 'vitest'
import { parseScope, permits, scopeMailbox } from '../../src/mailboxes/scopes.ts'
import type { Scope } from '../../src/store/ports.ts'

describe('a scope', () => {
  it.each([
    ['read', 'read', undefined],
    ['admin', 'admin', undefined],
    ['token:Me@Example.com', 'token:Me@example.com', 'Me@example.com'],
    ['send:me@example.com', 'send:me@example.com', 'me@example.com'],
  ])('reads %s', (text, scope, mailbox) => {
    expect(parseScope(text)).toBe(scope)
    expect(scopeMailbox(parseScope(text))).toBe(mailbox)
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
    '__proto__',
  ])('refuses %j', (text) => {
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
