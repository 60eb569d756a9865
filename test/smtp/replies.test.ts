import { describe, expect, it } from 'vitest'
import type { FailureCode } from '../../src/base/failure.ts'
import { relayedReply, replies, replyForFailure, senderRefused } from '../../src/smtp/replies.ts'
import { formatReply, say } from '../../src/wire/reply.ts'
import { failureAs } from '../support/made-failure.ts'

describe('failures as replies', () => {
  it.each<[FailureCode, string, string, string]>([
    ['wrong-credentials', '535 5.7.8', '530 5.7.0', '550 5.7.1'],
    ['forbidden', '535 5.7.8', '530 5.7.0', '550 5.7.1'],
    ['sender-refused', '550 5.7.1', '550 5.7.1', '550 5.7.1'],
    [
      'consent-needed',
      '454 4.7.0 [postern:REAUTH]',
      '451 4.7.0 [postern:REAUTH]',
      '451 4.7.0 [postern:REAUTH]',
    ],
    [
      'provider-unavailable',
      '454 4.7.0 [postern:RETRY]',
      '451 4.4.1 [postern:RETRY]',
      '451 4.4.1 [postern:RETRY]',
    ],
    [
      'provider-setup',
      '454 4.7.0 [postern:CONFIG]',
      '451 4.3.0 [postern:CONFIG]',
      '451 4.3.0 [postern:CONFIG]',
    ],
    ['limit-reached', '454 4.7.0 [postern:LIMIT]', '451 4.3.2 [postern:LIMIT]', '451 4.3.2 [postern:LIMIT]'],
    ['outcome-unknown', '451 4.4.2', '451 4.4.2', '451 4.4.2'],
    [
      'store-unavailable',
      '454 4.7.0 [postern:RETRY]',
      '451 4.3.0 [postern:RETRY]',
      '451 4.3.0 [postern:RETRY]',
    ],
    ['internal', '454 4.7.0 [postern:RETRY]', '451 4.3.0 [postern:RETRY]', '451 4.3.0 [postern:RETRY]'],
  ])('%s is %s at AUTH, %s at MAIL without AUTH, and %s later', (code, atSignIn, atAdmission, later) => {
    const failure = failureAs(code, 'the provider said: eyJhbGciOi')
    expect(gist(formatReply(replyForFailure(failure, 'sign-in')))).toBe(atSignIn)
    expect(gist(formatReply(replyForFailure(failure, 'proof')))).toBe(atSignIn)
    expect(gist(formatReply(replyForFailure(failure, 'admission')))).toBe(atAdmission)
    expect(gist(formatReply(replyForFailure(failure, 'transaction')))).toBe(later)
  })

  it('a reply tells a client that guessed too often from one whose provider is busy', () => {
    const failure = failureAs('limit-reached', 'told to fail')
    expect(replyForFailure(failure, 'sign-in').lines[0]).toContain('Too many failed sign-ins from here')
    expect(replyForFailure(failure, 'proof').lines[0]).not.toContain('sign-ins')
  })

  it('a reply says what a failure has for the program, between status and mark, once it has proven who it is', () => {
    const failure = failureAs('limit-reached', 'x', {
      told: 'Of the last 40 recipients 20 are unknown to Jörg',
    })
    expect(replyForFailure(failure, 'transaction')).toEqual({
      code: 451,
      lines: ['4.3.2 Of the last 40 recipients 20 are unknown to J?rg [postern:LIMIT]'],
    })
    expect(replyForFailure(failure, 'sign-in').lines[0]).not.toContain('40')
    const long = failureAs('provider-setup', 'x', { told: 'y'.repeat(2000) })
    const [line] = replyForFailure(long, 'transaction').lines
    expect(line).toMatch(/^4\.3\.0 y+.* \[postern:CONFIG\]$/)
    expect(`451 ${line}\r\n`.length).toBeLessThanOrEqual(512)
  })

  it('a reply never shows what the failure says', () => {
    const failure = failureAs('provider-unavailable', 'token eyJhbGciOi')
    expect(formatReply(replyForFailure(failure, 'sign-in'))).not.toContain('eyJ')
  })
})

