import { constants } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { failure, whyUnreadable } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { doubtOfFile } from '../store/file-trust.ts'
import {
  type CertificatePair,
  day,
  type PairMistake,
  readCertificatePair,
  validityWarning,
  whyNotValid,
} from './certificate-pair.ts'

/** The certificate of the SMTP server, reloaded when its files change. */
export interface Certificates {
  /**
   * The context for the next handshake. Checks the files at most once a second; open connections
   * are not affected.
   */
  contextFor: ContextFor
  /** Checks the files now, and logs the result. */
  reload(): void
  /** When the one in use expires, in milliseconds since 1970. */
  expiresAt(): number
}

interface CertificatesDeps {
  /**
   * Paths of PEM files. Symbolic links are resolved each time, because certbot and Kubernetes
   * replace them.
   */
  certFile: string
  keyFile: string
  clock: Clock
  log: Log
}

const lookEveryMilliseconds = 1000

type Reading = { pair: CertificatePair } | { wrong: string; fix: string }

/**
 * At the start, a pair outside of its validity period is accepted, because there is no better one.
 * @throws Failure `configuration` when the files cannot be used now. Later on, the last good pair
 * stays in use.
 */
export function createCertificates({ certFile, keyFile, clock, log }: CertificatesDeps): Certificates {
  let seen = identity()
  const first = read()
  if ('wrong' in first)
    throw failure('certificate.pair-unusable', { mistake: first.wrong, remedy: first.fix })
  let pair = first.pair
  let contexts = secureContexts(pair)
  let lookedAt = clock.monotonic()
  /** The day of the last expiry check. At the start, reading the settings includes it. */
  let judgedOn = day(clock.now())
  /** The mistake at the last check: a half-written pair is read again, and logged once. */
  let wrong: string | undefined

  return {
    contextFor(use) {
      if (clock.monotonic() - lookedAt >= lookEveryMilliseconds) {
        look()
        warnOnceADay()
      }
      return contexts(use)
    },

    reload() {
      if (!look(true))
        log.info({ event: 'certificate-files.unchanged', certFile }, 'the certificate files are as they were')
    },

    expiresAt: () => pair.validTo,
  }

  /** Returns false if nothing has changed. `again`: log a known mistake once more. */
  function look(again = false): boolean {
    lookedAt = clock.monotonic()
    const now = identity()
    if (now === seen && wrong === undefined) return false
    seen = now
    const reading = readBetter()
    if ('pair' in reading) {
      take(reading.pair)
      return true
    }
    const { wrong: why, fix } = reading
    if (again || why !== wrong)
      log.warn(
        { event: 'certificate-files.refused', why, fix },
        'the new certificate cannot be used: the old one stays',
      )
    wrong = why
    return true
  }

  function take(taken: CertificatePair): void {
    wrong = undefined
    pair = taken
    contexts = secureContexts(pair)
    judgedOn = day(clock.now())
    const fields = {
      event: 'certificate-files.taken',
      certFile,
      names: pair.names,
      validTo: day(pair.validTo),
    }
    const warning = validityWarning(pair, clock.now())
    if (warning === undefined) log.info(fields, 'a new certificate is in use')
    else log.warn(fields, `a new certificate is in use, but it ${warning}`)
    warnOfExposedKey()
  }

  /**
   * The start refuses such a key. While running, an exposed key is better for clients than an
   * expired certificate.
   */
  function warnOfExposedKey(): void {
    const doubt = doubtOfFile(keyFile, { isPublic: false, isForeign: true })
    if (doubt !== undefined)
      log.warn(
        { event: 'certificate-files.exposed', fix: doubt.fix.message },
        `the key in ${keyFile} ${doubt.problem.message}`,
      )
  }

  /** A process can run longer than its certificate is valid. */
  function warnOnceADay(): void {
    const today = day(clock.now())
    if (today === judgedOn) return
    judgedOn = today
    const warning = validityWarning(pair, clock.now())
    if (warning !== undefined)
      log.warn({ event: 'certificate-files.ending', certFile }, `the certificate for clients ${warning}`)
  }

  function identity(): string {
    return [certFile, keyFile].map(fileIdentity).join(' ')
  }

  /** A new pair that clients would refuse does not replace one that they accept. */
  function readBetter(): Reading {
    const reading = read()
    if ('wrong' in reading || whyNotValid(pair, clock.now()) !== undefined) return reading
    const refused = whyNotValid(reading.pair, clock.now())
    if (refused === undefined) return reading
    return {
      wrong: `The certificate in ${certFile} ${refused}`,
      fix: 'Look at the clock of this machine. If it is right, renew the certificate, or put back the one before; one that begins later is taken then.',
    }
  }

  function read(): Reading {
    const [cert, key] = [readText(certFile), readText(keyFile)]
    const unread = [cert, key].find((text) => 'why' in text)
    if ('why' in cert || 'why' in key) {
      return {
        wrong: unread?.why ?? '',
        fix: 'Both files have to be there, and readable for the user that runs postern.',
      }
    }
    const reading = readCertificatePair(cert.text, key.text)
    if ('pair' in reading) return reading
    const wrong = reading.mistakes.map(sentence).join('; ')
    return { wrong, fix: 'Write certificate and key again; postern looks at them at the next handshake.' }
  }

  function sentence({ of, must }: PairMistake): string {
    return of === 'cert' ? `The certificate file ${certFile} ${must}` : `The key file ${keyFile} ${must}`
  }
}

function fileIdentity(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true })
    return `${dev}:${ino}:${size}:${mtimeNs}`
  } catch (error) {
    return whyUnreadable(error)
  }
}

function readText(path: string): { text: string } | { why: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { why: `${path} cannot be read: ${whyUnreadable(error)}` }
  }
}

/** Returns the TLS context for a handshake. `oldTls`: with TLS 1.0 and 1.1 for old devices. */
type ContextFor = (use: { oldTls: boolean }) => SecureContext

// OpenSSL 3 refuses the signatures of TLS 1.0 and 1.1 (MD5 and SHA-1) above its security level 0.
// The suites of TLS 1.3 have to be listed again: a list without them disables TLS 1.3.
const ciphersForOld = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'DEFAULT@SECLEVEL=0',
].join(':')

// A client could renegotiate without end. No client needs it: TLS 1.3 has no renegotiation (RFC
// 8446, section 4.1.2).
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION

/**
 * TLS 1.2 and newer (RFC 8996), unless the listener allows older versions.
 * @throws the error of OpenSSL for a pair that it cannot use
 */
export function secureContexts({ cert, key }: { cert: string; key: string }): ContextFor {
  const modern = createSecureContext({ cert, key, secureOptions, minVersion: 'TLSv1.2' })
  let old: SecureContext | undefined
  return ({ oldTls }) => {
    if (!oldTls) return modern
    old ??= createSecureContext({ cert, key, secureOptions, minVersion: 'TLSv1', ciphers: ciphersForOld })
    return old
  }
}
