import type { Offered } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'

/**
 * The reply to EHLO. Ours, not a provider's: what we implement, without what a provider in use cannot do. CHUNKING is never
 * in it: no legacy client needs it.
 */
export function describeCapabilities(
  hostname: string,
  offered: Offered,
  here: { size: number | undefined; startTls: boolean; mechanisms: readonly string[] },
): Reply {
  const keywords = [
    'PIPELINING',
    here.size === undefined ? 'SIZE' : `SIZE ${here.size}`,
    offered.eightBitMime && '8BITMIME',
    offered.smtpUtf8 && 'SMTPUTF8',
    offered.dsn && 'DSN',
    offered.enhancedStatusCodes && 'ENHANCEDSTATUSCODES',
    here.startTls && 'STARTTLS',
    here.mechanisms.length > 0 && `AUTH ${here.mechanisms.join(' ')}`,
  ]
  return say(250, hostname, ...keywords.filter((keyword) => keyword !== false))
}
