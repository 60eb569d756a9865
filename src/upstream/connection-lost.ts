import { asFailure, Failure } from '../base/failure.ts'

/** Why a connection ended. `closed`: by the other side or the network; `destroyed`: by us. */
export type Ending = 'closed' | 'timed-out' | 'protocol' | 'destroyed'

/** A provider's connection is gone, and with it every reply that was awaited. Never leaves this folder: see `lossAsFailure`. */
export class ConnectionLost extends Error {
  readonly ending: Ending

  constructor(ending: Ending, message: string) {
    super(message)
    this.name = 'ConnectionLost'
    this.ending = ending
  }
}

/** What a lost connection means while nothing is committed: passing trouble. Other errors stay what they are. */
export function lossAsFailure(error: unknown, host: string): Failure {
  if (!(error instanceof ConnectionLost)) return asFailure(error)
  return new Failure('provider-unavailable', `The connection to ${host} failed: ${error.message}`, {
    cause: error,
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  })
}
