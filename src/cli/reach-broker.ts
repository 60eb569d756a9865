import { Failure } from '../base/failure.ts'
import type { Config, SmtpListener } from '../config/config.ts'
import { requireStore } from '../store/data-dir.ts'
import type { Broker, RunningBroker } from './broker.ts'
import { findRunning } from './find-running.ts'
import { createRemoteBroker } from './remote-broker.ts'

export interface Reached<B extends Broker> {
  broker: B
  /** Where applications hand in their mail. */
  smtp: readonly SmtpListener[]
}

/**
 * The running postern, or its store where none runs.
 * @param warn told what a killed postern left behind
 * @param mayBegin a store may be made, in a data directory that is there
 * @throws Failure `configuration` when there is none of these, or the data directory cannot be used
 */
export async function reachBroker(
  config: Config,
  openServices: (config: Config) => Promise<Broker>,
  warn: (warnings: readonly string[]) => void,
  mayBegin: boolean,
): Promise<Reached<Broker>> {
  const search = await findRunning(config.dataDir)
  if (search.state === 'found') {
    return { broker: createRemoteBroker(search.address), smtp: search.running.smtp }
  }
  await requireStore(config.dataDir, mayBegin)
  const broker = await openServices(config)
  // Told only now: where the store is in use, that says more.
  if (search.state === 'left-behind') warn([`${search.found}. This was done in its store itself.`])
  return { broker, smtp: config.smtpListen }
}

/** @throws Failure `configuration` where none ever ran, `store-unavailable` when none runs; nothing is made or opened then */
export async function reachRunningBroker({ dataDir }: Config): Promise<Reached<RunningBroker>> {
  const search = await findRunning(dataDir)
  if (search.state === 'found') {
    return { broker: createRemoteBroker(search.address), smtp: search.running.smtp }
  }
  await requireStore(dataDir)
  const fix = 'Start it with "postern serve" (or: npm start), or name its data directory in POSTERN_DATA_DIR.'
  if (search.state === 'none') {
    throw new Failure(
      'store-unavailable',
      `No postern is running on the data directory ${dataDir}, and this needs one`,
      { fix },
    )
  }
  throw new Failure('store-unavailable', `${search.found}; this needs a running one`, {
    fix: `${fix} One that runs, but is older than this command, has to be restarted.`,
  })
}
