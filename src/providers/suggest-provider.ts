import { allPresets } from './presets/presets.ts'

/** Where the mailboxes of a domain seem to be. */
export type Suggestion =
  | { kind: 'provider'; id: string; name: string; by: 'domain' | 'mx' }
  /** It takes passwords only. */
  | { kind: 'without-oauth'; name: string; reason: string }
  | { kind: 'unknown' }

/**
 * Suggests a provider for an address: by its domain where that is one of the provider's own, otherwise by the hosts that take the domain's mail (RFC
 * 5321, section 5.1). Only a suggestion: mail may come in elsewhere than it goes out.
 * @param mxHostsOf the domain's MX hosts; none where nothing is found
 */
export async function suggestProvider(
  address: string,
  mxHostsOf: (domain: string) => Promise<readonly string[]>,
): Promise<Suggestion> {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  const own = suggestionWhere(({ domains }) => domains.some((one) => fitsDomain(domain, one)), 'domain')
  if (own) return own
  const hosts = (await mxHostsOf(domain)).map((host) => host.toLowerCase().replace(/\.$/, ''))
  const takesMail = (suffix: string) => hosts.some((host) => host.endsWith(suffix))
  return suggestionWhere(({ mxSuffixes }) => mxSuffixes.some(takesMail), 'mx') ?? { kind: 'unknown' }
}

interface Recognised {
  domains: readonly string[]
  mxSuffixes: readonly string[]
}

function suggestionWhere(
  fits: (one: Recognised) => boolean,
  by: 'domain' | 'mx',
): Exclude<Suggestion, { kind: 'unknown' }> | undefined {
  const provider = allPresets().find(fits)
  if (provider) return { kind: 'provider', id: provider.id, name: provider.name, by }
  const other = withoutOAuth.find(fits)
  return other && { kind: 'without-oauth', name: other.name, reason: other.reason }
}

/** `yahoo.*` stands for the endings of countries: `yahoo.fr`, `yahoo.co.uk`, `yahoo.com.br`. */
function fitsDomain(domain: string, pattern: string): boolean {
  if (!pattern.endsWith('.*')) return domain === pattern
  const name = pattern.slice(0, -1)
  return domain.startsWith(name) && /^(?:(?:co|com)\.)?[a-z]{2}$/.test(domain.slice(name.length))
}

/** A mail provider that postern cannot send through, because its SMTP servers take passwords only. */
interface WithoutOAuth {
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
