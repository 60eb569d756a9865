import { describe, expect, it } from 'vitest'
import { isGuid } from '../../src/base/text.ts'
import { allPresets, presetOf } from '../../src/providers/presets/presets.ts'
import { setUpOf } from '../../src/providers/provider-status.ts'

const tenant = '11111111-2222-3333-4444-555555555555'

/** What is known of each: token endpoint, what a person and what an app asks for, host, port, TLS, mechanisms, flows. */
const known: [id: string, tokenEndpoint: string, scopes: string, app: string, smtp: string, ways: string][] =
  [
    [
      'microsoft',
      `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      'openid profile email offline_access https://outlook.office.com/SMTP.Send',
      'https://outlook.office365.com/.default',
      'smtp.office365.com:587 starttls XOAUTH2',
      'authorization-code device client-credentials',
    ],
    [
      'microsoft-gcc-high',
      `https://login.microsoftonline.us/${tenant}/oauth2/v2.0/token`,
      'openid profile email offline_access https://outlook.office365.us/SMTP.Send',
      'https://outlook.office365.us/.default',
      'smtp.office365.us:587 starttls XOAUTH2',
      'authorization-code device client-credentials',
    ],
    [
      'microsoft-dod',
      `https://login.microsoftonline.us/${tenant}/oauth2/v2.0/token`,
      'openid profile email offline_access https://outlook.office365.us/SMTP.Send',
      'https://outlook.office365.us/.default',
      'outlook-dod.office365.us:587 starttls XOAUTH2',
      'authorization-code device client-credentials',
    ],
    [
      'microsoft-china',
      `https://login.partner.microsoftonline.cn/${tenant}/oauth2/v2.0/token`,
      'openid profile email offline_access https://partner.outlook.cn/SMTP.Send',
      'https://partner.outlook.cn/.default',
      'smtp.partner.outlook.cn:587 starttls XOAUTH2',
      'authorization-code device client-credentials',
    ],
    [
      'microsoft-hve',
      `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      '',
      'https://outlook.office365.com/.default',
      'smtp.hve.mx.microsoft:587 starttls XOAUTH2',
      'client-credentials',
    ],
    [
      'outlook',
      'https://login.microsoftonline.com/consumers/oauth2/v2.0/token',
      'openid profile email offline_access https://outlook.office.com/SMTP.Send',
      '',
      'smtp-mail.outlook.com:587 starttls XOAUTH2',
      'authorization-code device',
    ],
    [
      'google',
      'https://oauth2.googleapis.com/token',
      'openid email https://mail.google.com/',
      '',
      'smtp.gmail.com:465 implicit XOAUTH2 OAUTHBEARER',
      'authorization-code',
    ],
    [
      'google-service-account',
      'https://oauth2.googleapis.com/token',
      '',
      'https://mail.google.com/',
      'smtp.gmail.com:465 implicit XOAUTH2 OAUTHBEARER',
      'service-account',
    ],
    [
      'yahoo',
      'https://api.login.yahoo.com/oauth2/get_token',
      'mail-w',
      '',
      'smtp.mail.yahoo.com:465 implicit OAUTHBEARER XOAUTH2',
      'authorization-code',
    ],
    [
      'aol',
      'https://api.login.aol.com/oauth2/get_token',
      'mail-w',
      '',
      'smtp.aol.com:465 implicit OAUTHBEARER XOAUTH2',
      'authorization-code',
    ],
    [
      'att',
      'https://api.login.yahoo.com/oauth2/get_token',
      'mail-w',
      '',
      'smtp.mail.att.net:465 implicit OAUTHBEARER XOAUTH2',
      'authorization-code',
    ],
    [
      'yandex',
      'https://oauth.yandex.com/token',
      'mail:smtp',
      '',
      'smtp.yandex.com:465 implicit XOAUTH2',
      'authorization-code',
    ],
    [
      'mailru',
      'https://oauth.mail.ru/token',
      'userinfo mail.imap',
      '',
      'smtp.mail.ru:465 implicit XOAUTH2',
      'authorization-code',
    ],
    [
      'fastmail',
      'https://api.fastmail.com/oauth/refresh',
      'https://www.fastmail.com/dev/protocol-smtp',
      '',
      'smtp.fastmail.com:465 implicit OAUTHBEARER XOAUTH2',
      'authorization-code',
    ],
    [
      'comcast',
      'https://oauth.xfinity.com/oauth/token',
      'https://email.comcast.net/',
      '',
      'smtp.comcast.net:587 starttls XOAUTH2',
      'authorization-code',
    ],
    [
      'thundermail',
      'https://auth.tb.pro/realms/tbpro/protocol/openid-connect/token',
      'openid profile email offline_access',
      '',
      'mail.thundermail.com:465 implicit OAUTHBEARER XOAUTH2',
      'authorization-code',
    ],
  ]

describe('what postern knows of providers', () => {
  it.each(known)(
    'the table has %s: endpoint, scopes, submission and ways to a grant',
    (id, token, scopes, app, smtp, ways) => {
      const preset = presetOf(id, tenant)
      if (!preset) throw new Error(`there is no ${id}`)
      const { oauth, submission, mechanisms, flows } = preset
      expect([
        oauth.tokenEndpoint,
        oauth.scopes.join(' '),
        oauth.applicationScopes.join(' '),
        `${submission.host}:${submission.port} ${submission.tls} ${mechanisms.join(' ')}`,
        flows.join(' '),
      ]).toEqual([token, scopes, app, smtp, ways])
    },
  )

  it('the table has a row for each preset', () => {
    expect(allPresets().map(({ id }) => id)).toEqual(known.map(([id]) => id))
  })

  it.each(allPresets(tenant).map((preset) => [preset.id, preset] as const))(
    'the preset %s holds together',
    (_, preset) => {
      const { oauth, flows, supportStatus } = preset
      expect(oauth.scopes).toEqual(expect.arrayContaining([...oauth.mailScopes]))
      expect(flows.includes('authorization-code')).toBe(oauth.authorizationEndpoint !== undefined)
      expect(flows.includes('device')).toBe(oauth.deviceAuthorizationEndpoint !== undefined)
      const withoutPerson = flows.some((flow) => flow === 'client-credentials' || flow === 'service-account')
      expect(withoutPerson).toBe(oauth.applicationScopes.length > 0)
      // No ID token is asked for that nobody could check.
      if (oauth.scopes.includes('openid'))
        expect(oauth).toMatchObject({ issuer: expect.any(String), jwksUri: expect.any(String) })
      expect(supportStatus.notes.every(({ en, ja }) => en.endsWith('.') && ja.endsWith('。'))).toBe(true)
      expect(supportStatus.notes.length > 0).toBe(true)
    },
  )

  it('the tokens of each Microsoft cloud are for its own Exchange', () => {
    const audiences = (id: string) => presetOf(id, tenant)?.oauth.tokenClaims?.audiences
    expect(audiences('microsoft')).toEqual([
      'https://outlook.office.com',
      'https://outlook.office365.com',
      '00000002-0000-0ff1-ce00-000000000000',
    ])
    expect(audiences('microsoft-china')?.[0]).toBe('https://partner.outlook.cn')
    // They cannot be read.
    expect(audiences('outlook')).toBeUndefined()
  })
})

it.each([
  ['aaaaaaaa-0000-1111-2222-BBBBBBBBBBBB', true],
  ['contoso.example', false],
  ['aaaaaaaa-0000-1111-2222-BBBBBBBBBBBB8', false],
])('%s is a GUID: %s', (text, is) => {
  expect(isGuid(text)).toBe(is)
})

describe('how a provider is set up', () => {
  const context = {
    redirectUri: 'https://postern.example/oauth/callback',
    mailbox: 'me@example.com',
  } as const
  const setUp = (id: string) => {
    const preset = presetOf(id, tenant)
    if (!preset) throw new Error(id)
    return setUpOf(preset, context)
  }

  it.each(known.map(([id]) => id))('the set-up of %s is steps, and nothing left to fill in', (id) => {
    const { steps, redirectUri } = setUp(id)
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.join(' ')).not.toContain('{')
    if (redirectUri !== undefined) expect(steps.join(' ')).toContain(redirectUri)
  })

  it('the set-up names the redirect URI that is to be registered, which is not always ours', () => {
    const uris = ['microsoft', 'yandex', 'yahoo', 'microsoft-hve', 'google-service-account'].map(
      (id) => setUp(id).redirectUri,
    )
    expect(uris).toEqual([
      context.redirectUri,
      'https://oauth.yandex.ru/verification_code',
      'oob',
      undefined,
      undefined,
    ])
  })

  it('the set-up has PowerShell for Exchange Online, of the cloud that it is', () => {
    const connecting = (id: string) =>
      setUp(id)
        .commands.flatMap(({ lines }) => lines)
        .find((line) => line.startsWith('Connect'))
    expect(connecting('microsoft')).toBe("Connect-ExchangeOnline -Organization '<TENANT ID>'")
    expect(connecting('microsoft-dod')).toContain('-ExchangeEnvironmentName O365USGovDoD')
    expect(setUp('outlook').commands).toEqual([])
    expect(setUp('microsoft-hve').commands).toEqual([])
    expect(setUp('google').commands).toEqual([])
  })
})
