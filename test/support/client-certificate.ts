import { webcrypto } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'
import { Secret } from '../../src/base/secret.ts'
import type { ClientCertificate } from '../../src/providers/settings.ts'

const algorithms = {
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
}

/** A self-signed certificate as an app registration takes it, with its key. */
export async function clientCertificate(
  kind: 'rsa' | 'ec',
  ends = new Date('2031-01-01T00:00:00Z'),
): Promise<ClientCertificate & { pem: string; keyPem: string }> {
  const keys = (await webcrypto.subtle.generateKey(algorithms[kind], true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: 'CN=postern',
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: ends,
      signingAlgorithm: algorithms[kind],
      keys: keys as never,
    },
    webcrypto as never,
  )
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  const keyPem = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
  const digest = await webcrypto.subtle.digest('SHA-256', certificate.rawData)
  return {
    pem: certificate.toString('pem'),
    keyPem,
    key: new Secret(keyPem),
    thumbprint: Buffer.from(digest).toString('base64url'),
    expiresAt: ends.getTime(),
  }
}
