import { describe, expect, it } from 'vitest'
import { commandToAllow } from '../../src/mailboxes/sender-policy.ts'
import { keyed } from '../../src/model/address.ts'

const mailboxes = [{ ...keyed('me@example.com'), aliases: [] }]

describe('the command that would allow a sender', () => {
  it('the command extends the login, and for an API key makes one', () => {
    const sender = 'x@example.net'
    expect(commandToAllow({ login: '1f', mailboxes }, sender)).toBe(
      'postern login allow 1f --sender x@example.net',
    )
    expect(commandToAllow({ mailboxes }, sender)).toBe(
      'postern login add me@example.com --sender x@example.net',
    )
  })

  it('the sender is one word to a shell, whatever it is', () => {
    expect(commandToAllow({ login: '1f', mailboxes }, "a'`id`$x@example.net")).toContain(
      `--sender 'a'\\''\`id\`$x@example.net'`,
    )
  })

  it.each(['*@example.com', '"a b"@example.com', 'x@[192.0.2.1]', 'a*b@example.com'])(
    'no command allows %s, which would allow more or nothing',
    (sender) => {
      expect(commandToAllow({ login: '1f', mailboxes }, sender)).toBeUndefined()
    },
  )
})
