import tls from 'node:tls'

/**
 * The certification authorities to trust when those of a file are added to the system's: giving a TLS connection a list replaces
 * Node's own. Undefined without a file: then Node's defaults hold as they are.
 * @param extraCa PEM text
 */
export function trustedAuthorities(extraCa: string | undefined): readonly string[] | undefined {
  if (extraCa === undefined) return undefined
  return everyAuthority(extraCa)
}

/** The public authorities that Node knows, those of the system where this Node can read them, and the extra ones. */
export function everyAuthority(extraCa?: string): string[] {
  return [...new Set(nodeAuthorities()), ...(extraCa === undefined ? [] : [extraCa])]
}

/** Node 22.15 and later can name the system's authorities; before, there are those that Node brings along. */
function nodeAuthorities(): readonly string[] {
  // The types of the oldest Node that we support do not know it.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] }
  if (!getCACertificates) return tls.rootCertificates
  return [...getCACertificates('default'), ...getCACertificates('system')]
}
