import { Failure } from '../base/failure.ts'
import type { Config, SmtpListener } from '../config/config.ts'
import { readOwnerKey } from '../store/owner-key.ts'
import type { Broker, RunningBroker } from './broker.ts'
import { createRemoteBroker } from './remote-broker.ts'
import { findRunning } from './running-file.ts'

export interface Reached<B extends Broker> {
  broker: B
  /** Where applications hand in their mail. */
  smtp: readonly SmtpListener[]
}

/**
 * The running postern, or its store where none runs.
 * @throws Failure `configuration` when the data directory cannot be used
 */
export async function reachBroker(
  config: Config,
  openServices: (config: Config) => Promise<Broker>,
): Promise<Reached<Broker>> {
  const running = await reachRunning(config)
  return running ?? { broker: await openServices(config), smtp: config.smtpListen }
}

/** @throws Failure `store-unavailable` when none runs; nothing is made or opened then */
export async function reachRunningBroker(config: Config): Promise<Reached<RunningBroker>> {
  const running = await reachRunning(config)
  if (running) return running
  throw new Failure(
    'store-unavailable',
    `No postern is running on the data directory ${config.dataDir}, and this needs one`,
    { fix: 'Start it with "postern serve" (or: npm start), or name its data directory in POSTERN_DATA_DIR.' },
  )
}

async function reachRunning(config: Config): Promise<Reached<RunningBroker> | undefined> {
  const running = await findRunning(config.dataDir)
  if (!running) return undefined
  const ownerKey = await readOwnerKey(config.dataDir)
  return { broker: createRemoteBroker({ endpoint: running.answering, ownerKey }), smtp: running.smtp }
}
