import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/** A certificate chain and its matching key, as PEM. */
export interface CertificatePair {
  cert: string
  key: string
  /** The host names and addresses that the certificate is valid for. */
  names: readonly string[]
  /** Both in milliseconds since 1970. */
  validFrom: number
  validTo: number
}

/**
 * `of`: the file that has to change. `must`: the end of a sentence that begins with that file's
 * name.
 */
export interface PairMistake {
  of: 'cert' | 'key'
  must: string
}

export type PairReading = { pair: CertificatePair } | { mistakes: readonly PairMistake[] }

/**
 * Parses and checks the texts of two PEM files; each may contain other things as well. No message
 * contains any of them.
 */
export function readCertificatePair(certText: string, keyText: string): PairReading {
  const chain = readChain(certText)
  const key = readKey(keyText)
  const mistakes = [chain, key].filter((found): found is PairMistake => 'must' in found)
  if ('must' in chain || 'must' in key) return { mistakes }
  const [own] = chain.certificates
  const mistake = doesNotFit(chain.certificates, key.key) ?? isUnusable(certText, keyText)
  if (own === undefined || mistake !== undefined) return { mistakes: mistake ? [mistake] : [] }
  const [validFrom, validTo] = [Date.parse(own.validFrom), Date.parse(own.validTo)]
  return { pair: { cert: certText, key: keyText, names: namesOf(own), validFrom, validTo } }
}

/**
 * A warning about a pair that expires soon, has expired, or is not valid yet: the end of a
 * sentence. `now` in milliseconds since 1970.
 */
export function validityWarning(
  pair: Pick<CertificatePair, 'validFrom' | 'validTo'>,
  now: number,
): string | undefined {
  const refused = whyNotValid(pair, now)
  if (refused !== undefined) return refused
  const { validTo } = pair
  const daysLeft = Math.floor((validTo - now) / dayMilliseconds)
  if (daysLeft >= daysAhead) return undefined
  const left = daysLeft === 0 ? 'within a day' : `in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}`
  return `ends on ${day(validTo)}, ${left}: renew it before`
}

/** Why clients refuse a pair now: the end of a sentence. `now` in milliseconds since 1970. */
export function whyNotValid(
  { validFrom, validTo }: Pick<CertificatePair, 'validFrom' | 'validTo'>,
  now: number,
): string | undefined {
  if (now > validTo) return `ended on ${day(validTo)}: clients refuse it until you renew it`
  if (now < validFrom) return `begins only on ${day(validFrom)}: clients refuse it until then`
  return undefined
}

/** All certificates of a PEM text; none if one of them is broken. */
export function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return []
  }
}

/** The host names and addresses of a certificate, or its common name if it has none. */
export function namesOf(certificate: X509Certificate): string[] {
  const listed = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1])
    .filter((name) => name !== undefined)
  if (listed.length > 0) return listed
  const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1]
  return commonName === undefined ? [] : [commonName]
}

/** As ISO 8601 writes it. */
export function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

const dayMilliseconds = 24 * 60 * 60 * 1000
const daysAhead = 14

function readChain(text: string): { certificates: readonly X509Certificate[] } | PairMistake {
  const certificates = certificatesIn(text)
  if (certificates.length > 0) return { certificates }
  return { of: 'cert', must: 'must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----")' }
}

function readKey(text: string): { key: KeyObject } | PairMistake {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return {
      of: 'key',
      must: 'is encrypted with a passphrase, which nobody can enter when postern starts: write it without one (openssl pkey -in FILE -out NEWFILE)',
    }
  }
  try {
    return { key: createPrivateKey(text) }
  } catch {
    return { of: 'key', must: 'must hold a private key in PEM form ("-----BEGIN PRIVATE KEY-----")' }
  }
}

function doesNotFit(certificates: readonly X509Certificate[], key: KeyObject): PairMistake | undefined {
  const fitting = certificates.findIndex((certificate) => certificate.checkPrivateKey(key))
  if (fitting === 0) return undefined
  // TLS sends them in file order (RFC 8446, section 4.4.2).
  if (fitting > 0) return { of: 'cert', must: 'must begin with the certificate that the key belongs to' }
  return { of: 'key', must: 'does not belong to the certificate' }
}

/** Problems that only OpenSSL detects, such as a key that is too short. */
function isUnusable(cert: string, key: string): PairMistake | undefined {
  try {
    createSecureContext({ cert, key })
    return undefined
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'unknown reason'
    return { of: 'cert', must: `cannot be used for TLS: ${reason}` }
  }
}
