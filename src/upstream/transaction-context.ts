import type { Limits } from '../config/config.ts'
import type { Provider } from '../providers/provider.ts'
import type { ChunkRefusals } from './chunk-refusals.ts'

/** What a transaction needs to know of its surroundings. */
export interface TransactionContext {
  host: string
  limits: Pick<Limits, 'upstreamReplySeconds' | 'upstreamDataStartSeconds' | 'upstreamAfterDotSeconds'>
  chunking: Provider['chunking']
  withoutChunking: ChunkRefusals
}

/** Called right before the end of the message leaves, for then nobody can take it back. @throws Failure `invalid` when its client has gone */
export type Commit = () => void
