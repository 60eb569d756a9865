import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto'
import * as openid from 'openid-client'
import { Failure } from '../../base/failure.ts'
import type { ClientCertificate } from '../../config/config.ts'
import type { RegisteredProvider } from '../provider.ts'

/**
 * How the registration proves that it is itself: one way for each of its secrets, in their order.
 * @throws Failure `configuration`
 */
export async function clientAuthentications(provider: RegisteredProvider): Promise<openid.ClientAuth[]> {
  const { id, oauth, registration } = provider
  const way = oauth.clientAuthentication
  if (way === 'none') return [openid.None()]
  if (way === 'private_key_jwt' && registration.certificate)
    return [await assertionBy(registration.certificate, oauth.tokenEndpoint ?? '')]
  const secrets = registration.clientSecrets.map(({ value }) => value.reveal())
  if (secrets.length === 0 || way === 'private_key_jwt') {
    const what = way === 'private_key_jwt' ? 'certificate' : 'client secret'
    throw new Failure('configuration', `The provider ${id} needs a ${what} to authenticate with`, {
      fix: `Give its registration a ${what}, or the client authentication "none".`,
    })
  }
  return secrets.map((secret) =>
    way === 'client_secret_basic' ? basic(secret) : openid.ClientSecretPost(secret),
  )
}

/**
 * RFC 6749, section 2.3.1: form-encoded before Basic. openid-client encodes hyphens and the like as well, which many servers do not undo.
 */
function basic(secret: string): openid.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const pair = `${formEncoded(client_id)}:${formEncoded(secret)}`
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/**
 * A signed assertion instead of a secret (RFC 7523, section 2.2). Entra wants the certificate's `x5t#S256` (RFC 7515, section 4.1.8) in the header and
 * the token endpoint as the audience, which section 3 of RFC 7523 allows everywhere.
 */
async function assertionBy(
  { key, thumbprint }: ClientCertificate,
  tokenEndpoint: string,
): Promise<openid.ClientAuth> {
  const signing = await signingKey(createPrivateKey(key.reveal()))
  return openid.PrivateKeyJwt(signing, {
    [openid.modifyAssertion](header, payload) {
      Object.assign(header, { typ: 'JWT', 'x5t#S256': thumbprint })
      payload.aud = tokenEndpoint
    },
  })
}

/** RSA signs by PS256, P-256 by ES256 (RFC 7518, sections 3.4 and 3.5). */
function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm =
    key.asymmetricKeyType === 'ec'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : { name: 'RSA-PSS', hash: 'SHA-256' }
  const der = key.export({ format: 'der', type: 'pkcs8' })
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}
