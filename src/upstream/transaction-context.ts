import type { Limits } from '../config/config.ts'

/** What a transaction needs to know of its surroundings. */
export interface TransactionContext {
  host: string
  limits: Pick<Limits, 'upstreamReplySeconds' | 'upstreamDataStartSeconds' | 'upstreamAfterDotSeconds'>
  /** Hosts that offer CHUNKING and turn BDAT away: they get DATA. */
  withoutChunking: Set<string>
}
