import type { Limits } from '../config/config.ts'
import { type EnabledMechanisms, mechanismsFor } from '../sasl/client-mechanisms.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'
import { replies } from './replies.ts'
import { messageLimit } from './session-envelope.ts'
import { type Answer, bad } from './session-events.ts'

interface SessionOpeningDeps {
  hostname: string
  limits: Pick<Limits, 'messageOctets'>
  capabilities: () => RelayCapabilities
  authMethods: () => EnabledMechanisms
  startTls: boolean
  encrypted: boolean
  plainAuth: boolean
}

/** EHLO and STARTTLS, which come before everything else. */
export class SessionOpening {
  readonly #deps: SessionOpeningDeps
  #encrypted: boolean
  #greeted = false

  constructor(deps: SessionOpeningDeps) {
    this.#deps = deps
    this.#encrypted = deps.encrypted
  }

  hello(verb: 'EHLO' | 'HELO'): Reply {
    this.#greeted = true
    return verb === 'EHLO' ? this.#ehloReply() : say(250, this.#deps.hostname)
  }

  startTls(): Answer {
    if (this.#encrypted) return bad(replies.tlsAlready)
    if (!this.#deps.startTls) return bad(replies.tlsNotHere)
    return { replies: [replies.readyForTls], next: { do: 'start-tls' } }
  }

  /** TLS is on: the client has to send EHLO again (RFC 3207, section 4.2). */
  encrypted(): void {
    this.#encrypted = true
    this.#greeted = false
  }

  /** The reply to AUTH or MAIL when it is not allowed yet; undefined when it is. */
  missing(forWhat: 'AUTH' | 'MAIL'): Reply | undefined {
    if (forWhat === 'AUTH' && !this.#mayAuth()) return replies.startTlsFirst
    return this.#greeted ? undefined : replies.helloFirst
  }

  #ehloReply(): Reply {
    const { hostname, limits, capabilities, authMethods, startTls } = this.#deps
    return describeCapabilities(hostname, capabilities(), {
      size: messageLimit(limits, capabilities()),
      startTls: startTls && !this.#encrypted,
      mechanisms: this.#mayAuth() ? mechanismsFor(authMethods()).map(({ name }) => name) : [],
    })
  }

  #mayAuth(): boolean {
    return this.#encrypted || this.#deps.plainAuth
  }
}

/**
 * The reply to EHLO: what postern implements, without what a configured provider cannot do.
 * CHUNKING is never in it, because no legacy client needs it.
 */
function describeCapabilities(
  hostname: string,
  capabilities: RelayCapabilities,
  here: { size: number | undefined; startTls: boolean; mechanisms: readonly string[] },
): Reply {
  const keywords = [
    here.size === undefined ? 'SIZE' : `SIZE ${here.size}`,
    capabilities.eightBitMime && '8BITMIME',
    capabilities.smtpUtf8 && 'SMTPUTF8',
    capabilities.dsn && 'DSN',
    capabilities.enhancedStatusCodes && 'ENHANCEDSTATUSCODES',
    here.startTls && 'STARTTLS',
    here.mechanisms.length > 0 && `AUTH ${here.mechanisms.join(' ')}`,
    // Always last, so that AUTH is not: some devices look for `250-AUTH` and do not find `250
    // AUTH`.
    'PIPELINING',
  ]
  return say(250, hostname, ...keywords.filter((keyword) => keyword !== false))
}
