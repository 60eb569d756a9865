import { describe, expect, it } from 'vitest'
import { elsewhere, explain, mailboxIn } from '../../src/diagnosis/explain.ts'
import { knownErrors } from '../../src/providers/errors/known-errors.ts'
import { meaninglessTexts, pastedTexts } from './pasted-texts.ts'

describe('a pasted text', () => {
  it('the texts are of many kinds', () => {
    expect(pastedTexts.length).toBeGreaterThanOrEqual(60)
    expect(meaninglessTexts.length).toBeGreaterThanOrEqual(20)
  })

  it.each(pastedTexts)('a text is explained by %s: %s', (id, text) => {
    expect(knownErrors.some((one) => one.id === id)).toBe(true)
    expect(explain(text)?.id).toBe(id)
  })

  it.each(pastedTexts.filter(([, text]) => /[a-z]/i.test(text)))(
    'a text is explained in a crowd, with quotes and line ends, by %s',
    (id, text) => {
      expect(explain(`hi,\n> ${text.replaceAll('\n', '\r\n> ')}\n\nregards`)?.id).toBe(id)
    },
  )

  it.each(meaninglessTexts)('a text that means nothing is not explained: %s', (text) => {
    expect(explain(text)).toBeUndefined()
    expect(elsewhere(text).length).toBeGreaterThan(2)
  })

  it('a number that is not known is named with its page', () => {
    const [page] = elsewhere('AADSTS99999999: what is this')
    expect(page?.en).toContain('https://login.microsoftonline.com/error?code=99999999')
    expect(page?.ja).toContain('code=99999999')
  })

  it('a text that was made to take long takes no longer', () => {
    const slow = [
      'a@',
      '5.7.',
      '535 ',
      ' 334 eyJ',
      '?error=%41',
      'user=',
      'grant ',
      'for ',
      'x',
      '{',
      '"error": ',
      'a.b@c.',
      'AADSTS7',
    ]
    for (const piece of slow) {
      const begun = performance.now()
      explain(piece.repeat(1 + 200_000 / piece.length))
      mailboxIn(piece.repeat(1 + 200_000 / piece.length), () => true)
      expect({ piece, isQuick: performance.now() - begun < 1_000 }).toEqual({ piece, isQuick: true })
    }
  })
})

