import { describe, expect, it } from 'vitest'
import { originatorsOf } from '../../src/wire/header-addresses.ts'

const originators = (text: string) => originatorsOf(Buffer.from(text.replaceAll('\n', '\r\n')))
const read = (text: string) => originators(text).from

describe('the addresses of a message’s header From:', () => {
  it.each<[string, string[]]>([
    ['From: a@example.com\n\n', ['a@example.com']],
    ['Subject: x\nfrom : <a@example.com>\nTo: b@example.com\n\n', ['a@example.com']],
    ['FROM: Ann Example <a@example.com>\n\n', ['a@example.com']],
    ['From: "Example, Ann <boss@example.com>" <a@example.com>\n\n', ['a@example.com']],
    ['From: a@example.com (Ann, <b@example.com>)\n\n', ['a@example.com']],
    ['From: "Quote \\" here" <a@example.com>\n\n', ['a@example.com']],
    ['From: a@example.com, Bob <b@example.com>\n\n', ['a@example.com', 'b@example.com']],
    ['From: Team: a@example.com, <b@example.com>;\n\n', ['a@example.com', 'b@example.com']],
    ['From:\n Ann\n\t<a@example.com>\n\n', ['a@example.com']],
    ['From: a@example.com\nFrom: b@example.com\n\n', ['a@example.com', 'b@example.com']],
    ['From: =?utf-8?Q?=C3=84nn?= <änn@example.com>\n\n', ['änn@example.com']],
    ['From: a@example.com', ['a@example.com']],
    ['Subject: no\n\nFrom: body@example.com\n\n', []],
    ['\nFrom: body@example.com\n', []],
    ['X-From: a@example.com\nFrom-X: b@example.com\n\n', []],
    ['From: nobody\n\n', []],
    ['From: "unclosed <a@example.com>\n\n', []],
    ['', []],
  ])('the addresses of %j are %j', (text, addresses) => {
    expect(read(text)).toEqual(addresses)
  })

  it('the addresses are ten at most, and none is longer than an address', () => {
    expect(read(`From: ${'a@example.com,'.repeat(50)}\n\n`)).toHaveLength(10)
    expect(read(`From: <${'a'.repeat(400)}@example.com>\n\n`)).toEqual([])
  })

  it.each(['(', '"', '<', ',', '\\', '"\\', 'a@b ', '\r\n '])(
    'the addresses cost a time that grows with the header: %j',
    (piece) => {
      const time = (octets: number) => {
        const message = Buffer.from(`From: ${piece.repeat(octets / piece.length)}`)
        const begun = performance.now()
        originatorsOf(message)
        return performance.now() - begun
      }
      const best = (octets: number) => Math.min(...[1, 2, 3, 4, 5].map(() => time(octets)))
      expect(best(65_536)).toBeLessThan(50)
    },
  )
})

describe('whom a message names beside its From:', () => {
  it.each<[string, string[], string[]]>([
    ['From: a@example.com\nSender: <b@example.com>\n\n', ['b@example.com'], []],
    ['sender : Ann (the boss) <b@example.com>\nFrom: a@example.com\n\n', ['b@example.com'], []],
    ['Resent-From: b@example.com\nResent-Sender: c@example.com\n\n', [], ['b@example.com', 'c@example.com']],
    ['X-Sender: a@example.com\nReply-To: b@example.com\nSender-X: c@example.com\n\n', [], []],
    ['From: a@example.com\n\nSender: body@example.com\n', [], []],
    ['Sender: root\n\n', [], []],
  ])('the sender in %j is %j, and whoever sent it on is %j', (text, sender, resent) => {
    expect(originators(text)).toMatchObject({ sender, resent })
  })
})
