import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Failure, FailureCode } from '../../src/base/failure.ts'
import type { AuthMethods } from '../../src/credentials/credential-index.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createSmtpSession, type SmtpSession } from '../../src/smtp/session.ts'
import type { SessionEvent, Step } from '../../src/smtp/session-events.ts'
import { createInputBuffer } from '../../src/wire/input-buffer.ts'
import { createMessageScanner } from '../../src/wire/message-scanner.ts'
import { formatReply, say } from '../../src/wire/reply.ts'
import { cutAt } from '../support/cutting.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { failureAs } from '../support/made-failure.ts'
import { stageSubmitters } from '../support/smtp-stage.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`

const everything: AuthMethods = { cramMd5: true, bearer: true, withoutPassword: true }

function newSession(
  startTls = false,
  plainAuth = true,
  offers = () => everything,
  size: (mailbox?: string) => number | undefined = () => undefined,
): SmtpSession {
  return createSmtpSession({
    hostname: 'localhost',
    limits: { ...defaultLimits, messageOctets: 100, recipientsPerMessage: 3 },
    capabilities(mailbox) {
      const octets = size(mailbox)
      const offer = { eightBitMime: true, smtpUtf8: false, dsn: false, enhancedStatusCodes: true }
      return octets === undefined ? offer : { ...offer, size: octets }
    },
    limitsOf: ({ limits }) => limits,
    authMethods: offers,
    makeChallenge: () => '<1.2@localhost>',
    startTls,
    encrypted: false,
    plainAuth,
  })
}

function tell(session: SmtpSession, line: string): Step {
  return session.step({ kind: 'line', line: Buffer.from(line, 'latin1') })
}

function codes(step: Step): number[] {
  return step.replies.map(({ code }) => code)
}

