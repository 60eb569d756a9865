import { Failure } from '../base/failure.ts'
import { ConnectionLost, lossAsFailure } from './connection-lost.ts'

interface Cause {
  codes: RegExp
  message(host: string): string
  fix: string
}

/** What a handshake fails with (the codes of OpenSSL and Node), what it means, and what to do. The first that fits. */
const causes: readonly Cause[] = [
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    message: (host) => `The certificate of ${host} is for another name`,
    fix: 'Check the host name of the provider; if it is right, something between postern and the provider answers in its place.',
  },
  {
    codes: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    message: (host) => `The certificate of ${host} has expired, or is not valid yet`,
    fix: 'Check the clock of this machine; if it is right, the provider has to renew its certificate.',
  },
  {
    codes: /SELF_SIGNED|ISSUER|VERIFY_LEAF|UNTRUSTED|INVALID_CA|SIGNATURE_FAILURE/,
    message: (host) => `The certificate of ${host} comes from a certification authority that is not trusted`,
    fix: 'If the provider or a TLS-inspecting proxy uses its own authority, name its certificate with POSTERN_EXTRA_CA_FILE.',
  },
  {
    codes: /CERT|CRL|PURPOSE|PATH_LENGTH/,
    message: (host) => `The certificate of ${host} cannot be accepted`,
    fix: 'Check the host name of the provider, and who answers under it.',
  },
  {
    codes: /^ERR_SSL|^ERR_TLS|^EPROTO$/,
    message: (host) => `TLS with ${host} failed`,
    fix: 'Check the port and the TLS mode of the provider: "implicit" (usually port 465) or "starttls" (usually 587). TLS 1.2 is the least.',
  },
]

/** A failed handshake, judged: certificates and protocol are set-up, everything else is the network. */
export function tlsFailure(error: unknown, host: string): Failure {
  const code = errorCode(error)
  const cause = causes.find(({ codes }) => codes.test(code))
  if (!cause) return lossAsFailure(new ConnectionLost('closed', `${code} during the TLS handshake`), host)
  return new Failure('provider-setup', `${cause.message(host)} (${code})`, { cause: error, fix: cause.fix })
}

export function errorCode(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code : 'network error'
}
