import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { createProviderSide, type ProviderSide, type ProviderSideOptions } from './provider-side.ts'
import { createTransactionLog, type TransactionLog } from './transaction-log.ts'

/** What one sign-in or one transaction needs while it lasts. Most clients are silent, and have none. */
export interface Work {
  record: TransactionLog
  providerSide: ProviderSide
}

export function createWork({
  log,
  clock,
  ...deps
}: Omit<ProviderSideOptions, 'record'> & { log: Log; clock: Clock }): Work {
  const record = createTransactionLog(log, clock, deps.client)
  return { record, providerSide: createProviderSide({ ...deps, record }) }
}
