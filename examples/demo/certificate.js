import { generate } from 'selfsigned'

/**
 * A certification authority that lives as long as this process, and a certificate of it for loopback.
 * @returns {Promise<{ ca: string, certificate: string, key: string }>} PEM texts
 */
export async function loopbackCertificate() {
  const authority = await generate([{ name: 'commonName', value: 'postern demo authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { ca: authority.cert, certificate: server.cert, key: server.private }
}
