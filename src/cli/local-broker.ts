import { Failure } from '../base/failure.ts'
import type { ApiKeys, Logins, Mailboxes } from '../mailboxes/services.ts'
import type { Broker } from './broker.ts'

export interface LocalServices {
  mailboxes: Mailboxes
  logins: Logins
  apiKeys: ApiKeys
  close(): Promise<void>
}

/** The store itself, while no postern runs. Consents and tokens need the running one. */
export function createLocalBroker(services: LocalServices): Broker {
  return { ...services, createConsentLink: notRunning, token: notRunning }
}

async function notRunning(): Promise<never> {
  throw new Failure('store-unavailable', 'postern is not running, and this needs the running one', {
    fix: 'Start it with "postern serve" (or: npm start), then try again.',
  })
}
