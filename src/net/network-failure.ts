import { Failure } from '../base/failure.ts'

/**
 * The other side was not reached, so nothing that was sent was read: a failure of name lookup,
 * connection, proxy or TLS, or a peer that speaks another protocol.
 */
export class NetworkFailure extends Failure {}

/** An answer over HTTP that cannot be taken, or a request that may not be sent. */
export class HttpError extends Error {
  /** HTTP status of the answer; absent when there was none. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.name = 'HttpError'
    this.status = status
  }
}

/** The peer that should have answered. */
export interface Peer {
  /** A host, or the origin of a proxy. */
  host: string
  kind: 'mail server' | 'endpoint' | 'proxy'
}

interface Cause {
  codes: RegExp
  /** The message; absent: the host name alone. */
  what?: string
  fix: string
}

/**
 * Translates the error of a connection, a handshake or an exchange (the codes of Node, OpenSSL,
 * node:dns and undici) into a message and a remedy: one table for all outgoing connections. Errors
 * of certificates and protocols are faults of the set-up; all others are temporary.
 */
export function networkFailure(error: unknown, peer: Peer, detail = ''): NetworkFailure {
  const code = errorCode(error)
  const details = { cause: error }
  const setup = setupCauses(peer, code).find(({ codes }) => codes.test(code))
  const { host, kind } = peer
  if (setup) return new NetworkFailure('provider-setup', setup.what ?? host, { ...details, fix: setup.fix })
  const fix = passingCauses.find(({ codes }) => codes.test(code))?.fix ?? usualFix
  if (kind === 'endpoint')
    return new NetworkFailure('provider-unavailable', `${host} cannot be reached (${code})`, {
      ...details,
      fix,
    })
  if (kind === 'proxy')
    return new NetworkFailure('provider-unavailable', `The proxy ${host} cannot be used (${code})`, {
      ...details,
      fix: 'Check the address of the proxy, and whether it is there.',
    })
  const message = `The connection to ${host} failed: ${code}${detail}`
  return new NetworkFailure('provider-unavailable', message, { ...details, fix })
}

/**
 * The code of an error or of one of its causes. Never its message, which may quote what was sent.
 */
export function errorCode(error: unknown): string {
  for (let from = error; typeof from === 'object' && from !== null; from = Reflect.get(from, 'cause')) {
    const code: unknown = Reflect.get(from, 'code')
    if (typeof code === 'string' && code !== '') return code
    // This error of undici does not always have a code.
    if (from instanceof Error && from.name === 'HTTPParserError') return from.name
  }
  return 'network error'
}

/** The first that matches counts. */
function setupCauses({ host, kind }: Peer, code: string): Cause[] {
  return [
    {
      codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
      what: `The certificate of ${host} is for another name (${code})`,
      fix: 'Check the host name; if it is right, something between postern and that host answers in its place.',
    },
    {
      codes: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
      what: `The certificate of ${host} has expired, or is not valid yet (${code})`,
      fix: 'Check the clock of this machine; if it is right, that host has to renew its certificate.',
    },
    {
      codes: /SELF_SIGNED|ISSUER|VERIFY_LEAF|UNTRUSTED|INVALID_CA|SIGNATURE_FAILURE/,
      what: `The certificate of ${host} comes from a certification authority that is not trusted (${code})`,
      fix: 'If that host or a TLS-inspecting proxy uses its own authority, name its certificate with POSTERN_EXTRA_CA_FILE.',
    },
    {
      codes: /CERT|CRL|PURPOSE|PATH_LENGTH/,
      what: `The certificate of ${host} cannot be accepted (${code})`,
      fix: 'Check the host name, and who answers under it.',
    },
    {
      codes: /^ERR_SSL|^ERR_TLS|^EPROTO$/,
      what: `TLS with ${host} failed (${code})`,
      fix:
        kind === 'mail server'
          ? 'Check the port and the TLS mode of the provider: "implicit" (usually port 465) or "starttls" (usually 587). TLS 1.2 is the least.'
          : 'Check host and port: what answers there does not speak TLS, or not TLS 1.2 or newer.',
    },
    {
      codes: /^HPE_|^HTTPParserError$/,
      what: `What answers at ${host} does not speak HTTP (${code})`,
      fix: 'Check host and port, and whether it is https or http.',
    },
  ]
}

const usualFix = 'Try again later; if it lasts, check the way to the provider through firewall and proxy.'

const passingCauses: readonly Cause[] = [
  {
    codes: /^(ENOTFOUND|ENODATA|ENONAME|EBADNAME|EAI_NONAME)$/,
    fix: 'Check how the host name is written, and the name servers (DNS) of this machine.',
  },
  {
    codes: /^(EAI_\w+|ETIMEOUT|ESERVFAIL|EREFUSED|ENOTIMP|EBADRESP|EFORMERR|ECANCELLED)$/,
    fix: 'Check the name servers (DNS) of this machine: they do not answer for this name.',
  },
  {
    codes: /^ETOOMANYNAMES$/,
    fix: 'Check the name servers (DNS) of this machine: more names wait for them than they answer.',
  },
  {
    codes: /^ECONNREFUSED$/,
    fix: 'Check host and port: nobody listens there, or a firewall refuses.',
  },
]