describe('the session', () => {
  it('the session does not offer or take AUTH in the clear where it may not, and does after STARTTLS', () => {
    const session = newSession(true, false)
    const hello = tell(session, 'EHLO a').replies[0]
    expect(hello?.lines).toContain('STARTTLS')
    expect(hello?.lines.join()).not.toContain('AUTH')
    expect(codes(tell(session, auth))).toEqual([538])
    expect(tell(session, 'STARTTLS').next).toEqual({ do: 'start-tls' })
    session.step({ kind: 'encrypted' })
    expect(tell(session, 'EHLO a').replies[0]?.lines).toContain(
      'AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER CRAM-MD5',
    )
    expect(tell(session, auth).next.do).toBe('sign-in')
  })

  it('the session limits lines to the length of commands once a client is authenticated', () => {
    const session = newSession()
    expect(session.greet().next).toEqual({ do: 'line', limit: defaultLimits.authLineOctets })
    tell(session, 'EHLO a')
    tell(session, auth)
    const [submitter] = stageSubmitters
    if (submitter === undefined) throw new Error('no submitter')
    const step = session.step({ kind: 'signed-in', submitter })
    expect(step.next).toEqual({ do: 'line', limit: defaultLimits.commandLineOctets })
  })

  it('the session measures a message by what the provider of its mailbox can do, whatever the others offer', () => {
    const size = (mailbox?: string) => (mailbox === 'second@example.com' ? 90 : 20)
    const session = newSession(false, true, () => everything, size)
    expect(tell(session, 'EHLO a').replies[0]?.lines).toContain('SIZE 20')
    tell(session, auth)
    const submitter = stageSubmitters.find(({ userName }) => userName === 'two@example.com')
    if (submitter === undefined) throw new Error('no submitter')
    session.step({ kind: 'signed-in', submitter })
    expect(codes(tell(session, 'MAIL FROM:<two@example.com> SIZE=50'))).toEqual([552])
    expect(codes(tell(session, 'MAIL FROM:<second@example.com> SIZE=50'))).toEqual([250])
  })

  it('the session offers at each EHLO what exists then, and takes no more', () => {
    let cramMd5 = false
    const session = newSession(false, true, () => ({ cramMd5, bearer: false, withoutPassword: false }))
    expect(tell(session, 'EHLO a').replies[0]?.lines).toContain('AUTH PLAIN LOGIN')
    cramMd5 = true
    expect(tell(session, 'EHLO a').replies[0]?.lines).toContain('AUTH PLAIN LOGIN CRAM-MD5')
    expect(codes(tell(session, 'AUTH CRAM-MD5'))).toEqual([334])
    tell(session, '*')
    cramMd5 = false
    expect(codes(tell(session, 'AUTH CRAM-MD5'))).toEqual([504])
  })

  it('the session looks a client without a password up at each MAIL, and lets it authenticate between', () => {
    const session = newSession()
    const [submitter] = stageSubmitters
    if (submitter === undefined) throw new Error('no submitter')
    tell(session, 'EHLO a')
    for (const code of [250, 250]) {
      const asked = tell(session, 'MAIL FROM:<me@example.com>')
      expect(asked).toEqual({ replies: [], next: { do: 'authorize', sender: 'me@example.com' } })
      const step = session.step({ kind: 'signed-in', submitter })
      expect(codes(step)).toEqual([code])
      // AUTH cannot come within a transaction, so its long lines cannot either.
      expect(step.next).toEqual({ do: 'line', limit: defaultLimits.commandLineOctets })
      expect(tell(session, 'RSET').next).toEqual({ do: 'reset', limit: defaultLimits.authLineOctets })
    }
    expect(tell(session, auth).next.do).toBe('sign-in')
    session.step({ kind: 'signed-in', submitter })
    expect(codes(tell(session, 'MAIL FROM:<me@example.com>'))).toEqual([250])
  })

  it.each<[FailureCode, number]>([
    ['wrong-credentials', 530],
    ['sender-refused', 550],
    ['store-unavailable', 451],
  ])('the session answers MAIL without AUTH after %s with %i, and stays open for AUTH', (code, reply) => {
    const session = newSession()
    tell(session, 'EHLO a')
    tell(session, 'MAIL FROM:<me@example.com>')
    const failure = failureAs(code, 'told to fail')
    expect(codes(session.step({ kind: 'failed', failure, at: 'admission' }))).toEqual([reply])
    expect(codes(tell(session, 'RCPT TO:<a@example.net>'))).toEqual([530])
    expect(tell(session, auth).next.do).toBe('sign-in')
  })

  it('the session forgets the submitter after STARTTLS', () => {
    const session = newSession(true)
    const [submitter] = stageSubmitters
    if (submitter === undefined) throw new Error('no submitter')
    tell(session, 'EHLO a')
    tell(session, 'MAIL FROM:<me@example.com>')
    session.step({ kind: 'signed-in', submitter })
    tell(session, 'RSET')
    expect(codes(tell(session, 'STARTTLS'))).toEqual([220])
    session.step({ kind: 'encrypted' })
    expect(codes(tell(session, 'RCPT TO:<a@example.net>'))).toEqual([530])
    expect(codes(tell(session, 'MAIL FROM:<me@example.com>'))).toEqual([503])
  })

  it('the session adds SMTPUTF8 for a mailbox that needs it, when it replaces the sender', () => {
    const session = newSession()
    tell(session, 'EHLO a')
    tell(session, auth)
    const mailboxes = [{ ...keyed('ü@example.com'), aliases: [] }]
    session.step({
      kind: 'signed-in',
      submitter: { userName: 'u', mailboxes, senders: [], rewriteSender: true },
    })
    tell(session, 'MAIL FROM:<root@localhost> SIZE=5')
    tell(session, 'RCPT TO:<a@example.net>')
    expect(session.step({ kind: 'run-ended' }).next).toMatchObject({
      mail: {
        sender: 'ü@example.com',
        parameters: [{ keyword: 'SIZE', value: '5' }, { keyword: 'SMTPUTF8' }],
      },
      givenSender: 'root@localhost',
    })
  })

  it('the session answers a failure of the sign-in with 454 and one of the transaction with 451', () => {
    const outcome = converse(
      `EHLO a\r\n${auth}\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<a@b.example>\r\n`,
      [1000],
      () => ({
        refuse: true,
      }),
    )
    expect(outcome.replies.join('')).toMatch(/451 4\.4\.1 .*\[postern:RETRY\]\r\n$/)
  })

  it.each<[SessionEvent, number]>([
    [{ kind: 'timed-out', late: false }, 421],
    [{ kind: 'timed-out', late: true }, 421],
    [{ kind: 'shutting-down' }, 421],
    [{ kind: 'line-too-long', start: Buffer.from('NOOP') }, 500],
    [{ kind: 'line-forbidden', start: Buffer.alloc(0) }, 500],
  ])('the session closes after %j', (event, code) => {
    const step = newSession().step(event)
    expect(codes(step)).toEqual([code])
    expect(step.next).toEqual({ do: 'close' })
  })
})

