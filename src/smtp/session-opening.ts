import type { Limits } from '../config/config.ts'
import { type MechanismOffers, offeredMechanisms } from '../sasl/client-mechanisms.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'
import { replies } from './replies.ts'
import { messageLimit } from './session-envelope.ts'
import { type Answer, bad } from './session-events.ts'

/** EHLO and STARTTLS: what stands before everything else. */
interface Opening {
  hello(verb: 'EHLO' | 'HELO'): Reply
  startTls(): Answer
  /** TLS is on: the client has to say EHLO again (RFC 3207, section 4.2). */
  encrypted(): void
  /** Why neither AUTH nor MAIL may come yet; undefined when they may. */
  missing(forWhat: 'AUTH' | 'MAIL'): Reply | undefined
}

interface OpeningOptions {
  hostname: string
  limits: Pick<Limits, 'messageOctets'>
  offered: () => RelayCapabilities
  offers: () => MechanismOffers
  startTls: boolean
  encrypted: boolean
  plainAuth: boolean
}

export function createOpening({ hostname, limits, offered, offers, ...options }: OpeningOptions): Opening {
  let { encrypted } = options
  let greeted = false

  return {
    hello(verb) {
      greeted = true
      return verb === 'EHLO' ? capabilities() : say(250, hostname)
    },

    startTls() {
      if (encrypted) return bad(replies.tlsAlready)
      if (!options.startTls) return bad(replies.tlsNotHere)
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

  function capabilities(): Reply {
    return describeCapabilities(hostname, offered(), {
      size: messageLimit(limits, offered()),
      startTls: options.startTls && !encrypted,
      mechanisms: mayAuth() ? offeredMechanisms(offers()).map(({ name }) => name) : [],
    })
  }

  function mayAuth(): boolean {
    return encrypted || options.plainAuth
  }
}

/**
 * The reply to EHLO. Ours, not a provider's: what we implement, without what a provider in use cannot do. CHUNKING is never
 * in it: no legacy client needs it.
 */
function describeCapabilities(
  hostname: string,
  offered: RelayCapabilities,
  here: { size: number | undefined; startTls: boolean; mechanisms: readonly string[] },
): Reply {
  const keywords = [
    here.size === undefined ? 'SIZE' : `SIZE ${here.size}`,
    offered.eightBitMime && '8BITMIME',
    offered.smtpUtf8 && 'SMTPUTF8',
    offered.dsn && 'DSN',
    offered.enhancedStatusCodes && 'ENHANCEDSTATUSCODES',
    here.startTls && 'STARTTLS',
    here.mechanisms.length > 0 && `AUTH ${here.mechanisms.join(' ')}`,
    // Always there, and so never is AUTH the last: some devices look for `250-AUTH`, and see no `250 AUTH`.
    'PIPELINING',
  ]
  return say(250, hostname, ...keywords.filter((keyword) => keyword !== false))
}
