import type { Limits } from '../config/config.ts'
import { type EnabledMechanisms, mechanismsFor } from '../sasl/client-mechanisms.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'
import { replies } from './replies.ts'
import { messageLimit } from './session-envelope.ts'
import { type Answer, bad } from './session-events.ts'

/** EHLO and STARTTLS, which come before everything else. */
interface Opening {
  hello(verb: 'EHLO' | 'HELO'): Reply
  startTls(): Answer
  /** TLS is on: the client has to send EHLO again (RFC 3207, section 4.2). */
  encrypted(): void
  /** The reply to AUTH or MAIL when it is not allowed yet; undefined when it is. */
  missing(forWhat: 'AUTH' | 'MAIL'): Reply | undefined
}

interface OpeningDeps {
  hostname: string
  limits: Pick<Limits, 'messageOctets'>
  capabilities: () => RelayCapabilities
  authMethods: () => EnabledMechanisms
  startTls: boolean
  encrypted: boolean
  plainAuth: boolean
}

export function createOpening({
  hostname,
  limits,
  capabilities,
  authMethods,
  ...deps
}: OpeningDeps): Opening {
  let { encrypted } = deps
  let greeted = false

  return {
    hello(verb) {
      greeted = true
      return verb === 'EHLO' ? ehloReply() : say(250, hostname)
    },

    startTls() {
      if (encrypted) return bad(replies.tlsAlready)
      if (!deps.startTls) return bad(replies.tlsNotHere)
      return { replies: [replies.readyForTls], next: { do: 'start-tls' } }
    },

    encrypted() {
      encrypted = true
      greeted = false
    },

    missing(forWhat) {
      if (forWhat === 'AUTH' && !mayAuth()) return replies.startTlsFirst
      return greeted ? undefined : replies.helloFirst
    },
  }

  function ehloReply(): Reply {
    return describeCapabilities(hostname, capabilities(), {
      size: messageLimit(limits, capabilities()),
      startTls: deps.startTls && !encrypted,
      mechanisms: mayAuth() ? mechanismsFor(authMethods()).map(({ name }) => name) : [],
    })
  }

  function mayAuth(): boolean {
    return encrypted || deps.plainAuth
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
