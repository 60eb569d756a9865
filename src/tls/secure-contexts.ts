import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'

/** Gives what a handshake needs. `oldTls`: with TLS 1.0 and 1.1 for devices that know nothing newer. */
export type ContextFor = (use: { oldTls: boolean }) => SecureContext

// OpenSSL 3 refuses the signatures of TLS 1.0 and 1.1 (MD5 and SHA-1) above its security level 0. The suites of TLS 1.3 have to
// be named again: a list without them switches TLS 1.3 off.
const ciphersForOld = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'DEFAULT@SECLEVEL=0',
].join(':')

// A client could make us go through handshakes without end. Nobody needs another one: TLS 1.3 has none (RFC 8446, section 4.1.2).
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION

/** TLS 1.2 and newer (RFC 8996), unless the listener opted down. @throws what OpenSSL says of a pair that it cannot use */
export function secureContexts({ cert, key }: { cert: string; key: string }): ContextFor {
  const modern = createSecureContext({ cert, key, secureOptions, minVersion: 'TLSv1.2' })
  let old: SecureContext | undefined
  return ({ oldTls }) => {
    if (!oldTls) return modern
    old ??= createSecureContext({ cert, key, secureOptions, minVersion: 'TLSv1', ciphers: ciphersForOld })
    return old
  }
}
