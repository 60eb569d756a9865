import { generate } from 'selfsigned'

let made

/**
 * The provider's certificate, which is its own authority; one for all providers of this process. RSA, as Exchange Online has.
 * @returns {Promise<{ key: string, cert: string }>} PEM
 */
export async function providerCertificate() {
  made ??= generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  const { private: key, cert } = await made
  return { key, cert }
}
