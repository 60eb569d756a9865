import { readFileSync } from 'node:fs'
import tls, { createSecureContext, type SecureContext } from 'node:tls'

// Read once and shared by every way out: hundreds of certificates would otherwise be parsed, and kept, for each.
let made: { extraCa: string | undefined; context: SecureContext } | undefined

/**
 * What every TLS client of the house trusts: the public authorities that Node knows, those of the system, and the extra ones. TLS 1.2 is the least.
 * @param extraCa PEM text
 */
export function clientContext(extraCa: string | undefined): SecureContext {
  if (!made || made.extraCa !== extraCa) {
    const context = createSecureContext({ ca: everyAuthority(extraCa), minVersion: 'TLSv1.2' })
    made = { extraCa, context }
  }
  return made.context
}

/** @param bundles where systems have theirs, for a Node that cannot name them */
export function everyAuthority(extraCa?: string, bundles = systemBundles): string[] {
  const all = [...nodeAuthorities(bundles), ...certificatesOf(extraCa ?? '')]
  // One that stands in two lists is parsed once, however its lines are broken.
  return [...new Map(all.map((pem) => [pem.replace(/\s/g, ''), pem])).values()]
}

/** Node 22.15 and later can name the system's authorities; before, they are read from where systems have them. */
function nodeAuthorities(bundles: readonly string[]): readonly string[] {
  // The types of the oldest Node that we support do not know it.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] }
  if (getCACertificates) return [...getCACertificates('default'), ...getCACertificates('system')]
  return [...tls.rootCertificates, ...systemAuthorities(bundles)]
}

// Debian, Alpine and Arch; Fedora and Red Hat; SUSE; BSD and macOS.
const systemBundles: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

function systemAuthorities(bundles: readonly string[]): string[] {
  for (const path of bundles) {
    try {
      return certificatesOf(readFileSync(path, 'utf8'))
    } catch {
      // The next one.
    }
  }
  return []
}

function certificatesOf(pem: string): string[] {
  return pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]+-----END (TRUSTED )?CERTIFICATE-----/g) ?? []
}
