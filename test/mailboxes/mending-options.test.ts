import { describe, expect, it } from 'vitest'
import { changedMending, describeMending, mapOfLines } from '../../src/mailboxes/mending-options.ts'
import { completeAddress, mailboxForSender } from '../../src/mailboxes/sender-policy.ts'
import { keyed } from '../../src/model/address.ts'

describe('what is mended of a login', () => {
  it('a change touches what is named, and nothing else', () => {
    const first = changedMending(
      {},
      { rewriteFrom: true, completeAddresses: '@Example.COM', map: { Root: 'a@B.example' } },
    )
    expect(first).toEqual({
      rewriteFrom: true,
      completeAddresses: 'example.com',
      map: { root: 'a@b.example' },
    })
    expect(changedMending(first, {})).toEqual(first)
    expect(changedMending(first, { rewriteFrom: false, completeAddresses: '', map: {} })).toEqual({})
    expect(describeMending(changedMending(first, { splitRecipients: true, mendLineEnds: true }))).toEqual([
      'rewrite-from',
      'mend-line-ends',
      'complete-addresses=example.com',
      'map root=a@b.example',
      'split-recipients',
    ])
  })

  it.each([
    { completeAddresses: 'not a domain' },
    { completeAddresses: 'a@b.example' },
    { completeAddresses: '*' },
    { map: { root: 'nobody' } },
    { map: { 'two words': 'a@b.example' } },
    { map: { '': 'a@b.example' } },
    { map: { 'a@@b': 'a@b.example' } },
    { map: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`n${index}`, 'a@b.example'])) },
  ])('%j is refused', (options) => {
    expect(() => changedMending({}, options)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  it('lines are read as people write them', () => {
    expect(mapOfLines([' root = a@b.example', 'cron=x=y@b.example'])).toEqual({
      root: 'a@b.example',
      cron: 'x=y@b.example',
    })
    expect(() => mapOfLines(['root'])).toThrow('does not say which name')
  })
})

describe('an address without a domain', () => {
  const mending = { completeAddresses: 'example.com', map: { root: 'admin@example.com' } } as const

  it.each([
    ['root', 'admin@example.com'],
    ['Backup', 'Backup@example.com'],
    ['', ''],
    [' ', ' '],
    ['Scanner 2', 'Scanner 2'],
    ['a@b.example', 'a@b.example'],
    ['büro', 'büro'],
    ['constructor', 'constructor@example.com'],
  ])('%j is completed to %j', (given, whole) => {
    expect(completeAddress(mending, given)).toBe(whole)
    expect(completeAddress(undefined, given)).toBe(given)
  })

  it('the completed address is a sender that the login still has to be allowed', () => {
    const login = {
      mailboxes: [{ ...keyed('admin@example.com'), aliases: [] }],
      senders: [],
      rewriteSender: false,
      mending,
    }
    expect(mailboxForSender(login, 'root')).toEqual({
      allowed: true,
      mailbox: { ...keyed('admin@example.com'), aliases: [] },
      sender: 'admin@example.com',
    })
    expect(mailboxForSender(login, 'backup')).toMatchObject({
      allowed: false,
      refusal: { message: 'This login may not send as backup@example.com' },
    })
  })
})
