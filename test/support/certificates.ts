import { generate } from 'selfsigned'

export interface Certificate {
  key: string
  cert: string
}

export interface CertificateRequest {
  /** Names and addresses that it is good for. */
  names?: readonly string[]
  notBefore?: Date
  notAfter?: Date
}

/** A certification authority that lives as long as the test. */
export interface Authority {
  /** PEM, for `extraCa`. */
  ca: string
  issue(request?: CertificateRequest): Promise<Certificate>
}

const day = 24 * 60 * 60 * 1000

export async function createAuthority(name = 'postern test authority'): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: name }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return {
    ca: own.cert,
    async issue({ names = ['localhost', '127.0.0.1'], notBefore, notAfter } = {}) {
      const issued = await generate([{ name: 'commonName', value: names[0] ?? 'nobody' }], {
        algorithm: 'sha256',
        notBeforeDate: notBefore ?? new Date(Date.now() - day),
        notAfterDate: notAfter ?? new Date(Date.now() + day),
        ca: { key: own.private, cert: own.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          {
            name: 'subjectAltName',
            altNames: names.map((value) =>
              /^[\d.]+$/.test(value) ? { type: 7 as const, ip: value } : { type: 2 as const, value },
            ),
          },
        ],
      })
      return { key: issued.private, cert: issued.cert }
    },
  }
}
