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

/** How a connection begins, and when it becomes encrypted. */
export interface ClientOpening {
  /** Before the greeting. `over`: nothing can be said to the client, or only this. */
  begin(): Promise<'plain' | 'encrypted' | { over: Reply | undefined }>
  /** The handshake behind STARTTLS. False when it failed, which the log explains. */
  startTls(): Promise<boolean>
  /** Whether TLS can be asked for. */
  offersTls: boolean
  /** Told of the first input behind an unencrypted greeting. Whether it is TLS, which the log explains then; undefined when it is too short to tell. */
  isLateTls(octets: Buffer): boolean | undefined
}

export interface ClientOpeningOptions {
  client: ClientSocket
  listener: SmtpListener
  loopback: boolean
  certificates: Pick<Certificates, 'contextFor'> | undefined
  limits: Pick<Limits, 'greetingWaitMilliseconds'>
  /** Made when there is something to say. */
  log: () => Log
  /** Why TLS did not come about. */
  trouble: (trouble: object, message: string) => void
}

export function createClientOpening(options: ClientOpeningOptions): ClientOpening {
  const { client, listener, loopback, log, trouble } = options
  const certificates = listener.tls === 'none' ? undefined : options.certificates

  return {
    offersTls: certificates !== undefined,
    startTls: () => shakeHands('starttls'),

    async begin() {
      if (listener.tls === 'implicit') return beginImplicit()
      // A message from this machine is not made to wait for what cannot come.
      if (certificates === undefined && loopback) return 'plain'
      const isKnown = (octets: Buffer) => beginningOf(octets) !== 'unknown'
      const first = await client.peek(options.limits.greetingWaitMilliseconds, isKnown)
      const beginning = beginningOf(first)
      if (beginning === 'tls' || beginning === 'old-hello') return beginWithTls(beginning)
      // What a program on this machine sends at once is served in order.
      if (first.length === 0 || loopback) return 'plain'
      const advice = isProxyHeader(first) ? { fix: proxyAdvice } : {}
      trouble(advice, 'a client that did not wait for the greeting was refused')
      return { over: foreignText(first) ?? replies.tooEarly }
    },

    isLateTls(octets) {
      const beginning = beginningOf(octets)
      if (beginning === 'unknown') return undefined
      // The first version of the protocol is a line that can be read, and is refused as such.
      if (octets[0] === carriageReturn && isProxyHeader(octets))
        trouble({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
      if (beginning === 'text') return false
      trouble({ fix: certificates === undefined ? needsCertificate : tooLate }, 'a client speaks TLS here')
      return true
    },
  }

  async function beginImplicit(): Promise<'encrypted' | typeof silence> {
    const isEnough = ({ length }: Buffer) => length >= enoughOctets
    const first = await client.peek(options.limits.greetingWaitMilliseconds, isEnough)
    if (!isProxyHeader(first)) return (await shakeHands('implicit')) ? 'encrypted' : silence
    trouble({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
    return silence
  }

  async function beginWithTls(beginning: 'tls' | 'old-hello'): Promise<'encrypted' | typeof silence> {
    if (certificates !== undefined && beginning === 'tls') {
      return (await shakeHands('recognised')) ? 'encrypted' : silence
    }
    const fix = certificates === undefined ? needsCertificate : tooOld
    trouble({ fix }, 'a client began with TLS that is not spoken here')
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
    trouble({ why, fix }, 'TLS with a client failed')
  }
}

const carriageReturn = 0x0d

const silence = { over: undefined }

const needsCertificate =
  'Name a certificate in POSTERN_TLS_CERT_FILE ("postern tls make" makes one), or switch TLS off in the client.'
const tooLate =
  'It waited for longer than POSTERN_GREETING_WAIT_MILLISECONDS before it began: choose STARTTLS in the client, or give it an address of POSTERN_SMTPS_LISTEN.'
const tooOld = 'Its hello is that of SSL 2, which nobody speaks any more (RFC 6176): update the client.'