interface Outcome {
  replies: string[]
  asked: string[]
}

/** The shell without sockets: feeds input, performs every step with a provider that always says yes (or fails at `begin`). */
function converse(input: string, sizes: readonly number[], provider = () => ({ refuse: false })): Outcome {
  const outcome: Outcome = { replies: [], asked: [] }
  const buffer = createInputBuffer()
  const session = newSession()
  let step = session.greet()
  let scanner = createMessageScanner()
  let message: Buffer[] = []
  const pieces = cutAt(Buffer.from(input, 'latin1'), ...sizes)

  for (;;) {
    for (const reply of step.replies) outcome.replies.push(formatReply(reply))
    const event = perform()
    if (event === undefined) return outcome
    step = session.step(event)
  }

  function perform(): SessionEvent | undefined {
    const { next } = step
    switch (next.do) {
      case 'line':
      case 'line-if-here':
      case 'reset':
        return line(next.limit, next.do === 'line-if-here')
      case 'sign-in': {
        const { userName } = next.credentials
        const submitter = stageSubmitters.find((known) => known.userName === userName)
        return submitter === undefined ? wrong('sign-in') : { kind: 'signed-in', submitter }
      }
      case 'authorize': {
        const submitter = stageSubmitters.find((known) => known.userName === next.sender)
        return submitter === undefined ? wrong('admission') : { kind: 'signed-in', submitter }
      }
      case 'begin':
      case 'add-recipients': {
        if (provider().refuse) return { kind: 'failed', failure: unavailable(), at: 'transaction' }
        // How recipients are grouped follows the cutting, on purpose; who they are must not.
        for (const { recipient } of next.recipients) outcome.asked.push(recipient)
        return {
          kind: 'recipients-answered',
          replies: next.recipients.map(() => say(250, '2.1.5')),
          open: true,
        }
      }
      case 'promise':
        return { kind: 'promised' }
      case 'message':
        scanner = createMessageScanner()
        message = []
        return readMessage()
      default:
        return undefined
    }
  }

  function line(limit: number, onlyIfHere: boolean): SessionEvent | undefined {
    for (;;) {
      const taken = buffer.takeLine(limit)
      if (taken.kind === 'line') return taken
      if (taken.kind === 'too-long') return { kind: 'line-too-long', start: taken.start }
      if (taken.kind === 'forbidden') return { kind: 'line-forbidden', start: Buffer.alloc(0) }
      if (onlyIfHere) return { kind: 'run-ended' }
      const piece = pieces.shift()
      if (piece === undefined) return undefined
      buffer.push(piece)
    }
  }

  function readMessage(): SessionEvent | undefined {
    for (;;) {
      const scan = buffer.takeData(scanner)
      if (scan.kind === 'refused') {
        return { kind: 'message-over', outcome: { kind: 'cut', cut: 'bare-newline' }, ended: false }
      }
      message.push(...scan.octets)
      if (scan.kind === 'end') {
        outcome.asked.push(Buffer.concat(message).toString('latin1'))
        return { kind: 'message-over', outcome: { kind: 'answered', reply: say(250, '2.0.0') }, ended: true }
      }
      const piece = pieces.shift()
      if (piece === undefined) return undefined
      buffer.push(piece)
    }
  }
}

