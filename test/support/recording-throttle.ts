import type { LoginAttempt, LoginThrottle } from '../../src/credentials/login-throttle.ts'
import { failureAs } from './made-failure.ts'

type Asked = Pick<LoginAttempt, 'source' | 'name' | 'known'>

/** Lets everybody try and notes what it was told; a source in `blocked` may not try, unless it is known. */
export function createRecordingThrottle() {
  const calls: {
    asked: Asked[]
    failed: Asked[]
    harmless: Asked[]
    refused: string[]
    secrets: string[]
  } = {
    asked: [],
    failed: [],
    harmless: [],
    refused: [],
    secrets: [],
  }
  const blocked = new Set<string>()
  const tooMany = () => failureAs('limit-reached', 'Too many', { retryAfterSeconds: 60 })
  const throttle: LoginThrottle = {
    async attempt({ source, name, known, secret }, look) {
      const asked = { source, name, known }
      calls.asked.push(asked)
      if (!known && blocked.has(source)) throw tooMany()
      const seen = await look()
      if (seen === 'right') return true
      if (seen === 'harmless') calls.harmless.push(asked)
      else {
        calls.failed.push(asked)
        calls.secrets.push(secret.reveal())
      }
      if (blocked.has(source)) throw tooMany()
      return false
    },
    refused(source, secret) {
      calls.refused.push(source)
      calls.secrets.push(secret.reveal())
      if (blocked.has(source)) throw tooMany()
    },
  }
  return { ...calls, throttle, blocked }
}
