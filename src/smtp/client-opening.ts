import type { Log } from '../base/log.ts'
import type { Limits, SmtpListener } from '../config/config.ts'
import type { Certificates } from '../tls/certificates.ts'
import {
  explainHandshake,
  explainSlowHandshake,
  type HandshakeCause,
  type HandshakeTrouble,
} from '../tls/handshake-trouble.ts'
import type { Reply } from '../wire/reply.ts'
import type { ClientSocket } from './client-socket.ts'
import { beginningOf, enoughOctets, foreignText } from './foreign-protocols.ts'
import { isProxyHeader, proxyAdvice } from './proxy-header.ts'
import { replies } from './replies.ts'

/** The beginning of a connection, and its change to TLS. */
export interface ClientOpening {
  /** Runs before the greeting. `over`: the last reply before the connection is closed, if any. */
  begin(): Promise<'plain' | 'encrypted' | { over: Reply | undefined }>
  /** The handshake behind STARTTLS. False when it failed; the log has the reason. */
  startTls(): Promise<boolean>
  /** Whether STARTTLS is available. */
  offersTls: boolean
  /**
   * Inspects the first input behind an unencrypted greeting. True when it is TLS, which is logged;
   * undefined when it is too short to tell.
   */
  isLateTls(octets: Buffer): boolean | undefined
}

export interface ClientOpeningDeps {
  client: ClientSocket
  listener: SmtpListener
  loopback: boolean
  certificates: Pick<Certificates, 'contextFor'> | undefined
  limits: Pick<Limits, 'greetingWaitMilliseconds'>
  /** Creates the child log on demand. */
  log: () => Log
  /** Logs why the connection was refused or TLS failed. */
  logRefusal: (about: object, message: string) => void
}

export function createClientOpening(deps: ClientOpeningDeps): ClientOpening {
  const { client, listener, loopback, log, logRefusal } = deps
  const certificates = listener.tls === 'none' ? undefined : deps.certificates

  return {
    offersTls: certificates !== undefined,
    startTls: () => shakeHands('starttls'),

    async begin() {
      if (listener.tls === 'implicit') return beginImplicit()
      // Clients on this machine cannot begin with TLS here, so their greeting is not delayed.
      if (certificates === undefined && loopback) return 'plain'
      const isKnown = (octets: Buffer) => beginningOf(octets) !== 'unknown'
      const first = await client.peek(deps.limits.greetingWaitMilliseconds, isKnown)
      const beginning = beginningOf(first)
      if (beginning === 'tls' || beginning === 'old-hello') return beginWithTls(beginning)
      // Clients on this machine may speak before the greeting; their input is served in order.
      if (first.length === 0 || loopback) return 'plain'
      const advice = isProxyHeader(first) ? { fix: proxyAdvice } : {}
      logRefusal(advice, 'a client that did not wait for the greeting was refused')
      return { over: foreignText(first) ?? replies.tooEarly }
    },

    isLateTls(octets) {
      const beginning = beginningOf(octets)
      if (beginning === 'unknown') return undefined
      // Version 1 of the PROXY protocol is a text line, which the session refuses as such.
      if (octets[0] === carriageReturn && isProxyHeader(octets))
        logRefusal({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
      if (beginning === 'text') return false
      logRefusal({ fix: certificates === undefined ? needsCertificate : tooLate }, 'a client speaks TLS here')
      return true
    },
  }

  async function beginImplicit(): Promise<'encrypted' | typeof silence> {
    const isEnough = ({ length }: Buffer) => length >= enoughOctets
    const first = await client.peek(deps.limits.greetingWaitMilliseconds, isEnough)
    if (!isProxyHeader(first)) return (await shakeHands('implicit')) ? 'encrypted' : silence
    logRefusal({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
    return silence
  }

  async function beginWithTls(beginning: 'tls' | 'old-hello'): Promise<'encrypted' | typeof silence> {
    if (certificates !== undefined && beginning === 'tls') {
      return (await shakeHands('recognised')) ? 'encrypted' : silence
    }
    const fix = certificates === undefined ? needsCertificate : tooOld
    logRefusal({ fix }, 'a client began with TLS that is not spoken here')
    return silence
  }

  async function shakeHands(cause: HandshakeCause): Promise<boolean> {
    if (certificates === undefined) return false
    const handshake = await client.startTls(certificates.contextFor(listener))
    switch (handshake.kind) {
      case 'done':
        log().debug({ protocol: handshake.protocol, cipher: handshake.cipher }, 'TLS is on')
        return true
      case 'failed':
        failed(explainHandshake(handshake.error, cause))
        return false
      case 'timed-out':
        failed(explainSlowHandshake(cause))
        return false
      case 'interrupted':
        return false
    }
  }

  function failed({ why, fix }: HandshakeTrouble): void {
    logRefusal({ why, fix }, 'TLS with a client failed')
  }
}

const carriageReturn = 0x0d

const silence = { over: undefined }

const needsCertificate =
  'Name a certificate in POSTERN_TLS_CERT_FILE ("postern tls make" makes one), or switch TLS off in the client.'
const tooLate =
  'It waited for longer than POSTERN_GREETING_WAIT_MILLISECONDS before it began: choose STARTTLS in the client, or give it an address of POSTERN_SMTPS_LISTEN.'
const tooOld = 'Its hello is that of SSL 2, which nobody speaks any more (RFC 6176): update the client.'