describe('the fix', () => {
  const commandsOf = (text: string) => explain(text)?.fix.flatMap(({ command }) => command?.text ?? []) ?? []

  it('the fix has the mailbox of the text filled in, and the sender', () => {
    const [sendAs] = commandsOf(
      '554 5.2.252 SendAsDenied; scanner@example.com not allowed to send as office@example.com; STOREDRV',
    )
    expect(sendAs).toBe(
      "Add-RecipientPermission -Identity 'office@example.com' -Trustee 'scanner@example.com' -AccessRights SendAs -Confirm:$false",
    )
    expect(commandsOf('user=billing@example.com: AADSTS70008')).toEqual([
      'postern consent billing@example.com',
    ])
    expect(commandsOf('"mailbox":"billing@example.com","reason":"AADSTS70008"')).toEqual([
      'postern consent billing@example.com',
    ])
    expect(commandsOf('smtp.office365.com refused the sign-in for me@example.com (535 5.7.139)')).toContain(
      "Set-CASMailbox -Identity 'me@example.com' -SmtpClientAuthenticationDisabled $false",
    )
  })

  it('the fix has what is known better', () => {
    const told = explain('AADSTS700016 for me@example.com', { mailbox: 'you@example.com', provider: 'work' })
    expect(told?.mailbox).toBe('you@example.com')
    expect(told?.fix.flatMap(({ command }) => command?.text ?? [])).toEqual(['postern consent --admin work'])
  })

  it('the fix leaves open what the text does not say', () => {
    expect(commandsOf('AADSTS70008')).toEqual(['postern consent ADDRESS'])
    expect(commandsOf('to=<anna@example.net>, said: AADSTS70008')).toEqual(['postern consent ADDRESS'])
  })

  it.each([
    'user anna@example.net reports: AADSTS70008',
    'for anna@example.net it says AADSTS70008',
    'my login anna@example.net gets AADSTS70008',
    'From: postmaster@example.net\nSubject: Undeliverable\n\nAADSTS70008',
    'user=anna@example.net and user=bob@example.net: AADSTS70008',
    'contact your account manager at account@example.net about AADSTS70008',
  ])('the mailbox is left open where it is not certain: %s', (text) => {
    expect(commandsOf(text)).toEqual(['postern consent ADDRESS'])
    const told = explain(text)
    expect(told?.mailbox).toBeUndefined()
    expect(told?.toFill).toEqual([
      {
        en: 'Put the address of the mailbox in the place of ADDRESS: the text does not say for certain which it is.',
        ja: expect.stringMatching(/^ADDRESS の部分には/),
      },
    ])
  })

  it.each([
    'sasl_username=me@example.com, AADSTS70008',
    'MAIL FROM:<me@example.com> AADSTS70008',
    'Username: me@example.com AADSTS70008',
    'from=<me@example.com>, to=<anna@example.net>: AADSTS70008',
    'No access token for me@example.com can be had: AADSTS70008',
  ])('the mailbox is filled in where the text says plainly who sends: %s', (text) => {
    expect(commandsOf(text)).toEqual(['postern consent me@example.com'])
    expect(explain(text)?.toFill).toEqual([])
  })

  it('each place of a command that stays open is said once, as it stands there', () => {
    const placesOf = (text: string) =>
      explain(text)
        ?.toFill.map(({ en }) => / in the place of ([^:]+):/.exec(en)?.[1])
        .sort()
    expect(placesOf('550 5.7.60 SMTP; Client does not have permissions to send as this sender')).toEqual([
      '<MAILBOX>',
      '<SENDER>',
    ])
    expect(placesOf('535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox')).toEqual([
      '<MAILBOX> and ADDRESS',
    ])
  })

  it('the fix is safe to paste into a shell, whatever the text names', () => {
    for (const hostile of ["a'b@example.com", 'a$(id)@example.com', 'a`id`@example.com', '-rf@example.com']) {
      const [command = ''] = commandsOf(`user=${hostile}: AADSTS70008`)
      expect(command).toMatch(/^postern consent ([\w@+.-]+|'.*'|ADDRESS)$/)
      expect(command).not.toMatch(/consent -/)
    }
  })
})

describe('what is secret in a text', () => {
  const secrets = [
    'hunter2@s3cret.example',
    '0.AXoA9oQmz-q1v0Wc9Zt3mKpYf2Q.AgABAwEAAADW6jl31mB3T7ugrWTT8pFe',
    'bWVAZXhhbXBsZS5jb20AaHVudGVyMg==',
    'dXNlcj1tZUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciBleUowZVhBaQEB',
  ]

  it.each([
    `smtp://me@example.com:${secrets[0]}@smtp.office365.com:587 said 535 5.7.3 Authentication unsuccessful`,
    `password=${secrets[0]} user=me@example.com 535 5.7.139 basic authentication is disabled`,
    `AUTH PLAIN ${secrets[2]}\n535 5.7.3 Authentication unsuccessful`,
    `AUTH XOAUTH2 ${secrets[3]}\n535 5.7.3 Authentication unsuccessful`,
    `http://localhost:8587/oauth/callback?code=${secrets[1]}&state=${secrets[2]}&error=access_denied`,
    `{"refresh_token":"${secrets[1]}","error":"invalid_grant","error_description":"AADSTS70008: x"}`,
    `secret: ${secrets[0]} AADSTS7000215`,
  ])('a secret is in nothing that is said: %s', (text) => {
    const said = JSON.stringify([explain(text), elsewhere(text)])
    for (const secret of secrets) expect(said).not.toContain(secret)
    expect(explain(text)).toBeDefined()
  })
})
