import { constants } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { Failure, whyUnreadable } from '../base/failure.ts'
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

/** The certificate of the SMTP door, as its files hold it now. */
export interface Certificates {
  /** For the next handshake. Looks at the files, at most once a second; connections that are open stay as they are. */
  contextFor: ContextFor
  /** Looks at the files at once, and says what came of it. */
  reload(): void
}

interface CertificatesDeps {
  /** Paths of PEM files. Symbolic links are followed each time, as certbot and Kubernetes exchange them. */
  certFile: string
  keyFile: string
  clock: Clock
  log: Log
}

const lookEveryMilliseconds = 1000

type Reading = { pair: CertificatePair } | { wrong: string; fix: string }

/**
 * At the start, a pair that clients refuse for its age is taken: there is no better one.
 * @throws Failure `configuration` when the files cannot be used now. Later on, the last good pair stays in use.
 */
export function createCertificates({ certFile, keyFile, clock, log }: CertificatesDeps): Certificates {
  let seen = identity()
  const first = read()
  if ('wrong' in first) throw new Failure('configuration', first.wrong, { fix: first.fix })
  let pair = first.pair
  let contexts = secureContexts(pair)
  let lookedAt = clock.monotonic()
  /** The day on which its end was last thought of: at the start, whoever reads the settings does. */
  let judgedOn = day(clock.now())
  /** What was wrong at the last look: a pair that is half-written is looked at again, and told once. */
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
      if (!look(true)) log.info({ certFile }, 'the certificate files are as they were')
    },
  }

  /** False when nothing has changed. `again`: what was wrong before is told once more. */
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
      log.warn({ why, fix }, 'the new certificate cannot be used: the old one stays')
    wrong = why
    return true
  }

  function take(taken: CertificatePair): void {
    wrong = undefined
    pair = taken
    contexts = secureContexts(pair)
    judgedOn = day(clock.now())
    const fields = { certFile, names: pair.names, validTo: day(pair.validTo) }
    const warning = validityWarning(pair, clock.now())
    if (warning === undefined) log.info(fields, 'a new certificate is in use')
    else log.warn(fields, `a new certificate is in use, but it ${warning}`)
    warnOfExposedKey()
  }

  /** The start refuses such a key. Now clients are better off with it than with one that runs out. */
  function warnOfExposedKey(): void {
    const doubt = doubtOfFile(keyFile, { isPublic: false, isForeign: true })
    if (doubt !== undefined) log.warn({ fix: doubt.fix }, `the key in ${keyFile} ${doubt.problem}`)
  }

  /** A postern that runs for years outlives its certificate. */
  function warnOnceADay(): void {
    const today = day(clock.now())
    if (today === judgedOn) return
    judgedOn = today
    const warning = validityWarning(pair, clock.now())
    if (warning !== undefined) log.warn({ certFile }, `the certificate for clients ${warning}`)
  }

  function identity(): string {
    return [certFile, keyFile].map(fileIdentity).join(' ')
  }

  /** What was renewed wrongly, or copied back by mistake, is no reason to give up one that clients accept. */
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

/** Gives what a handshake needs. `oldTls`: with TLS 1.0 and 1.1 for devices that know nothing newer. */
type ContextFor = (use: { oldTls: boolean }) => SecureContext

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
