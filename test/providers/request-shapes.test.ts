import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import { presetOf } from '../../src/providers/presets/presets.ts'
import type { Registration } from '../../src/providers/provider.ts'
import { withRegistration } from '../../src/providers/registration.ts'

const tenant = '11111111-2222-3333-4444-555555555555'

/** A preset's client, what it sent, and the answer that it gets. */
function clientOf(id: string, registration: Partial<Registration> = {}, answer: () => Response = good) {
  const preset = presetOf(id, registration.tenant)
  if (!preset) throw new Error(id)
  const sent: { url: string; headers: Record<string, string>; form: Record<string, string> }[] = []
  const client = createOAuthClient({
    provider: withRegistration(preset, { clientId: 'the-app', clientSecrets: [], ...registration }),
    fetch: async (url, { headers, body }) => {
      sent.push({ url, headers, form: Object.fromEntries(new URLSearchParams(String(body))) })
      return answer()
    },
  })
  return { client, sent }
}

const good = () =>
  Response.json({ token_type: 'Bearer', expires_in: 3599, access_token: 'access', scope: 's' })
const secrets = () => ({
  state: new Secret('st'),
  nonce: new Secret('no'),
  codeVerifier: new Secret('v'.repeat(43)),
})
const clientSecrets = [{ value: new Secret('the-secret') }]

describe('what a browser is sent with', () => {
  it.each<[string, Partial<Registration>, string, string, Record<string, string>]>([
    [
      'microsoft',
      { tenant },
      'http://localhost:8587/oauth/callback',
      `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/authorize`,
      { scope: 'openid profile email offline_access https://outlook.office.com/SMTP.Send', nonce: 'no' },
    ],
    [
      'outlook',
      {},
      'http://localhost:8587/oauth/callback',
      'https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize',
      { scope: 'openid profile email offline_access https://outlook.office.com/SMTP.Send', nonce: 'no' },
    ],
    [
      'google',
      { clientSecrets },
      'http://localhost:8587/oauth/callback',
      'https://accounts.google.com/o/oauth2/v2/auth',
      {
        scope: 'openid email https://mail.google.com/',
        access_type: 'offline',
        prompt: 'consent',
        nonce: 'no',
      },
    ],
    ['yahoo', {}, 'oob', 'https://api.login.yahoo.com/oauth2/request_auth', { scope: 'mail-w' }],
    [
      'yandex',
      { clientSecrets },
      'https://oauth.yandex.ru/verification_code',
      'https://oauth.yandex.com/authorize',
      { scope: 'mail:smtp' },
    ],
    [
      'mailru',
      {},
      'https://x.example/cb',
      'https://oauth.mail.ru/login',
      { scope: 'userinfo mail.imap', prompt_force: '1' },
    ],
    [
      'fastmail',
      {},
      'http://localhost:8587/oauth/callback',
      'https://api.fastmail.com/oauth/authorize',
      { scope: 'https://www.fastmail.com/dev/protocol-smtp' },
    ],
  ])('a browser is sent with these parameters: %s', async (id, registration, redirectUri, endpoint, more) => {
    const { client, sent } = clientOf(id, registration)
    const url = await client.authorizationUrl({ ...secrets(), redirectUri, loginHint: 'me@example.com' })
    expect(url.origin + url.pathname).toBe(endpoint)
    const { code_challenge, ...parameters } = Object.fromEntries(url.searchParams)
    expect(code_challenge).toMatch(/^[\w-]{43}$/)
    expect(parameters).toEqual({
      response_type: 'code',
      client_id: 'the-app',
      redirect_uri: redirectUri,
      state: 'st',
      login_hint: 'me@example.com',
      code_challenge_method: 'S256',
      ...more,
    })
    // Nothing was asked over the network for it.
    expect(sent).toEqual([])
  })
})

