import { asFailure, type Failure } from '../base/failure.ts'

/**
 * There is no access token, so nothing was opened. The token broker knows when to ask again, so it says nothing about the provider's
 * SMTP side. Never leaves this folder.
 */
export class NoToken extends Error {
  readonly failure: Failure

  constructor(error: unknown) {
    super('There is no access token')
    this.name = 'NoToken'
    this.failure = asFailure(error)
  }
}