describe('texts of our own', () => {
  it('our texts name a command whole or not at all, because a part of it would allow another sender', () => {
    const text = (reason: string, fix: string) => formatReply(senderRefused(reason, fix))
    expect(text('Not this one', 'Run: it')).toBe('550 5.7.1 Not this one. Run: it\r\n')
    expect(text('Not jürgen', 'Run: it jürgen')).toBe('550 5.7.1 Not j?rgen\r\n')
    expect(text('Not this one', `Run: ${'x'.repeat(470)}`)).toBe('550 5.7.1 Not this one\r\n')
  })

  it('our texts are one line of printable ASCII each, within 512 octets', () => {
    const long = 'ü\r\n250 '.repeat(200)
    const all = [...Object.values(replies), senderRefused(long, long), senderRefused('short')]
    for (const reply of all) expect(formatReply(reply)).toMatch(/^\d{3} [ -~]{0,506}\r\n$/)
  })
})

describe('a provider’s reply on its way to the client', () => {
  it.each([
    ['554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException', '451 4.4.5 [postern:LIMIT]'],
    ['550 5.4.5 Daily user sending limit exceeded', '451 4.4.5 [postern:LIMIT]'],
    ['550 5.2.252 SendAsDenied limit', '451 4.4.5 [postern:LIMIT]'],
    ['554 5.2.2 Submission quota exceeded', '451 4.4.5 [postern:LIMIT]'],
    ['550 5.2.2 The submission quota was exceeded', '451 4.4.5 [postern:LIMIT]'],
    ['550 5.7.1 Mail sent from here has been rate limited', '451 4.4.5 [postern:LIMIT]'],
    ['550 5.7.1 Daily SMTP relay limit exceeded for user', '451 4.4.5 [postern:LIMIT]'],
    ...[421, 432, 451].map((code): [string, string] => [
      `${code} 4.4.2 Message submission rate for this client has exceeded the configured limit`,
      '451 4.4.5 [postern:LIMIT]',
    ]),
    ['432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', '451 4.3.2 [postern:LIMIT]'],
    ['432 4.3.2 Concurrent connections limit exceeded.', '451 4.3.2 [postern:LIMIT]'],
    ['530 5.7.57 Client not authenticated to send mail', '451 4.3.0 [postern:CONFIG]'],
    ['535 5.7.57 Client not authenticated to send mail', '451 4.3.0 [postern:CONFIG]'],
    ['550 5.7.57 Client not authenticated to send mail', '451 4.3.0 [postern:CONFIG]'],
    ['530 5.7.0 Authentication required', '451 4.3.0 [postern:CONFIG]'],
    ['535 Sign in first', '451 4.3.0 [postern:CONFIG]'],
  ])('the reply says what it means: %s', (said, meant) => {
    expect(gist(formatReply(relayedReply(read(said))))).toBe(meant)
  })

  it.each([
    '421 4.7.0 Try again later, closing connection',
    '421 4.4.2 Connection dropped',
    '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded',
  ])(
    'the reply keeps its words where its code would tell something about this connection or the password: %s',
    (said) => {
      expect(formatReply(relayedReply(read(said)))).toBe(`451${said.slice(3)}\r\n`)
    },
  )

  it.each([
    '250 2.0.0 OK',
    '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException',
    '554 5.4.5 something',
    '550 5.2.2 mailbox full',
    '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException',
    '550 5.7.1 Client was not authenticated',
    '451 4.4.2 Timeout',
    '451 4.3.2 Please try again later',
    '550 5.4.50 no such status',
    '451 4.7.500 Server busy',
    '550 SubmissionQuotaExceeded without a status',
  ])('the reply passes unchanged: %s', (said) => {
    const reply = read(said)
    expect(relayedReply(reply)).toBe(reply)
  })
})

function read(text: string) {
  return say(Number(text.slice(0, 3)), text.slice(4))
}

/** Code, enhanced status and tag. */
function gist(reply: string): string {
  const text = reply.trimEnd()
  const tag = /\[postern:\w+\]$/.exec(text)?.[0]
  return [...text.split(' ').slice(0, 2), ...(tag === undefined ? [] : [tag])].join(' ')
}
