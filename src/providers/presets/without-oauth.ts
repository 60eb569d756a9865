/** A mail provider that postern cannot send through, because its SMTP servers take passwords only. */
export interface WithoutOAuth {
  name: string
  domains: readonly string[]
  mxSuffixes: readonly string[]
  /** Whole sentences: why, and what to do instead. */
  reason: string
}

export const withoutOAuth: readonly WithoutOAuth[] = [
  {
    name: 'iCloud Mail',
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mxSuffixes: ['.mail.icloud.com'],
    reason:
      'Apple has no OAuth for mail. Use an app-specific password at smtp.mail.me.com, port 587, in the program itself.',
  },
  {
    name: 'Zoho Mail',
    domains: ['zoho.com', 'zohomail.com', 'zoho.eu', 'zoho.in'],
    mxSuffixes: ['.zoho.com', '.zoho.eu', '.zoho.in'],
    reason:
      "Zoho's OAuth is for its HTTP API; nobody has seen it work for SMTP. Use an application-specific password at smtp.zoho.com, port 465, in the program itself.",
  },
  {
    name: 'GMX, WEB.DE and mail.com',
    domains: ['gmx.com', 'gmx.net', 'gmx.de', 'web.de', 'mail.com'],
    mxSuffixes: ['.gmx.net', '.web.de', '.mail.com'],
    reason:
      'No OAuth is known for the mail programs of others. Use an application-specific password in the program itself.',
  },
]
