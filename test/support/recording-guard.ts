import { Failure } from '../../src/base/failure.ts'
import type { Attempt, Guard } from '../../src/guessing/guard.ts'

/** Lets everybody try and notes what it was told; a source in `turnedAway` may not try, unless it is known. */
export function createRecordingGuard() {
  const calls: {
    asked: Attempt[]
    failed: Attempt[]
    harmless: Attempt[]
    refused: string[]
    secrets: string[]
  } = {
    asked: [],
    failed: [],
    harmless: [],
    refused: [],
    secrets: [],
  }
  const turnedAway = new Set<string>()
  const tooMany = () => new Failure('limit-reached', 'Too many', { retryAfterSeconds: 60 })
  const guard: Guard = {
    async admit(attempt) {
      calls.asked.push(attempt)
      if (!attempt.known && turnedAway.has(attempt.source)) throw tooMany()
    },
    async failed(attempt, secret) {
      if (secret === undefined) calls.harmless.push(attempt)
      else {
        calls.failed.push(attempt)
        calls.secrets.push(secret.reveal())
      }
      if (turnedAway.has(attempt.source)) throw tooMany()
    },
    refused(source, secret) {
      calls.refused.push(source)
      calls.secrets.push(secret.reveal())
      if (turnedAway.has(source)) throw tooMany()
    },
  }
  return { ...calls, guard, turnedAway }
}
