import { readFileSync } from 'node:fs'
import tls, { createSecureContext, type SecureContext } from 'node:tls'

// Created once and shared by all TLS clients: hundreds of certificates would otherwise be parsed,
// and kept, for each.
let made: { extraCa: string | undefined; context: SecureContext } | undefined

/**
 * The authorities that every TLS client trusts: those built into Node, those of the system, and the
 * extra ones. TLS 1.2 is the minimum.
 * @param extraCa PEM text
 */
export function clientContext(extraCa: string | undefined): SecureContext {
  if (!made || made.extraCa !== extraCa) {
    const context = createSecureContext({ ca: everyAuthority(extraCa), minVersion: 'TLSv1.2' })
    made = { extraCa, context }
  }
  return made.context
}

/** @param bundles paths of the system's authorities, for versions of Node that cannot list them */
export function everyAuthority(extraCa?: string, bundles = systemBundles): string[] {
  const all = [...nodeAuthorities(bundles), ...certificatesOf(extraCa ?? '')]
  // A certificate in two lists is parsed once, even if its lines are broken differently.
  return [...new Map(all.map((pem) => [pem.replace(/\s/g, ''), pem])).values()]
}

/**
 * Node 22.15 and later list the authorities of the system. For older versions they are read from
 * the usual paths.
 */
function nodeAuthorities(bundles: readonly string[]): readonly string[] {
  // The types of the oldest supported Node lack it.
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
      // Try the next path.
    }
  }
  return []
}

function certificatesOf(pem: string): string[] {
  return pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]+-----END (TRUSTED )?CERTIFICATE-----/g) ?? []
}
