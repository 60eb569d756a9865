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
