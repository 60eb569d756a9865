import type { Log } from '../base/log.ts'
import type { Limits, SmtpListener } from '../config/config.ts'
import type { Certificates } from '../tls/certificates.ts'
import {
  explainHandshake,
  explainSlowHandshake,
  type HandshakeCause,
  type HandshakeTrouble,
} from '../tls/handshake-trouble.ts'
import type { ClientSocket } from './client-socket.ts'

/** How a connection begins, and when it becomes encrypted. */
export interface ClientOpening {
  /** Before the greeting. `too-early`: the client did not wait for it. `over`: nothing can be said to it. */
  begin(): Promise<'plain' | 'encrypted' | 'too-early' | 'over'>
  /** The handshake behind STARTTLS. False when it failed, which the log explains. */
  startTls(): Promise<boolean>
  /** Whether TLS can be asked for. */
  offersTls: boolean
  /** Told of the first input behind an unencrypted greeting. True when it is TLS, which the log explains. */
  isLateTls(octets: Buffer): boolean
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
      if (listener.tls === 'implicit') return (await shakeHands('implicit')) ? 'encrypted' : 'over'
      // A message from this machine is not made to wait for what cannot come.
      if (certificates === undefined && loopback) return 'plain'
      const first = await client.peek(options.limits.greetingWaitMilliseconds)
      if (first === undefined) return 'plain'
      if (isTls(first)) return beginWithTls(first)
      // What a program on this machine sends at once is served in order.
      if (loopback) return 'plain'
      log().info({}, 'a client that did not wait for the greeting was refused')
      return 'too-early'
    },

    isLateTls(octets) {
      if (octets[0] === undefined || !isTls(octets[0])) return false
      trouble({ fix: certificates === undefined ? needsCertificate : tooLate }, 'a client speaks TLS here')
      return true
    },
  }

  async function beginWithTls(first: number): Promise<'encrypted' | 'over'> {
    if (certificates !== undefined && first === handshakeRecord) {
      return (await shakeHands('recognised')) ? 'encrypted' : 'over'
    }
    const fix = certificates === undefined ? needsCertificate : tooOld
    trouble({ fix }, 'a client began with TLS that is not spoken here')
    return 'over'
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

/** The type of a TLS record that holds a handshake (RFC 8446, section 5.1). */
const handshakeRecord = 0x16

/** A TLS record, or the hello of SSL 2, whose length has its highest bit set (RFC 5246, appendix E.2). No command begins so. */
function isTls(first: number): boolean {
  return first === handshakeRecord || first >= 0x80
}

const needsCertificate =
  'Name a certificate in POSTERN_TLS_CERT_FILE ("postern tls make" makes one), or switch TLS off in the client.'
const tooLate =
  'It waited for longer than POSTERN_GREETING_WAIT_MILLISECONDS before it began: choose STARTTLS in the client, or give it an address of POSTERN_SMTPS_LISTEN.'
const tooOld = 'Its hello is that of SSL 2, which nobody speaks any more (RFC 6176): update the client.'
