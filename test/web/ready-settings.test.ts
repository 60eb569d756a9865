import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { SmtpListener } from '../../src/net/listen.ts'
import { type CreatedLogin, readySettings } from '../../src/web/pages/ready-settings.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'

const near: SmtpListener = { host: '127.0.0.1', port: 2587, tls: 'starttls', plainAuth: false, oldTls: false }
const far: SmtpListener = { ...near, host: '192.0.2.10' }
const login = {
  userName: "o'brien",
  mailboxes: ['me@example.com'],
  password: 'generated' as const,
  networks: [],
} as const
const settingsOf = (made: CreatedLogin) => readySettings(made, phrasesIn('en'))
const textOf = (title: string, listeners: readonly SmtpListener[], password = 'pa"ss\'word') =>
  settingsOf({ login, password, listeners }).find((one) => one.title.startsWith(title))?.text ?? ''

describe('ready settings', () => {
  it('ready settings are for the same machine where postern listens on loopback (no TLS), and for devices name the address that they can reach', () => {
    expect(textOf('msmtp', [near, far])).toContain('host 127.0.0.1\nport 2587\nauth plain\ntls off')
    expect(textOf('A printer', [near, far])).toContain(
      'SMTP server: 192.0.2.10\nPort: 2587\nEncryption: STARTTLS or SSL/TLS',
    )
  })

  it('ready settings use TLS where a network is in between', () => {
    expect(textOf('Python', [far])).toContain('server.starttls(context=ssl.create_default_context())')
    expect(textOf('PHPMailer', [far])).toContain('ENCRYPTION_STARTTLS')
    expect(textOf('Postfix', [far])).toContain('smtp_tls_security_level = secure')
    expect(textOf('.NET', [far])).toContain('SecureSocketOptions.StartTls')
    expect(textOf('Java', [far])).toContain('mail.smtp.starttls.required')
    expect(textOf('git', [far])).toContain('smtpEncryption tls')
  })

  it('ready settings quote user names and passwords', () => {
    expect(textOf('PHPMailer', [near])).toContain(
      "$mail->Username = 'o\\'brien';\n$mail->Password = 'pa\"ss\\'word';",
    )
    expect(textOf('Python', [near])).toContain('server.login("o\'brien", "pa\\"ss\'word")')
    const script = textOf('git', [near])
      .replaceAll('git config', 'printf "%s\\n"')
      .replaceAll(/ sendemail\.\w+ /g, ' ')
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n')).toContain('pa"ss\'word')
  })

  it('ready settings name the fields of a form as a Japanese device does', () => {
    const [form] = readySettings({ login, listeners: [near] }, phrasesIn('ja'))
    expect(form?.text).toContain('SMTP サーバー: 127.0.0.1\nポート: 2587\n暗号化: なし(同じマシン)')
  })

  it('ready settings leave a chosen password to be filled in, and are empty without listeners', () => {
    expect(settingsOf({ login, listeners: [near] })[0]?.text).toContain('YOUR-PASSWORD')
    expect(settingsOf({ login, listeners: [] })).toEqual([])
  })
})
