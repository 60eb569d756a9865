import { describe, expect, it } from 'vitest'
import { mailboxForSender, parseAddressPattern, type Submitter } from '../../src/mailboxes/sender-policy.ts'
import { type Address, addressKey, keyed } from '../../src/model/address.ts'

type Rights = Pick<Submitter, 'mailboxes' | 'senders' | 'rewriteSender'>

const own = (address: Address, ...aliases: Address[]) => ({ ...keyed(address), aliases: aliases.map(keyed) })

const one: Rights = {
  mailboxes: [own('Info@example.com', 'Post@example.com')],
  senders: [],
  rewriteSender: false,
}
const two: Rights = {
  mailboxes: [own('info@example.com'), own('shop@example.org', 'sales@example.org')],
  senders: (['*@Lists.example', 'boss@example.net'] as const).map(addressKey),
  rewriteSender: false,
}

const domain: Rights = {
  mailboxes: [own('*@Example.com')],
  senders: [],
  rewriteSender: false,
}
const domainAndOne: Rights = {
  mailboxes: [...domain.mailboxes, own('shop@example.org')],
  senders: [addressKey('boss@example.net')],
  rewriteSender: true,
}

describe('the sender policy', () => {
  const allowed: [string, Rights, string, string][] = [
    ['its own mailbox', one, 'Info@example.com', 'Info@example.com'],
    ['its own mailbox in another case', one, 'INFO@Example.COM', 'Info@example.com'],
    ['an alias of its mailbox', one, 'POST@example.com', 'Info@example.com'],
    ['the mailbox whose alias the sender is', two, 'sales@example.org', 'shop@example.org'],
    ['the null sender', one, '', 'Info@example.com'],
    ['the mailbox that the sender is', two, 'shop@example.org', 'shop@example.org'],
    ['a listed address, through the first mailbox', two, 'Boss@EXAMPLE.net', 'info@example.com'],
    ['a listed domain, through the first mailbox', two, 'anyone@lists.EXAMPLE', 'info@example.com'],
    ['the null sender, through the first mailbox', two, '', 'info@example.com'],
    [
      'any address of its domain, which is the mailbox then',
      domain,
      'Anyone@example.COM',
      'Anyone@example.com',
    ],
    ['the same beside a mailbox', domainAndOne, 'anyone@example.com', 'anyone@example.com'],
    ['the mailbox beside a domain', domainAndOne, 'shop@example.org', 'shop@example.org'],
    ['the null sender, through the first that is no domain', domainAndOne, '', 'shop@example.org'],
    ['a listed address likewise', domainAndOne, 'boss@example.net', 'shop@example.org'],
  ]
  it.each(allowed)('a login may send as %s', (_what, login, sender, mailbox) => {
    expect(mailboxForSender(login, sender)).toMatchObject({
      allowed: true,
      mailbox: { address: mailbox },
      sender,
    })
  })

  it('the mailbox itself goes before another one that has its address for an alias', () => {
    const mailboxes = [own('info@example.com', 'Shop@example.org'), own('shop@example.org')]
    const verdict = mailboxForSender({ ...two, mailboxes }, 'shop@example.org')
    expect(verdict).toMatchObject({ mailbox: { address: 'shop@example.org' }, sender: 'shop@example.org' })
  })

  const refused: [string, Rights, string][] = [
    ['somebody else', one, 'other@example.com'],
    ['an address that only begins alike', one, 'Info@example.com.evil.test'],
    ['an address that only ends alike', one, 'x.Info@example.com'],
    ['a domain below a listed one', two, 'a@sub.lists.example'],
    ['a domain that ends like a listed one', two, 'a@notlists.example'],
    ['the listed domain alone', two, 'lists.example'],
    ['the listed domain without a local part', two, '@lists.example'],
    ['a listed domain in the local part', two, 'a@lists.example@evil.test'],
    ['the pattern of another mailbox', one, '*@example.com'],
    ['the null sender of a domain, which names no mailbox', domain, ''],
    ['the domain itself', domain, '*@example.com'],
    ['a quoted address of its domain', domain, '"a b"@example.com'],
    ['another domain', domain, 'a@sub.example.com'],
    [
      'a listed sender that no mailbox is there for',
      { ...domain, senders: [addressKey('a@b.example')] },
      'a@b.example',
    ],
    ['anything at all when there is no mailbox', { mailboxes: [], senders: [], rewriteSender: true }, ''],
  ]
  it.each(refused)('a login may not send as %s', (_what, login, sender) => {
    expect(mailboxForSender(login, sender)).toMatchObject({ allowed: false, refusal: { message: /./ } })
  })

  it.each([
    [
      'a sender that it may not use is its first mailbox then',
      'other@example.com',
      'info@example.com',
      'info@example.com',
    ],
    ['the null sender stays', '', '', 'info@example.com'],
    ['its own mailboxes stay', 'Shop@example.org', 'Shop@example.org', 'shop@example.org'],
    ['a listed one stays', 'boss@example.net', 'boss@example.net', 'info@example.com'],
  ])('a login that asks for it has its sender rewritten: %s', (_what, asked, sender, mailbox) => {
    expect(mailboxForSender({ ...two, rewriteSender: true }, asked)).toMatchObject({
      allowed: true,
      mailbox: { address: mailbox },
      sender,
    })
  })

  it.each([
    'root',
    'Scanner 2',
    ' ',
    'a b@lists.example',
    '"x@lists.example',
    'a@b@lists.example',
    'x>@lists.example',
  ])('%j is replaced, which is no address, though a pattern would hold it', (text) => {
    const replaced = { allowed: true, mailbox: keyed('info@example.com'), sender: 'info@example.com' }
    expect(mailboxForSender({ ...two, rewriteSender: true }, text)).toMatchObject(replaced)
    if (text !== ' ') expect(mailboxForSender(two, text)).toMatchObject({ allowed: false })
  })

  it('blanks are taken for the null sender where nothing is replaced', () => {
    const verdict = { allowed: true, mailbox: keyed('info@example.com'), sender: '' }
    expect(mailboxForSender(two, ' ')).toMatchObject(verdict)
    expect(mailboxForSender(domain, ' ')).toMatchObject({ allowed: false })
  })

  it('the reason holds no control characters', () => {
    const verdict = mailboxForSender(one, 'a\r\n250 ok@example.com')
    expect(verdict).toMatchObject({
      allowed: false,
      refusal: { message: 'This login may not send as a??250 ok@example.com' },
    })
  })
})

describe('a sender pattern', () => {
  it.each([
    ['Me@Example.COM', 'Me@example.com'],
    [' *@Example.com ', '*@example.com'],
  ])('%j is read', (text, pattern) => {
    expect(parseAddressPattern(text)).toBe(pattern)
  })

  it.each([
    '',
    '*',
    '@example.com',
    'example.com',
    '*@',
    '*@*',
    '*@*.example.com',
    'a*@example.com',
    '**@example.com',
  ])('%j is refused', (text) => {
    expect(() => parseAddressPattern(text)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})
