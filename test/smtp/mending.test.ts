import { describe, expect, it } from 'vitest'
import type { Mending } from '../../src/model/login.ts'
import { mendedRecipients } from '../../src/smtp/mending.ts'

const completing: Mending = {
  completeAddresses: 'example.com',
  map: { root: 'admin@example.com', 'root@localhost': 'admin@example.com' },
}
const all: Mending = { ...completing, splitRecipients: true }

function read(path: string, mending: Mending): string[] | undefined {
  const found = mendedRecipients(Buffer.from(`RCPT TO:${path}`), mending)
  return found && [found.recipient, ...(found.further ?? [])].map(({ recipient }) => recipient)
}

describe('the recipients of a RCPT command', () => {
  it.each([
    ['<root>', ['admin@example.com']],
    ['<ROOT>', ['admin@example.com']],
    ['root', ['admin@example.com']],
    ['<root@>', ['admin@example.com']],
    ['<root@localhost>', ['admin@example.com']],
    ['< backup >', ['backup@example.com']],
    ['<backup> NOTIFY=NEVER', ['backup@example.com']],
    ['<postmaster>', ['postmaster@example.com']],
    ['<you@example.net>', ['you@example.net']],
    ['<"odd, one"@example.net>', ['"odd, one"@example.net']],
    ['<@relay.example,@other.example:you@example.net>', ['you@example.net']],
    ['<__proto__>', ['__proto__@example.com']],
  ])('%s are completed', (path, recipients) => {
    expect(read(path, completing)).toEqual(recipients)
    expect(read(path, all)).toEqual(recipients)
  })

  it.each([
    ['<a@example.net>,<b@example.net>', ['a@example.net', 'b@example.net']],
    [
      '<a@example.net>, <b@example.net>;<c@example.net> NOTIFY=NEVER',
      ['a@example.net', 'b@example.net', 'c@example.net'],
    ],
    ['<a@example.net; b@example.net>', ['a@example.net', 'b@example.net']],
    ['<a@example.net b@example.net>', ['a@example.net', 'b@example.net']],
    ['<a@example.net> <b@example.net>', ['a@example.net', 'b@example.net']],
    ['a@example.net,b@example.net', ['a@example.net', 'b@example.net']],
    ['<root,"x, y"@example.net,>', ['admin@example.com', '"x, y"@example.net']],
  ])('%s are several, only where the login asks for that', (path, recipients) => {
    expect(read(path, all)).toEqual(recipients)
    expect(read(path, completing)).toBeUndefined()
  })

  it.each([
    '<>',
    '<a b@>',
    '<a@example.net',
    '<a@example.net>,',
    '<a@@b>',
    '<root> BODY=8BITMIME',
    '<a@b.example>,<c',
  ])('%s is read as everybody’s, or not at all', (path) => {
    expect(read(path, all)?.length ?? 0).toBeLessThanOrEqual(1 + Number(path === '<a b@>'))
  })

  it('the recipients have their parameters, each of them', () => {
    const found = mendedRecipients(Buffer.from('rcpt to:<a@x.example>,<b@x.example> NOTIFY=NEVER'), all)
    expect(found?.further?.[0]?.parameters).toEqual([{ keyword: 'NOTIFY', value: 'NEVER' }])
  })

  it('the recipients are everybody’s for a login that asks for nothing of this', () => {
    expect(read('<root>', {})).toBeUndefined()
    expect(read('<root>', { rewriteFrom: true, mendLineEnds: true })).toBeUndefined()
  })
})
