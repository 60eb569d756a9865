import { createPrivateKey } from 'node:crypto'
import { Secret } from '../../base/secret.ts'
import type { ServiceAccount } from '../../config/config.ts'

/** Reads a service account's key file, as Google's console gives it. `must`: the end of a sentence that begins with the file's name; it holds nothing of the file. */
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
