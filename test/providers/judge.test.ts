import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { judge } from '../../src/providers/judge.ts'
import { OAuthError } from '../../src/providers/oauth-error.ts'

describe('the judgement of a failed token request', () => {
  it.each([
    [400, 'invalid_grant', 'consent-needed'],
    [401, 'invalid_grant', 'consent-needed'],
    [403, 'invalid_grant', 'consent-needed'],
    [400, 'interaction_required', 'consent-needed'],
    [400, 'login_required', 'consent-needed'],
    [400, 'consent_required', 'consent-needed'],
    [401, 'invalid_client', 'setup-wrong'],
    [400, 'invalid_client', 'setup-wrong'],
    [400, 'unauthorized_client', 'setup-wrong'],
    [400, 'invalid_scope', 'setup-wrong'],
    [400, 'unsupported_grant_type', 'setup-wrong'],
    [400, 'invalid_request', 'setup-wrong'],
    [401, 'deleted_client', 'setup-wrong'],
    // A gateway in trouble may repeat what it has heard somewhere.
    [500, 'invalid_grant', 'try-later'],
    [503, 'invalid_grant', 'try-later'],
    [502, 'invalid_client', 'try-later'],
    [429, 'invalid_grant', 'try-later'],
    [408, 'invalid_grant', 'try-later'],
    [404, 'invalid_grant', 'try-later'],
    [200, 'invalid_grant', 'try-later'],
    [400, 'temporarily_unavailable', 'try-later'],
    [400, 'server_error', 'try-later'],
    [400, 'slow_down', 'try-later'],
    [400, 'INVALID_GRANT', 'try-later'],
    [400, 'something_new', 'try-later'],
    [400, undefined, 'try-later'],
    [302, undefined, 'try-later'],
    [503, undefined, 'try-later'],
    [undefined, undefined, 'try-later'],
    [undefined, 'invalid_grant', 'try-later'],
  ])('of status %s with error %s is %s', (status, error, kind) => {
    const details = { ...(status !== undefined && { status }), ...(error !== undefined && { error }) }
    expect(judge(new OAuthError('why', details))).toEqual({ kind, reason: 'why' })
  })

  it('never reads Microsoft’s numbers', () => {
    const text = 'AADSTS700082: the refresh token has expired. AADSTS50173'
    expect(judge(new OAuthError(text, { status: 400, error: 'temporarily_unavailable' })).kind).toBe(
      'try-later',
    )
  })

  it('passes on how long the provider wants to be left alone, up to an hour', () => {
    const asked = (retryAfterSeconds: number) =>
      judge(new OAuthError('why', { status: 429, retryAfterSeconds }))
    expect(asked(30)).toEqual({ kind: 'try-later', reason: 'why', retryAfterSeconds: 30 })
    expect(asked(86_400)).toEqual({ kind: 'try-later', reason: 'why', retryAfterSeconds: 3600 })
  })

  it('knows that a missing registration is no passing trouble', () => {
    const missing = new Failure('configuration', 'There is no app registration for Google')
    expect(judge(missing)).toEqual({ kind: 'setup-wrong', reason: 'There is no app registration for Google' })
  })

  it.each([new TypeError('fetch failed: secret'), new Error('secret'), 'secret', undefined, null])(
    'keeps the grant for what it does not know, and does not quote it',
    (error) => {
      expect(judge(error)).toEqual({ kind: 'try-later', reason: 'the token request failed' })
    },
  )
})

describe('a reason', () => {
  const reason = (text: string) => judge(new OAuthError(text)).reason

  it('has one line and at most 200 characters', () => {
    expect(reason('AADSTS70008: expired.\r\nTrace ID: 1\r\n\r\nTimestamp: 2\u0000\u001b[31m')).toBe(
      'AADSTS70008: expired. Trace ID: 1 Timestamp: 2 [31m',
    )
    expect(reason('word '.repeat(10_000))).toHaveLength(200)
  })

  it('hides what is long enough to be a token, and keeps identifiers', () => {
    const id = '9188040d-6c67-4c5b-b112-36a304b66dad'
    expect(reason(`of ${id}: ${'aB3_'.repeat(12)} is bad`)).toBe(`of ${id}: [hidden] is bad`)
  })
})
