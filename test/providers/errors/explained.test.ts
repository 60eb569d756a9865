import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Failure } from '../../../src/base/failure.ts'
import { explained, seenError, seenReply } from '../../../src/providers/errors/explained.ts'
import { findInText, findKnown, knownErrors } from '../../../src/providers/errors/known-errors.ts'
import { type Seen, seenIn } from '../../../src/providers/errors/seen.ts'
import { judge, OAuthError } from '../../../src/providers/oauth/oauth-client.ts'
import { replyForFailure } from '../../../src/smtp/replies.ts'
import { judgeSignIn } from '../../../src/upstream/sign-in.ts'
import type { Reply } from '../../../src/wire/reply.ts'
import { failureAs } from '../../support/made-failure.ts'

const source = resolve(import.meta.dirname, '../../../src')
const numbers = knownErrors.flatMap(({ when }) =>
  when.layer === 'answer' && when.number !== undefined ? [when.number] : [],
)
const names = [
  ...new Set(
    knownErrors.flatMap(({ when }) =>
      when.layer === 'answer' && when.error !== undefined ? [when.error] : [],
    ),
  ),
]
const examples = knownErrors.flatMap(({ example }) => example ?? [])
const values = { mailbox: 'me@example.com', provider: 'microsoft' }

/** What a room decides by: everything of a failure but its words. */
function decided({ code, retryAfterSeconds, cause }: Failure) {
  return { code, retryAfterSeconds, cause }
}

/** What a sign-in that gets this reply fails with; undefined where another token may help. */
function failureOf(reply: Reply): Failure | undefined {
  try {
    judgeSignIn(reply, { host: 'mail.example.com', mailbox: 'me@example.com', mechanism: 'XOAUTH2' })
    return undefined
  } catch (error) {
    return error as Failure
  }
}

describe('an explained failure', () => {
  it('an explained failure has the code and the times of the one that it explains, and says more', async () => {
    const cause = new Error('The provider said: no')
    const general = failureAs('provider-setup', 'No', { cause, fix: 'Look.', retryAfterSeconds: 7 })
    const seen: Seen[] = [
      ...numbers.map((number): Seen => ({ layer: 'answer', numbers: [number], text: '' })),
      ...examples.flatMap(seenIn),
    ]
    for (const one of seen) {
      const told = await explained(general, one, values)
      expect(decided(told)).toEqual(decided(general))
      expect(told.message.startsWith('No')).toBe(true)
      for (const phase of ['proof', 'transaction'] as const) {
        const [before, after] = [general, told].map((failure) => replyForFailure(failure, phase))
        const tag = (line = '') => [line.split(' ')[0], /\[postern:\w+\]$/.exec(line)?.[0]]
        expect({ code: after?.code, tag: tag(after?.lines[0]) }).toEqual({
          code: before?.code,
          tag: tag(before?.lines[0]),
        })
      }
    }
  })

  it('the failure is the same one where nothing is known, or nothing more than its code', async () => {
    const general = failureAs('provider-unavailable', 'No')
    const never = { layer: 'answer' as const, numbers: [1], error: 'never_heard_of', text: '' }
    expect(await explained(general, never)).toBe(general)
    const bare = seenReply({ code: 535, lines: ['5.7.8 Authentication failed'] }, {}, 'auth')
    expect(await explained(general, bare)).toBe(general)
  })

  it('an explained failure names the mailbox in its commands', async () => {
    const seen = seenReply(
      { code: 535, lines: ['5.7.139 SmtpClientAuthentication is disabled for the Mailbox.'] },
      { errorFamily: 'microsoft' },
      'auth',
    )
    const { message, fix, told } = await explained(failureAs('provider-setup', 'No'), seen, values)
    expect(message).toBe(
      'No: SMTP AUTH is switched off for this mailbox, by its own setting or that of the organisation',
    )
    expect(told).toContain('SMTP AUTH is switched off')
    expect(fix).toContain("Get-CASMailbox -Identity 'me@example.com'")
  })

  it('an error of one provider is not taken for that of another', async () => {
    const reply: Reply = { code: 454, lines: ['4.7.0 Temporary authentication failure'] }
    expect(findKnown(seenReply(reply, { errorFamily: 'google' }, 'auth'))?.id).toBe('gmail-454-temporary')
    expect(findKnown(seenReply(reply, {}, 'auth'))?.id).toBe('smtp-454-auth')
  })
})

describe('what postern does', () => {
  it('the verdict is the same without any number of Entra', () => {
    expect(numbers.length).toBeGreaterThan(90)
    for (const error of names)
      for (const status of [400, 401, 403, 429, 503]) {
        const verdictOf = (text: string) => {
          const { reason: _, ...verdict } = judge(new OAuthError(text, { error, status, explained: true }))
          return verdict
        }
        const without = verdictOf(`${error}: it is not so`)
        for (const number of numbers)
          expect(verdictOf(`${error}: AADSTS${number}: it is not so`)).toEqual(without)
      }
  })

  it('the answer to a sign-in is decided before an entry is looked for', async () => {
    for (const example of examples.filter((text) => /^5\d\d/.test(text))) {
      const reply: Reply = { code: Number(example.slice(0, 3)), lines: [example.slice(4)] }
      const failure = failureOf(reply)
      if (!failure) continue
      const seen = seenReply(reply, { errorFamily: 'microsoft' }, 'auth')
      expect(decided(await explained(failure, seen))).toEqual(decided(failure))
    }
  })

  it('a number of Entra stands in no code, but in the catalogue and in examples', () => {
    const digits = new RegExp(`(?<![\\d_.])(${numbers.join('|')})(?![\\d_])`)
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !/^(providers\/errors\/|diagnosis\/|cli\/explain)/.test(path),
    )
    expect(files.filter((path) => digits.test(readFileSync(join(source, path), 'utf8')))).toEqual([])
  })

  it('the catalogue is loaded only for who explains', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    )
    const importers = files.filter((path) =>
      /^(import|export)(?! type)[^'\n]*'[^']*known-errors\.ts'|^\} from '[^']*known-errors\.ts'/m.test(
        readFileSync(join(source, path), 'utf8'),
      ),
    )
    // Both are loaded later themselves.
    expect(importers.sort()).toEqual(['diagnosis/explain.ts', 'web/texts/known-error-phrases.ts'])
  })
})

describe('an error of an authorization server', () => {
  it('an error is seen by its name, its HTTP status and the numbers in its text', () => {
    const seen = seenError(
      new OAuthError('invalid_grant: AADSTS50076: no AADSTS50079', { error: 'invalid_grant', status: 400 }),
      'token',
    )
    expect(seen).toMatchObject({ error: 'invalid_grant', http: 400, numbers: [50076, 50079], phase: 'token' })
    expect(findKnown(seen)?.id).toBe('aadsts50076')
  })

  it('an error that nobody knows stays unknown', () => {
    expect(findInText('The weather is nice, and 535 people are in the park')).toBeUndefined()
  })
})
