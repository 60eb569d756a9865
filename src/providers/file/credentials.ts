import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Secret } from '../../base/secret.ts'
import { isGuid } from '../../base/text.ts'
import { secretIdMistake } from '../presets/microsoft.ts'
import type { ClientCertificate, ServiceAccount } from '../settings.ts'

/**
 * The result of checking a client ID, a client secret or a tenant. `must` is the end of a sentence
 * and contains nothing of the text.
 */
export type ReadText = { value: string } | { must: string }

/** The samples in `.env.example`, which have to be replaced. */
export const sampleCredentials = {
  microsoftClientId: '00001111-aaaa-2222-bbbb-3333cccc4444',
  googleClientId: '123456789012-abc123def456.apps.googleusercontent.com',
  clientSecret: 'your-client-secret',
} as const

const samples: ReadonlySet<string> = new Set(Object.values(sampleCredentials))

const ownValue = { must: 'be your own value: this one is the sample' }

/**
 * Checks a client ID or a client secret, from the settings or the providers file: VSCHAR (RFC 6749,
 * appendices A.1 and A.2). White space at the ends is never part of it, but is often pasted with
 * it.
 */
export function readCredential(text: string): ReadText {
  if (samples.has(text) || isLeftOver(text)) return ownValue
  if (text.trim() !== text) return { must: 'not begin or end with white space' }
  if (!/^[\x20-\x7e]+$/.test(text)) return { must: 'hold printable ASCII characters only' }
  return { value: text }
}

/**
 * Entra always lists the ID of a secret, and shows its value only once, so the ID is often taken
 * for it.
 */
export function readMicrosoftSecret(text: string): ReadText {
  return isGuid(text.trim()) ? { must: secretIdMistake } : readCredential(text)
}

/** Checks the name or id of an Entra tenant. */
export function readTenant(text: string): ReadText {
  if (isLeftOver(text)) return ownValue
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text)) return { value: text }
  return { must: 'be common, organizations, consumers, a tenant ID or a domain name' }
}

function isLeftOver(text: string): boolean {
  return /^(your[-_ ].*|change[-_ ]?(me|it|this)|replace[-_ ]?(me|it|this)|placeholder|x{3,}|todo|<.*>|\.{3})$/i.test(
    text.trim(),
  )
}

/** `of`: the file that has to change. `must`: the end of a sentence that begins with its name. */
type ClientCertificateReading = { certificate: ClientCertificate } | { of: 'cert' | 'key'; must: string }

/** Parses the PEM texts of a client certificate and its key. No message contains any of them. */
export function readClientCertificate(certText: string, keyText: string): ClientCertificateReading {
  const certificate = readPem(certText)
  if (!certificate)
    return { of: 'cert', must: 'must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----")' }
  const key = readKey(keyText)
  if (!key)
    return {
      of: 'key',
      must: 'must hold a private key in PEM form without a passphrase ("-----BEGIN PRIVATE KEY-----")',
    }
  if (!canSign(key))
    return { of: 'key', must: 'must be an RSA key of at least 2048 bits, or an EC key on P-256' }
  if (!certificate.checkPrivateKey(key)) return { of: 'key', must: 'must be the key of that certificate' }
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
 * Parses the key file of a Google service account. `must` is the end of a sentence that begins with
 * the file's name; it contains nothing of the file.
 */
export function readServiceAccount(text: string): { account: ServiceAccount } | { must: string } {
  const file = parse(text)
  if (!file) return { must: 'must be the JSON key file of a service account' }
  if (file.type !== 'service_account')
    return {
      must: 'must be the key file of a service account ("type": "service_account"), not of an OAuth client',
    }
  const { client_email: email, client_id: clientId, private_key_id: keyId, private_key: key } = file
  const missing = Object.entries({
    client_email: email,
    client_id: clientId,
    private_key_id: keyId,
    private_key: key,
  })
    .filter(([, value]) => typeof value !== 'string' || value === '')
    .map(([name]) => name)
  if (missing.length > 0) return { must: `must hold ${missing.join(', ')}` }
  if (!isRsaKey(String(key))) return { must: 'must hold an RSA key in PEM form as private_key' }
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