function wrong(at: 'sign-in' | 'admission'): SessionEvent {
  return { kind: 'failed', failure: failureAs('wrong-credentials', 'told to fail'), at }
}

function unavailable(): Failure {
  return failureAs('provider-unavailable', 'told to fail')
}

describe('whatever a client sends', () => {
  const part = fc.constantFrom(
    'EHLO a\r\n',
    `${auth}\r\n`,
    'AUTH LOGIN\r\n',
    'AUTH CRAM-MD5\r\n',
    `AUTH XOAUTH2 ${encodeBase64('user=me@example.com\x01auth=Bearer a\x01\x01')}\r\n`,
    `AUTH OAUTHBEARER ${encodeBase64('n,a=somebody,\x01auth=Bearer a\x01\x01')}\r\n`,
    `AUTH PLAIN ${'A'.repeat(5000)}\r\n`,
    `AUTH PLAIN ${'A'.repeat(13_000)}\r\n`,
    '*\r\n',
    'bWVAZXhhbXBsZS5jb20=\r\n',
    'MAIL FROM:<me@example.com>\r\n',
    'MAIL FROM:<\r\n',
    'RCPT TO:<a@b.example>\r\n',
    'RCPT TO:<c@d.example>\r\n',
    'RCPT TO:<>\r\n',
    'DATA\r\n',
    'one\r\n..two\r\n.\r\n',
    '.\r\n',
    'RSET\r\n',
    'NOOP\r\n',
    'QUIT\r\n',
    'junk\r\n',
    '\r',
    '\n',
    '\0',
  )
  const input = fc.oneof(
    fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')),
    fc
      .array(part, { maxLength: 30 })
      .map(
        (parts) =>
          `EHLO a\r\n${auth}\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<a@b.example>\r\n${parts.join('')}`,
      ),
    fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets).toString('latin1')),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 })

  it('a client gets the same replies, and asks the same of the provider, however it is cut', () => {
    fc.assert(
      fc.property(input, sizes, (text, cuts) => {
        expect(converse(text, cuts)).toEqual(converse(text, [100_000]))
      }),
      { numRuns: 2000 },
    )
  })

  it('a client hears well-formed replies, and no message with a bare CR, LF or NUL leaves', () => {
    fc.assert(
      fc.property(input, sizes, (text, cuts) => {
        const { replies, asked } = converse(text, cuts)
        for (const reply of replies) expect(reply).toMatch(/^(?:\d{3}-[ -~]*\r\n)*\d{3} [ -~]*\r\n$/)
        for (const said of asked) expect(said.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('several recipients of one RCPT', () => {
  const rcpt = 'RCPT TO:<a@example.net>,<b@example.net>'

  function inTransaction(): SmtpSession {
    const session = newSession()
    tell(session, 'EHLO a')
    tell(session, auth)
    const [submitter] = stageSubmitters
    if (submitter === undefined) throw new Error('no submitter')
    session.step({ kind: 'signed-in', submitter: { ...submitter, mending: { splitRecipients: true } } })
    tell(session, 'MAIL FROM:<me@example.com>')
    return session
  }

  const yes = say(250, '2.1.5 yes')
  const answered = (session: SmtpSession, ...said: ReturnType<typeof say>[]) =>
    session.step({ kind: 'recipients-answered', replies: said, open: true })

  it('several recipients leave together, and get one yes when all are accepted', () => {
    const session = inTransaction()
    expect(tell(session, rcpt).replies).toEqual([])
    const { next } = session.step({ kind: 'run-ended' })
    expect(next).toMatchObject({
      do: 'begin',
      recipients: [{ recipient: 'a@example.net' }, { recipient: 'b@example.net' }],
    })
    expect(answered(session, yes, yes).replies).toEqual([yes])
    expect(tell(session, 'DATA').next).toEqual({ do: 'promise' })
  })

  it('several recipients get a refusal that names the refused one, and the message goes to none', () => {
    const session = inTransaction()
    tell(session, 'RCPT TO:<c@example.net>')
    tell(session, rcpt)
    session.step({ kind: 'run-ended' })
    const [first, second] = answered(session, yes, yes, say(550, '5.1.1 no such user')).replies
    expect(first).toEqual(yes)
    expect(second).toEqual(
      say(
        550,
        '5.1.1 The message goes to none of the addresses of this command, because of b@example.net:',
        '5.1.1 no such user',
      ),
    )
    expect(codes(tell(session, 'RCPT TO:<d@example.net>'))).toEqual([550])
    expect(codes(tell(session, 'DATA'))).toEqual([550])
    expect(tell(session, 'RSET').next.do).toBe('reset')
    expect(codes(tell(session, 'MAIL FROM:<me@example.com>'))).toEqual([250])
  })

  it('several recipients hear it when none of them is accepted, and another one still may be', () => {
    const session = inTransaction()
    tell(session, rcpt)
    session.step({ kind: 'run-ended' })
    const no = say(550, '5.1.1 no')
    expect(codes(answered(session, no, no))).toEqual([550])
    tell(session, 'RCPT TO:<c@example.net>')
    session.step({ kind: 'run-ended' })
    expect(answered(session, yes).replies).toEqual([yes])
    expect(tell(session, 'DATA').next).toEqual({ do: 'promise' })
  })

  it('several recipients count one by one against the limit', () => {
    const session = inTransaction()
    tell(session, rcpt)
    tell(session, rcpt)
    session.step({ kind: 'run-ended' })
    expect(codes(answered(session, yes, yes))).toEqual([250, 452])
  })
})

describe('a login that may send to some recipients only', () => {
  const login = stageSubmitters.find(({ userName }) => userName === 'me@example.com')

  function limitedSession(recipients: readonly Address[]): SmtpSession {
    const session = newSession()
    session.greet()
    tell(session, 'EHLO app')
    tell(session, auth)
    if (login === undefined) throw new Error('there is no such login')
    session.step({ kind: 'signed-in', submitter: { ...login, limits: { recipients } } })
    tell(session, 'MAIL FROM:<me@example.com>')
    return session
  }

  it.each([
    ['you@example.com', 250],
    ['YOU@EXAMPLE.COM', 250],
    ['Boss@example.org', 250],
    ['other@example.org', 550],
    ['you@sub.example.com', 550],
    ['you@example.com.evil.net', 550],
    ['"you@example.com"@evil.net', 550],
    ['@example.com:you@evil.net', 550],
    ['you%evil.net@example.com', 250],
    ['postmaster', 550],
  ])('a message to %s gets %s', (recipient, code) => {
    const session = limitedSession(['*@example.com', 'boss@example.org'])
    const step = tell(session, `RCPT TO:<${recipient}>`)
    if (code === 550) {
      expect(step.replies).toEqual([say(550, '5.7.1 This login may not send to this recipient')])
      expect(step.refusedRecipients).toMatchObject({ mailbox: 'me@example.com', sender: 'me@example.com' })
    } else expect([step.replies, step.next.do]).toEqual([[], 'line-if-here'])
  })

  it('the others of a pipelined run are asked for, each refusal in its place', () => {
    const session = limitedSession(['*@example.com'])
    tell(session, 'RCPT TO:<one@example.com>')
    const refused = tell(session, 'RCPT TO:<two@example.net>')
    expect(refused).toMatchObject({
      replies: [],
      refusedRecipients: { recipients: [{ recipient: 'two@example.net' }] },
    })
    tell(session, 'RCPT TO:<three@example.com>')
    const ended = session.step({ kind: 'run-ended' })
    expect(ended.next).toMatchObject({
      do: 'begin',
      recipients: [{ recipient: 'one@example.com' }, { recipient: 'three@example.com' }],
    })
    const yes = say(250, '2.1.5 Yes')
    const step = session.step({ kind: 'recipients-answered', replies: [yes, yes], open: true })
    expect(codes(step)).toEqual([250, 550, 250])
  })
})
