import { asFailure, type Failure } from '../base/failure.ts'
import type { OpeningStage } from '../governor/governor.ts'

/**
 * No connection was opened and signed in. `token`: there is none, so nothing was opened, and the token broker knows when to ask again. `connection`: the
 * server takes no connection of ours, whoever it is for. `sign-in`: it does not let this mailbox in. Never leaves this folder.
 */
export class OpeningFailed extends Error {
  readonly failure: Failure
  readonly stage: OpeningStage

  constructor(error: unknown, stage: OpeningStage) {
    super('No connection was opened')
    this.name = 'OpeningFailed'
    this.failure = asFailure(error)
    this.stage = stage
  }
}
