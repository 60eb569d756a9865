import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import type { Governor, Governors, Passage } from './governor.ts'

export interface GovernorNeeds {
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

/** The provider's cap on connections, and nothing else yet. */
export function createGovernors(_needs: GovernorNeeds): Governors {
  const passage: Passage = { reserve() {}, heard: () => false, end() {} }
  return {
    async of(_mailbox, provider): Promise<Governor> {
      return {
        connections: () => provider().limits.connections,
        delay: () => 0,
        departed() {},
        admit: () => passage,
        openings: { obstacle: () => undefined, probing: () => false, succeeded() {}, failed() {} },
        reset() {},
        state: () => {
          const { connections } = provider().limits
          return {
            connections: { allowed: connections, limit: connections },
            messagesLastMinute: 0,
            recipientsLastDay: 0,
            pauses: [],
          }
        },
      }
    },
    async close() {},
  }
}