describe('what a token endpoint is sent', () => {
  it.each<[string, string, Partial<Registration>, string, Record<string, string>, string | undefined]>([
    [
      'a public client at Entra: no secret, and no scope of another resource',
      'microsoft',
      { tenant },
      `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      { client_id: 'the-app' },
      undefined,
    ],
    [
      'a confidential one at Google',
      'google',
      { clientSecrets },
      'https://oauth2.googleapis.com/token',
      { client_id: 'the-app', client_secret: 'the-secret' },
      undefined,
    ],
    [
      'Basic at Yahoo',
      'yahoo',
      { clientSecrets },
      'https://api.login.yahoo.com/oauth2/get_token',
      {},
      `Basic ${Buffer.from('the-app:the-secret').toString('base64')}`,
    ],
    [
      'Fastmail, by the odd path that serves codes as well',
      'fastmail',
      {},
      'https://api.fastmail.com/oauth/refresh',
      { client_id: 'the-app' },
      undefined,
    ],
  ])('a renewal has this shape: %s', async (_, id, registration, url, identity, authorization) => {
    const { client, sent } = clientOf(id, registration)
    await client.refresh(new Secret('the-refresh-token'))
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({
      url,
      form: { grant_type: 'refresh_token', refresh_token: 'the-refresh-token', ...identity },
    })
    expect(Object.keys(sent[0]?.form ?? {})).not.toContain('scope')
    expect(sent[0]?.headers.authorization).toBe(authorization)
  })

  it('an app asks each cloud of Microsoft for exactly its resource and .default', async () => {
    const clouds = {
      microsoft: 'outlook.office365.com',
      'microsoft-dod': 'outlook.office365.us',
      'microsoft-china': 'partner.outlook.cn',
    }
    for (const [id, host] of Object.entries(clouds)) {
      const { client, sent } = clientOf(id, { tenant, clientSecrets })
      await client.appOnlyToken('client-credentials', 'me@example.com')
      expect(sent[0]?.form).toMatchObject({
        grant_type: 'client_credentials',
        scope: `https://${host}/.default`,
      })
    }
  })

  it('a device asks for the scopes of a person, at Entra’s own address', async () => {
    const begun = {
      device_code: 'd',
      user_code: 'u',
      verification_uri: 'https://microsoft.com/devicelogin',
      expires_in: 900,
      interval: 5,
      message: 'To sign in …',
    }
    const { client, sent } = clientOf('microsoft', { tenant }, () => Response.json(begun))
    expect(await client.beginDevice()).toMatchObject({
      userCode: 'u',
      verificationUri: 'https://microsoft.com/devicelogin',
    })
    expect(sent[0]).toMatchObject({
      url: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/devicecode`,
      form: {
        client_id: 'the-app',
        scope: 'openid profile email offline_access https://outlook.office.com/SMTP.Send',
      },
    })
  })
})

describe('what Entra and Google answer', () => {
  const entra = (error: string, text: string) => ({
    error,
    error_description: `${text} Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2026-11-01 10:00:00Z`,
    error_codes: [Number(/\d+/.exec(text)?.[0] ?? 0)],
    timestamp: '2026-11-01 10:00:00Z',
    error_uri: 'https://login.microsoftonline.com/error?code=1',
  })
  it.each<[string, string, number, object, string, string]>([
    [
      'a password that was changed',
      'microsoft',
      400,
      entra('invalid_grant', 'AADSTS50173: The provided grant has expired'),
      'consent-needed',
      'AADSTS50173',
    ],
    [
      'ninety days without use',
      'microsoft',
      400,
      entra('invalid_grant', 'AADSTS700082: The refresh token has expired due to inactivity'),
      'consent-needed',
      'AADSTS700082',
    ],
    [
      'a policy that wants more',
      'microsoft',
      400,
      {
        ...entra('interaction_required', 'AADSTS50076: you must use multi-factor authentication'),
        suberror: 'basic_action',
      },
      'consent-needed',
      'AADSTS50076',
    ],
    [
      'the ID of a secret',
      'microsoft',
      401,
      entra(
        'invalid_client',
        'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value',
      ),
      'setup-wrong',
      'AADSTS7000215',
    ],
    [
      'a secret that has ended',
      'microsoft',
      401,
      entra('invalid_client', 'AADSTS7000222: The provided client secret keys are expired'),
      'setup-wrong',
      'AADSTS7000222',
    ],
    [
      'a certificate that Entra does not know',
      'microsoft',
      401,
      entra(
        'invalid_client',
        'AADSTS700027: The certificate with identifier used to sign the client assertion is not registered',
      ),
      'setup-wrong',
      'AADSTS700027',
    ],
    [
      'too many requests',
      'microsoft',
      429,
      entra('temporarily_unavailable', 'AADSTS90055: The server is temporarily too busy'),
      'try-later',
      'AADSTS90055',
    ],
    [
      'a consent that was withdrawn',
      'google',
      400,
      { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      'consent-needed',
      'expired or revoked',
    ],
    [
      'a client that was deleted',
      'google',
      401,
      { error: 'deleted_client', error_description: 'The OAuth client was deleted.' },
      'setup-wrong',
      'was deleted',
    ],
    [
      'an administrator who restricts',
      'google',
      400,
      { error: 'admin_policy_enforced' },
      'setup-wrong',
      'admin_policy_enforced',
    ],
    ['trouble of its own', 'google', 503, { error: 'internal_failure' }, 'try-later', 'internal_failure'],
  ])('the answer is read as it is meant: %s', async (_, id, status, json, kind, says) => {
    const { client, sent } = clientOf(id, { tenant, clientSecrets }, () => Response.json(json, { status }))
    const verdict = judge(
      await client.refresh(new Secret('the-refresh-token')).catch((error: unknown) => error),
    )
    expect(verdict.kind).toBe(kind)
    expect(verdict.reason).toContain(says)
    expect(sent).toHaveLength(1)
  })

  it('a token of Google lives until a day that somebody chose', async () => {
    const answer = {
      access_token: 'ya29.a0',
      expires_in: 3599,
      refresh_token_expires_in: 604_799,
      scope: 'https://mail.google.com/',
      token_type: 'Bearer',
    }
    const { client } = clientOf('google', { clientSecrets }, () => Response.json(answer))
    const given = await client.refresh(new Secret('1//r'))
    expect(given).toMatchObject({
      expiresInSeconds: 3599,
      refreshTokenExpiresInSeconds: 604_799,
      scopes: ['https://mail.google.com/'],
    })
    // It is kept: none came.
    expect(given).not.toHaveProperty('refreshToken')
  })
})
