import { generate } from 'selfsigned'
import type { Authority, Certificate } from './certificates.ts'

export interface WrongCertificate {
  what: string
  issue(): Promise<Certificate>
  /** A part of what postern says of it, and of what it says to do. */
  says: string
  fix: string
}

const day = 24 * 60 * 60 * 1000

/** `own` is the authority that is trusted. */
export function wrongCertificates(own: Authority, other: Authority): WrongCertificate[] {
  return [
    {
      what: 'from an authority that nobody trusts',
      issue: () => other.issue(),
      says: 'authority that is not trusted',
      fix: 'POSTERN_EXTRA_CA_FILE',
    },
    {
      what: 'that signs itself',
      issue: selfSigned,
      says: 'authority that is not trusted',
      fix: 'POSTERN_EXTRA_CA_FILE',
    },
    {
      what: 'for another name',
      issue: () => own.issue({ names: ['smtp.example.com', '127.0.0.2'] }),
      says: 'is for another name',
      fix: 'Check the host name',
    },
    {
      what: 'that has expired',
      issue: () =>
        own.issue({ notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) }),
      says: 'has expired',
      fix: 'Check the clock',
    },
    {
      what: 'from the future',
      issue: () =>
        own.issue({ notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 3 * day) }),
      says: 'not valid yet',
      fix: 'Check the clock',
    },
  ]
}

async function selfSigned() {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { key: made.private, cert: made.cert }
}
