import { describe, expect, it } from 'vitest'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createSmtpSession, type SmtpSession } from '../../src/smtp/session.ts'
import type { Step } from '../../src/smtp/session-events.ts'
import { type Reply, say } from '../../src/wire/reply.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { stageSubmitters } from '../support/smtp-stage.ts'
import { tableInSource } from '../support/table-in-source.ts'

/** The lines that stand for the commands of the table. */
const lines: Record<string, string> = {
  EHLO: 'EHLO client',
  HELO: 'HELO client',
  STARTTLS: 'STARTTLS',
  'AUTH PLAIN': `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`,
  'AUTH LOGIN': 'AUTH LOGIN',
  MAIL: 'MAIL FROM:<me@example.com>',
  RCPT: 'RCPT TO:<b@example.net>',
  DATA: 'DATA',
  RSET: 'RSET',
  NOOP: 'NOOP',
  VRFY: 'VRFY somebody',
  HELP: 'HELP',
  QUIT: 'QUIT',
  BDAT: 'BDAT 1 LAST',
  EXPN: 'EXPN list',
  XYZZY: 'XYZZY',
  GET: 'GET / HTTP/1.1',
}

/** What leads a new session into each phase of the table. */
const phases: Record<string, (session: SmtpSession) => void> = {
  fresh() {},
  greeted(session) {
    command(session, 'EHLO')
  },
  'signed-in'(session) {
    command(session, 'EHLO')
    command(session, 'AUTH PLAIN')
    const [submitter] = stageSubmitters
    if (submitter === undefined) throw new Error('the stage has no submitter')
    session.step({ kind: 'signed-in', submitter })
  },
  mail(session) {
    phases['signed-in']?.(session)
    command(session, 'MAIL')
  },
  rcpt(session) {
    phases.mail?.(session)
    command(session, 'RCPT')
  },
  accepted(session) {
    phases.rcpt?.(session)
    answerRecipients(session, say(250, '2.1.5 OK'), true)
  },
  refused(session) {
    phases.rcpt?.(session)
    answerRecipients(session, say(550, '5.1.1 Unknown'), false)
  },
}

function newSession(authMethods = { cramMd5: false, bearer: false, withoutPassword: false }): SmtpSession {
  const session = createSmtpSession({
    hostname: 'localhost',
    limits: defaultLimits,
    capabilities: () => ({ eightBitMime: true, smtpUtf8: false, dsn: false, enhancedStatusCodes: true }),
    limitsOf: ({ limits }) => limits,
    authMethods: () => authMethods,
    makeChallenge: () => '<1.2@localhost>',
    startTls: true,
    encrypted: false,
    plainAuth: true,
  })
  session.greet()
  return session
}

function command(session: SmtpSession, name: string): Step {
  const line = lines[name]
  if (line === undefined) throw new Error(`the test has no line for ${name}`)
  return session.step({ kind: 'line', line: Buffer.from(line) })
}

function answerRecipients(session: SmtpSession, reply: Reply, open: boolean): void {
  session.step({ kind: 'run-ended' })
  session.step({ kind: 'recipients-answered', replies: [reply], open })
}

const shortened = new Map<Step['next']['do'], string>([
  ['start-tls', 'tls'],
  ['line-if-here', 'gather'],
])

/** As the table writes it: the codes of the replies, and the next step unless that is to wait for a line. */
function shown({ replies, next }: Step): string {
  const step = shortened.get(next.do) ?? next.do
  return [...replies.map(({ code }) => String(code)), ...(step === 'line' ? [] : [step])].join(' ')
}

const { names, rows } = tableInSource('smtp/session.ts', '')

describe('the table in session.ts', () => {
  it('the table has a column for each phase and a row for each command', () => {
    expect(names).toEqual(Object.keys(phases))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(lines))
  })

  describe.each(names.map((phase, column) => ({ phase, column: column + 1 })))(
    'in $phase',
    ({ phase, column }) => {
      it.each(rows.map((row) => ({ name: row[0] ?? '', answer: row[column] })))(
        'the table says that $name is answered by $answer',
        ({ name, answer }) => {
          const session = newSession()
          phases[phase]?.(session)
          expect(shown(command(session, name))).toBe(answer)
        },
      )
    },
  )
})

it('a client whose network is enough for a login is looked up at MAIL', () => {
  const session = newSession({ cramMd5: false, bearer: false, withoutPassword: true })
  expect(shown(command(session, 'MAIL'))).toBe('503')
  command(session, 'EHLO')
  expect(shown(command(session, 'MAIL'))).toBe('authorize')
})

it('a line is no command while AUTH is under way', () => {
  const session = newSession()
  command(session, 'EHLO')
  command(session, 'AUTH LOGIN')
  expect(shown(command(session, 'XYZZY'))).toBe('501')
  expect(shown(command(session, 'NOOP'))).toBe('250')
})
