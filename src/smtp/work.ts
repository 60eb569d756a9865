import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { createProviderSide, type ProviderSide, type ProviderSideOptions } from './provider-side.ts'
import type { RefusalLog } from './refusal-log.ts'
import { createTransactionLog, type KnownClient, type TransactionLog } from './transaction-log.ts'

export type WorkOptions = Pick<ProviderSideOptions, 'relay' | 'signIns' | 'limits'> & {
  log: Log
  clock: Clock
  refusals: RefusalLog
}

/** What one sign-in or one transaction needs while it lasts. Most clients are silent, and have none. */
export interface Work {
  record: TransactionLog
  providerSide: ProviderSide
}

/** Parts are named one by one, here and below: a spread for each transaction would cost more than all the rest of it. */
export function createWork(
  { log, clock, refusals, relay, signIns, limits }: WorkOptions,
  client: KnownClient,
  reached: Pick<ProviderSideOptions, 'proven' | 'signedIn'>,
): Work {
  const record = createTransactionLog(log, clock, client, refusals)
  const { proven, signedIn } = reached
  const options = { relay, signIns, limits, record, client, proven, signedIn }
  return { record, providerSide: createProviderSide(options) }
}
