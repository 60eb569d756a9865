import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Sentence } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { isGuid } from '../../base/text.ts'
import { text as said } from '../../failures/texts.ts'
import type { ClientCertificate, ServiceAccount } from '../settings.ts'

/**
 * The result of checking a client ID, a client secret or a tenant. The mistake is the end of a
 * sentence that begins with its name, and contains nothing of the text.
 */
export type ReadText = { value: string } | { mistake: Sentence }

/** The samples in `.env.example`, which have to be replaced. */
export const sampleCredentials = {
  microsoftClientId: '00001111-aaaa-2222-bbbb-3333cccc4444',
  googleClientId: '123456789012-abc123def456.apps.googleusercontent.com',
  clientSecret: 'your-client-secret',
} as const

const samples: ReadonlySet<string> = new Set(Object.values(sampleCredentials))

const ownValue = { mistake: said('mistake.sample') }

/**
 * Checks a client ID or a client secret, from the settings or the providers file: VSCHAR (RFC 6749,
 * appendices A.1 and A.2). White space at the ends is never part of it, but is often pasted with
 * it.
 */
export function readCredential(text: string): ReadText {
  if (samples.has(text) || isLeftOver(text)) return ownValue
  if (text.trim() !== text) return { mistake: said('mistake.spaces') }
  if (!/^[\x20-\x7e]+$/.test(text)) return { mistake: said('mistake.not-ascii') }
  return { value: text }
}

/**
 * Entra always lists the ID of a secret, and shows its value only once, so the ID is often taken
 * for it.
 */
export function readMicrosoftSecret(text: string): ReadText {
  return isGuid(text.trim()) ? { mistake: said('mistake.secret-id') } : readCredential(text)
}

/** Checks the name or id of an Entra tenant. */
export function readTenant(text: string): ReadText {
  if (isLeftOver(text)) return ownValue
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text)) return { value: text }
  return { mistake: said('mistake.tenant') }
}

function isLeftOver(text: string): boolean {
  return /^(your[-_ ].*|change[-_ ]?(me|it|this)|replace[-_ ]?(me|it|this)|placeholder|x{3,}|todo|<.*>|\.{3})$/i.test(
    text.trim(),
  )
}

/** `of`: the file that has to change. The mistake is the end of a sentence that begins with its name. */
type ClientCertificateReading = { certificate: ClientCertificate } | { of: 'cert' | 'key'; mistake: Sentence }

/** Parses the PEM texts of a client certificate and its key. No message contains any of them. */
export function readClientCertificate(certText: string, keyText: string): ClientCertificateReading {
  const certificate = readPem(certText)
  if (!certificate) return { of: 'cert', mistake: said('mistake.no-certificate') }
  const key = readKey(keyText)
  if (!key) return { of: 'key', mistake: said('mistake.no-key') }
  if (!canSign(key)) return { of: 'key', mistake: said('mistake.weak-key') }
  if (!certificate.checkPrivateKey(key)) return { of: 'key', mistake: said('mistake.other-key') }
  return {
    certificate: {
      thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
      key: new Secret(key.export({ format: 'pem', type: 'pkcs8' }).toString()),
      expiresAt: Date.parse(certificate.validTo),
    },
  }
}

function readPem(text: string): X509Certificate | undefined {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) return undefined
  try {
    return new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')))
  } catch {
    return undefined
  }
}

function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    return undefined
  }
}

/** Postern signs with PS256 and ES256. */
function canSign({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
}

/**
 * Parses the key file of a Google service account. The mistake is the end of a sentence that begins
 * with the file's name; it contains nothing of the file.
 */
export function readServiceAccount(text: string): { account: ServiceAccount } | { mistake: Sentence } {
  const file = parse(text)
  if (!file) return { mistake: said('mistake.no-key-file') }
  if (file.type !== 'service_account') return { mistake: said('mistake.client-key-file') }
  const { client_email: email, client_id: clientId, private_key_id: keyId, private_key: key } = file
  const missing = Object.entries({
    client_email: email,
    client_id: clientId,
    private_key_id: keyId,
    private_key: key,
  })
    .filter(([, value]) => typeof value !== 'string' || value === '')
    .map(([name]) => name)
  if (missing.length > 0) return { mistake: said('mistake.key-file-lacks', { names: missing.join(', ') }) }
  if (!isRsaKey(String(key))) return { mistake: said('mistake.key-file-key') }
  return {
    account: {
      email: String(email),
      clientId: String(clientId),
      keyId: String(keyId),
      key: new Secret(String(key)),
    },
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}
