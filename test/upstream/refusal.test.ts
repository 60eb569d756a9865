import { describe, expect, it } from 'vitest'
import type { FailureCode } from '../../src/base/failure.ts'
import { refusal } from '../../src/upstream/refusal.ts'
import { enhancedStatuses, type Reply, say, statusOf, wordsOf } from '../../src/wire/reply.ts'

describe('a refusal in words', () => {
  it.each([
    [say(535, '5.7.8 No'), '535 5.7.8'],
    [say(535, '5.7.139 Policy'), '535 5.7.139'],
    [say(535, 'No', '5.7.3 at all'), '535 5.7.3'],
    [say(454, 'Later'), '454'],
    [say(535, '5.7.1392.4 no status'), '535'],
  ])('a refusal has code and status only: %j', (reply, status) => {
    expect(statusOf(reply)).toBe(status)
  })

  it('a refusal knows every status of a long reply', () => {
    expect(enhancedStatuses(say(535, '5.7.3 a', 'b', '5.7.139 c'))).toEqual(['5.7.3', '5.7.139'])
  })

  it('a refusal has no line ends, no terminal controls, no long words, and an end', () => {
    const words = wordsOf(say(535, 'a\x1b[2Jb', `AUTH XOAUTH2 ${'dXNlcj1t'.repeat(20)}==`, 'x '.repeat(500)))
    expect(words).toMatch(/^a\?\[2Jb \/ AUTH XOAUTH2 \[hidden\] \/ x x/)
    expect(words.length).toBeLessThanOrEqual(201)
  })

  it('a refusal keeps what a provider usually says', () => {
    for (const text of [
      '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
      '5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
    ])
      expect(wordsOf(say(535, text))).toBe(text)
  })
})

describe('a refusal before a sign-in', () => {
  it.each<[Reply, FailureCode, number | undefined]>([
    [say(421, '4.7.0 Try again later, closing connection. (EHLO)'), 'provider-unavailable', 300],
    [say(421, '4.3.2 Service not active'), 'provider-unavailable', undefined],
    [say(432, '4.3.2 Concurrent connections limit exceeded.'), 'provider-unavailable', 30],
    [say(421, '4.7.66 TLS 1.0 and 1.1 are not supported.'), 'provider-setup', undefined],
    [say(421, '4.7.660 Something else'), 'provider-unavailable', 900],
    [say(554, '5.7.1 Not from there'), 'provider-setup', undefined],
    [say(550, '5.2.252 Sender throttled due to continuous errors.'), 'provider-unavailable', 3600],
    [say(550, '5.4.5 Daily user sending limit exceeded.'), 'provider-unavailable', 3600],
  ])('a refusal is passing trouble or set-up, and says how long to wait: %j', (reply, code, seconds) => {
    const failure = refusal(reply, 'smtp.example.com', 'EHLO')
    expect(failure).toMatchObject({ code, fix: expect.any(String) })
    expect(failure.message).toContain(`smtp.example.com refused EHLO (${statusOf(reply)})`)
    expect(failure.retryAfterSeconds).toBe(seconds)
  })
})
