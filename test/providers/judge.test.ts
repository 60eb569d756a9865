import { describe, expect, it } from 'vitest'
import { judge, OAuthError } from '../../src/providers/oauth/oauth-client.ts'
import { failureAs } from '../support/made-failure.ts'

describe('the judgement of a failed token request', () => {
  it.each([
    [400, 'invalid_grant', 'consent-needed'],
    [401, 'invalid_grant', 'consent-needed'],
    [403, 'invalid_grant', 'consent-needed'],
    [400, 'interaction_required', 'consent-needed'],
    [400, 'login_required', 'consent-needed'],
    [400, 'consent_required', 'consent-needed'],
    [401, 'invalid_client', 'setup-wrong', 'registration'],
    [400, 'invalid_client', 'setup-wrong', 'registration'],
    [400, 'unauthorized_client', 'setup-wrong', 'registration'],
    [400, 'invalid_scope', 'setup-wrong', 'mailbox'],
    [400, 'unsupported_grant_type', 'setup-wrong', 'registration'],
    [400, 'invalid_request', 'setup-wrong', 'mailbox'],
    [401, 'deleted_client', 'setup-wrong', 'registration'],
    [401, 'disabled_client', 'setup-wrong', 'registration'],
    [403, 'access_denied', 'setup-wrong', 'mailbox'],
    [400, 'admin_policy_enforced', 'setup-wrong', 'mailbox'],
    [400, 'invalid_resource', 'setup-wrong', 'mailbox'],
    [400, 'invalid_target', 'setup-wrong', 'mailbox'],
    // A gateway in trouble may repeat what it has heard somewhere.
    [500, 'invalid_grant', 'try-later', 'mailbox'],
    [503, 'invalid_grant', 'try-later', 'mailbox'],
    [502, 'invalid_client', 'try-later', 'mailbox'],
    [429, 'invalid_grant', 'try-later', 'mailbox'],
    [408, 'invalid_grant', 'try-later', 'mailbox'],
    // It has read it and says no; but that the grant has ended, only its own statuses say.
    [404, 'invalid_grant', 'setup-wrong', 'mailbox'],
    [200, 'invalid_grant', 'setup-wrong', 'mailbox'],
    [400, 'temporarily_unavailable', 'try-later', 'mailbox'],
    [400, 'server_error', 'try-later', 'mailbox'],
    [400, 'slow_down', 'try-later', 'mailbox'],
    [400, 'INVALID_GRANT', 'setup-wrong', 'mailbox'],
    [400, 'something_new', 'setup-wrong', 'mailbox'],
    [418, 'something_new', 'setup-wrong', 'mailbox'],
    [407, 'something_new', 'try-later', 'mailbox'],
    [409, 'something_new', 'try-later', 'mailbox'],
    [429, 'something_new', 'try-later', 'mailbox'],
    [400, undefined, 'try-later', 'mailbox'],
    [302, undefined, 'try-later', 'mailbox'],
    [503, undefined, 'try-later', 'mailbox'],
    [undefined, undefined, 'try-later', 'mailbox'],
    [undefined, 'invalid_grant', 'try-later', 'mailbox'],
  ])('the judgement of status %s with error %s is %s, about %s', (status, error, kind, about?: string) => {
    const details = { ...(status !== undefined && { status }), ...(error !== undefined && { error }) }
    expect(judge(new OAuthError('why', details))).toEqual({
      kind,
      reason: 'why',
      // Who is asked too often, and does not say for how long to be left alone.
      ...(status === 429 && { retryAfterSeconds: 60 }),
      ...(about && { about }),
    })
  })

  it('the judgement never reads Microsoft’s numbers', () => {
    const text = 'AADSTS700082: the refresh token has expired. AADSTS50173'
    expect(judge(new OAuthError(text, { status: 400, error: 'temporarily_unavailable' })).kind).toBe(
      'try-later',
    )
  })

  it('the judgement passes on how long the provider wants to be left alone, up to an hour', () => {
    const asked = (retryAfterSeconds: number) =>
      judge(new OAuthError('why', { status: 429, retryAfterSeconds }))
    const verdict = { kind: 'try-later', about: 'registration', reason: 'why' }
    expect(asked(30)).toEqual({ ...verdict, retryAfterSeconds: 30 })
    expect(asked(86_400)).toEqual({ ...verdict, retryAfterSeconds: 3600 })
  })

  it('Retry-After is for every mailbox only from who is asked too often', () => {
    const at = (status: number) => judge(new OAuthError('why', { status, retryAfterSeconds: 30 }))
    expect(at(503)).toMatchObject({ about: 'mailbox', retryAfterSeconds: 30 })
    expect(at(429)).toMatchObject({ about: 'registration', retryAfterSeconds: 30 })
  })

  it('a missing registration is no passing trouble', () => {
    const missing = failureAs('configuration', 'There is no app registration for Google')
    const reason = missing.message
    expect(judge(missing)).toMatchObject({ kind: 'setup-wrong', about: 'mailbox', reason })
  })

  it.each([new TypeError('fetch failed: secret'), new Error('secret'), 'secret', undefined, null])(
    'the judgement keeps the grant for what it does not know, and does not quote it',
    (error) => {
      expect(judge(error)).toMatchObject({
        kind: 'try-later',
        about: 'mailbox',
        reason: 'the token request failed',
      })
    },
  )
})

describe('a reason', () => {
  const reason = (text: string) => judge(new OAuthError(text)).reason

  it('a reason has one line and at most 200 characters', () => {
    expect(reason('AADSTS70008: expired.\r\nTrace ID: 1\r\n\r\nTimestamp: 2\u0000\u001b[31m')).toBe(
      'AADSTS70008: expired. Trace ID: 1 Timestamp: 2 [31m',
    )
    expect(reason('word '.repeat(10_000))).toHaveLength(200)
  })

  it('a reason hides what is long enough to be a token, and keeps identifiers', () => {
    const id = '9188040d-6c67-4c5b-b112-36a304b66dad'
    expect(reason(`of ${id}: ${'aB3_'.repeat(12)} is bad`)).toBe(`of ${id}: [hidden] is bad`)
  })
})
