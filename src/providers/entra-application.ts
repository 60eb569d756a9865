import { createPrivateKey, X509Certificate } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Secret } from '../base/secret.ts'
import { isGuid } from '../base/text.ts'
import type { HttpFetch } from '../net/http-fetch.ts'
import { HttpError } from '../net/network-failure.ts'
import { safeText } from './oauth/oauth-client.ts'

/*
 * The certificates of our own app registration at Entra, by Microsoft Graph. An app may add and
 * remove its own without any permission, if it proves that it has the key of one that is registered
 * ("application: addKey", "application: removeKey").
 */

/** A certificate and its key, both PEM. */
export interface PemPair {
  certificate: string
  key: string
}

/** What Graph answered, where it did not do what it was asked for. */
export class GraphRefusal extends Error {
  readonly status: number
  /** Of its error object: `Authorization_RequestDenied`, ... */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(safeText(`${code}: ${message}`))
    this.name = 'GraphRefusal'
    this.status = status
    this.code = code
  }

  /** It may do it another time: it has too much to do, or a fault. */
  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500
  }
}

export interface EntraApplication {
  /**
   * The object id of the registration, and the ids of its certificates by their thumbprints. An app
   * needs a permission for that, which most have not.
   * @throws GraphRefusal, and what a request throws
   */
  look(): Promise<{ objectId: string; keyIds: ReadonlyMap<string, string> }>
  /**
   * @returns the id by which Entra knows the certificate; undefined where it does not say
   * @throws GraphRefusal, and what a request throws
   */
  addKey(certificate: string, proof: Proof): Promise<string | undefined>
  /** @throws GraphRefusal, and what a request throws */
  removeKey(keyId: string, proof: Proof): Promise<void>
}

/** Who asks: the object id of the registration, and a pair that Entra knows. */
interface Proof {
  objectId: string
  by: PemPair
  /** Milliseconds since 1970. */
  now: number
}

/**
 * @param origin of Microsoft Graph, in the cloud of the registration
 * @param accessToken of the app itself, for Graph
 */
export function entraApplication({
  origin,
  clientId,
  accessToken,
  fetch: send,
}: {
  origin: string
  clientId: string
  accessToken: Secret
  fetch: HttpFetch
}): EntraApplication {
  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await send(`${origin}/v1.0/${path}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${accessToken.reveal()}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.ok) return text === '' ? undefined : parsed(text, response.status)
    throw refusalOf(response.status, text)
  }

  return {
    async look() {
      const found = await ask('GET', `applications(appId='${clientId}')?$select=id,keyCredentials`)
      const { id, keyCredentials } = (found ?? {}) as { id?: unknown; keyCredentials?: unknown }
      if (typeof id !== 'string' || !isGuid(id)) throw new HttpError('Microsoft Graph says no object id')
      return { objectId: id, keyIds: keyIdsIn(keyCredentials) }
    },

    async addKey(certificate, proof) {
      const added = await ask('POST', `applications/${proof.objectId}/addKey`, {
        keyCredential: {
          type: 'AsymmetricX509Cert',
          usage: 'Verify',
          key: new X509Certificate(certificate).raw.toString('base64'),
        },
        passwordCredential: null,
        proof: await proofOfPossession(proof),
      })
      const { keyId } = (added ?? {}) as { keyId?: unknown }
      return typeof keyId === 'string' && isGuid(keyId) ? keyId : undefined
    },

    async removeKey(keyId, proof) {
      const body = { keyId, proof: await proofOfPossession(proof) }
      await ask('POST', `applications/${proof.objectId}/removeKey`, body)
    },
  }
}

/** Which Graph asks of whoever calls addKey or removeKey: at most ten minutes long. */
const proofSeconds = 600
/** For a clock that is a little ahead of that of Entra. */
const backdatedSeconds = 60
/** The audience that Microsoft's documentation of addKey names: the id of Azure AD Graph. */
const proofAudience = '00000002-0000-0000-c000-000000000000'

/** A token, signed by a key that is registered, whose header names the certificate (RFC 7515, section 4.1.7). */
export async function proofOfPossession({ objectId, by, now }: Proof): Promise<string> {
  const digest = sha1(by.certificate)
  const key = createPrivateKey(by.key)
  const from = Math.floor(now / 1000) - backdatedSeconds
  return new SignJWT()
    .setProtectedHeader({
      alg: key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256',
      typ: 'JWT',
      kid: digest.toString('hex').toUpperCase(),
      x5t: digest.toString('base64url'),
    })
    .setAudience(proofAudience)
    .setIssuer(objectId)
    .setNotBefore(from)
    .setExpirationTime(from + proofSeconds)
    .sign(key)
}

/** As Entra's pages show it: SHA-1, in upper-case hex. */
export function entraThumbprint(certificate: string): string {
  return sha1(certificate).toString('hex').toUpperCase()
}

function sha1(certificate: string): Buffer {
  return Buffer.from(new X509Certificate(certificate).fingerprint.replaceAll(':', ''), 'hex')
}

function keyIdsIn(credentials: unknown): Map<string, string> {
  const ids = new Map<string, string>()
  for (const one of Array.isArray(credentials) ? credentials : []) {
    const { keyId, key } = (one ?? {}) as { keyId?: unknown; key?: unknown }
    if (typeof keyId !== 'string' || typeof key !== 'string' || !isGuid(keyId)) continue
    try {
      ids.set(entraThumbprint(`-----BEGIN CERTIFICATE-----\n${key}\n-----END CERTIFICATE-----\n`), keyId)
    } catch {
      // Of another kind, which is none of ours.
    }
  }
  return ids
}

function refusalOf(status: number, text: string): GraphRefusal | HttpError {
  const { error } = (parsedOrNothing(text) ?? {}) as { error?: { code?: unknown; message?: unknown } }
  if (typeof error?.code !== 'string') return new HttpError(`Microsoft Graph answers ${status}`, status)
  return new GraphRefusal(status, error.code, typeof error.message === 'string' ? error.message : '')
}

function parsed(text: string, status: number): unknown {
  const found = parsedOrNothing(text)
  if (found === undefined) throw new HttpError('Microsoft Graph answers with no JSON', status)
  return found
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}
