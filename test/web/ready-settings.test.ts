import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { SmtpListener } from '../../src/net/listen.ts'
import {
  type DeviceKind,
  deviceKinds,
  kindName,
  settingsText,
  type WayIn,
  waysIn,
} from '../../src/web/pages/ready-settings.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'

const near: SmtpListener = { host: '127.0.0.1', port: 2587, tls: 'starttls', plainAuth: false, oldTls: false }
const far: SmtpListener = { ...near, host: '192.0.2.10' }
const everywhere: SmtpListener = { ...near, host: '0.0.0.0' }
const implicit: SmtpListener = { ...far, port: 2465, tls: 'implicit' }
const hosts = ['mail.example.com', '192.0.2.10']

const data = { user: "o'brien", password: 'pa"ss\'word', from: 'me@example.com' }
const wayFar: WayIn = { host: '192.0.2.10', port: 2587, encryption: 'starttls' }
const wayNear: WayIn = { host: '127.0.0.1', port: 2587, encryption: 'none' }
const wayImplicit: WayIn = { host: '192.0.2.10', port: 2465, encryption: 'implicit' }
const textOf = (kind: DeviceKind, way: WayIn) => settingsText(kind, way, data, phrasesIn('en')) ?? ''

describe('the ways to hand in mail', () => {
  it('on the same machine it is loopback, without encryption', () => {
    expect(waysIn([near, far, implicit], 'here', hosts)[1]).toEqual(wayNear)
    expect(waysIn([everywhere], 'here', hosts)).toEqual([wayNear])
    expect(waysIn([{ ...far, tls: 'none' }], 'here', hosts)).toEqual([])
  })

  it('from another machine it is an address that it reaches, and a name where there is one', () => {
    expect(waysIn([near, far], 'elsewhere', hosts)).toEqual([wayFar])
    expect(waysIn([everywhere], 'elsewhere', hosts)).toEqual([{ ...wayFar, host: 'mail.example.com' }])
    expect(waysIn([near], 'elsewhere', hosts)).toEqual([])
  })

  it('a listener for TLS from the first octet is shown behind STARTTLS, and one without encryption last', () => {
    const plain = { ...far, port: 25, tls: 'none', plainAuth: true } as const
    expect(waysIn([plain, implicit, far], 'elsewhere', hosts)).toEqual([
      wayFar,
      wayImplicit,
      { host: '192.0.2.10', port: 25, encryption: 'none' },
    ])
  })

  it('no name is made up for a front end', () => {
    const behind = { ...near, frontEnds: ['192.0.2.7/32'] }
    expect(waysIn([behind], 'elsewhere', hosts)).toEqual([{ port: 2587, encryption: 'starttls' }])
    expect(settingsText('msmtp', { port: 2587, encryption: 'starttls' }, data, phrasesIn('en'))).toContain(
      'host the address of your front end',
    )
  })
})

describe('ready settings', () => {
  it.each([
    [
      'python',
      'server.starttls(context=ssl.create_default_context())',
      'smtplib.SMTP_SSL("192.0.2.10", 2465',
    ],
    ['phpmailer', 'ENCRYPTION_STARTTLS', 'ENCRYPTION_SMTPS'],
    ['wordpress', "SMTPSecure = 'tls'", "SMTPSecure = 'ssl'"],
    ['postfix', 'smtp_tls_security_level = secure', 'smtp_tls_wrappermode = yes'],
    ['dotnet', 'SecureSocketOptions.StartTls', 'SecureSocketOptions.SslOnConnect'],
    ['java', 'mail.smtp.starttls.required', 'mail.smtp.ssl.enable'],
    ['git', 'smtpEncryption tls', 'smtpEncryption ssl'],
    ['msmtp', 'tls on', 'tls_starttls off'],
  ] as const)('%s uses TLS where a network is in between', (kind, starttls, fromTheFirst) => {
    expect(textOf(kind, wayFar)).toContain(starttls)
    expect(textOf(kind, wayFar)).not.toContain(fromTheFirst)
    expect(textOf(kind, wayImplicit)).toContain(fromTheFirst)
    expect(textOf(kind, wayNear)).not.toContain(starttls)
  })

  it('ready settings quote user names and passwords', () => {
    expect(textOf('phpmailer', wayNear)).toContain(
      "$mail->Username = 'o\\'brien';\n$mail->Password = 'pa\"ss\\'word';",
    )
    expect(textOf('python', wayNear)).toContain('server.login("o\'brien", "pa\\"ss\'word")')
    const script = textOf('git', wayNear)
      .replaceAll('git config', 'printf "%s\\n"')
      .replaceAll(/ sendemail\.\w+ /g, ' ')
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n')).toContain('pa"ss\'word')
  })

  it('every kind has a name, in each language', () => {
    for (const language of ['en', 'ja'] as const)
      expect(new Set(deviceKinds.map((kind) => kindName(kind, phrasesIn(language)))).size).toBe(9)
  })
})
