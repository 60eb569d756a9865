import { Failure, filled } from '../base/failure.ts'

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

/**
 * Translates the error of a connection, a handshake or an exchange (the codes of Node, OpenSSL,
 * node:dns and undici) into a failure: one table for all outgoing connections. Errors of
 * certificates and protocols are faults of the set-up; all others are temporary.
 */
export function networkFailure(error: unknown, { host, kind }: Peer, detail = ''): NetworkFailure {
  const code = errorCode(error)
  const setup = setupCauses.find(({ codes }) => codes.test(code))
  const isMailServer = kind === 'mail server'
  const of = (id: Cause['id'], reason: string) =>
    new NetworkFailure(filled(id, { host, reason, cause: error }))
  if (setup) return of((isMailServer ? setup.ofMailServer : undefined) ?? setup.id, code)
  if (kind === 'proxy')
    return new NetworkFailure(filled('proxy.unreachable', { proxy: host, reason: code, cause: error }))
  const cause = passingCauses.find(({ codes }) => codes.test(code)) ?? unknownCause
  return isMailServer ? of(cause.ofMailServer, `${code}${detail}`) : of(cause.id, code)
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

/** Failures whose values are a host and a reason. */
type HostFailure =
  | `network.certificate-${'of-another-name' | 'not-valid-now' | 'not-trusted' | 'unacceptable'}`
  | 'network.no-http'
  | `${'network' | 'upstream'}.${'no-tls' | 'name-unknown' | 'name-unanswered' | 'too-many-names' | 'refused-to-connect' | 'unreachable'}`

interface Cause {
  codes: RegExp
  id: HostFailure
  /** The same of a mail server, where that is another failure. */
  ofMailServer?: HostFailure
}

/** The first that matches counts. */
const setupCauses: readonly Cause[] = [
  { codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/, id: 'network.certificate-of-another-name' },
  { codes: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, id: 'network.certificate-not-valid-now' },
  {
    codes: /SELF_SIGNED|ISSUER|VERIFY_LEAF|UNTRUSTED|INVALID_CA|SIGNATURE_FAILURE/,
    id: 'network.certificate-not-trusted',
  },
  { codes: /CERT|CRL|PURPOSE|PATH_LENGTH/, id: 'network.certificate-unacceptable' },
  { codes: /^ERR_SSL|^ERR_TLS|^EPROTO$/, id: 'network.no-tls', ofMailServer: 'upstream.no-tls' },
  { codes: /^HPE_|^HTTPParserError$/, id: 'network.no-http' },
]

const unknownCause = { id: 'network.unreachable', ofMailServer: 'upstream.unreachable' } as const

const passingCauses: readonly Required<Cause>[] = [
  {
    codes: /^(ENOTFOUND|ENODATA|ENONAME|EBADNAME|EAI_NONAME)$/,
    id: 'network.name-unknown',
    ofMailServer: 'upstream.name-unknown',
  },
  {
    codes: /^(EAI_\w+|ETIMEOUT|ESERVFAIL|EREFUSED|ENOTIMP|EBADRESP|EFORMERR|ECANCELLED)$/,
    id: 'network.name-unanswered',
    ofMailServer: 'upstream.name-unanswered',
  },
  {
    codes: /^ETOOMANYNAMES$/,
    id: 'network.too-many-names',
    ofMailServer: 'upstream.too-many-names',
  },
  {
    codes: /^ECONNREFUSED$/,
    id: 'network.refused-to-connect',
    ofMailServer: 'upstream.refused-to-connect',
  },
]
