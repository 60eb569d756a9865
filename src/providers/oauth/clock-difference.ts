import { OAuthError } from './oauth-error.ts'

/** What providers forgive, who look at the times in assertions and ID tokens. */
const forgivenMilliseconds = 120_000

/** What the provider's answers say of the clock of this machine (RFC 9110, section 6.6.1). */
export interface ClockDifference {
  note(answer: Response): void
  /** The same error, with what is wrong with the clock in front of it, where it may come of that. */
  explain(error: Error): Error
}

export function createClockDifference(clock: { now(): number }): ClockDifference {
  /** How far the clock of this machine is ahead, in milliseconds. */
  let ahead = 0

  return {
    note({ headers }) {
      const date = Date.parse(headers.get('date') ?? '')
      if (!Number.isNaN(date)) ahead = clock.now() - date
    },
    explain(error) {
      if (Math.abs(ahead) < forgivenMilliseconds || !mayBeOfTime(error)) return error
      const words = `the clock of this machine is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} that of the provider: ${error.message}`
      return error instanceof OAuthError ? new OAuthError(words, error) : new Error(words)
    },
  }
}

/** A refusal, or an ID token that is not taken; trouble on the way is told as what it is. */
function mayBeOfTime(error: Error): boolean {
  if (error instanceof OAuthError) return error.status !== undefined && error.status < 500 && error.explained
  return error.constructor === Error
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
