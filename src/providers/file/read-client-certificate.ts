import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Secret } from '../../base/secret.ts'
import type { ClientCertificate } from '../../config/config.ts'

/** `of`: the file that has to change. `must`: the end of a sentence that begins with its name. */
export type ClientCertificateReading =
  | { certificate: ClientCertificate }
  | { of: 'cert' | 'key'; must: string }

/** Reads the PEM texts of a certificate that a registration authenticates with, and of its key. No message holds any of them. */
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

/** PS256 and ES256 are what we sign by. */
function canSign({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
}
