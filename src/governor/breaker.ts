import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Pause } from './governor.ts'

/** What is not tried for a while, and by whom it is found out whether that is over. */
export interface Breaker {
  /** Why nothing may be tried now; a probe under way is a reason, too. */
  obstacle(): Tripped | undefined
  /** May be called where there is no obstacle. True: this try is the probe, which ends by `trip`, `succeed` or `release`. */
  enter(): boolean
  /** The wait begins, or begins again: twice as long when the probe itself brought it. */
  trip(trouble: Trouble): void
  succeed(): void
  /** The probe has ended without an answer: the next try is the probe. */
  release(): void
  /** How long nothing at all is tried, in milliseconds. */
  remaining(): number
  state(): Tripped | undefined
}

export interface Trouble {
  about: Pause['about']
  sender?: string
  seconds: number
  code: 'limit-reached' | 'provider-setup'
  reason: string
  fix: string
}

export interface Tripped extends Trouble {
  /** Milliseconds since 1970, for people. */
  since: number
  until: number
}

/** No wait becomes longer than this by being repeated, in seconds. */
const longestSeconds = 3600

export function createBreaker(clock: Clock, log: Log): Breaker {
  let tripped: Tripped | undefined
  /** On the monotonic clock. */
  let due = 0
  let seconds = 0
  let probing = false

  function over(): void {
    if (tripped) log.info({ about: tripped.about, ...senderOf(tripped) }, 'sending goes on')
    tripped = undefined
    probing = false
    seconds = 0
  }

  return {
    obstacle: () => (tripped && (probing || clock.monotonic() < due) ? tripped : undefined),
    enter() {
      if (!tripped) return false
      probing = true
      return true
    },
    trip(trouble) {
      // Transactions that were under way already, and found out the same.
      if (tripped && !probing && clock.monotonic() < due) return
      const longer = probing ? seconds * 2 : 0
      seconds = Math.max(trouble.seconds, Math.min(longestSeconds, longer))
      probing = false
      due = clock.monotonic() + seconds * 1000
      const since = tripped?.since ?? clock.now()
      tripped = { ...trouble, since, until: clock.now() + seconds * 1000 }
      const { about, reason, fix } = trouble
      log.warn({ about, ...senderOf(trouble), reason, seconds, fix }, 'nothing is sent for a while')
    },
    succeed: over,
    release() {
      probing = false
    },
    remaining: () => (tripped ? Math.max(0, Math.ceil(due - clock.monotonic())) : 0),
    state: () => tripped,
  }
}

function senderOf({ sender }: Trouble): { sender?: string } {
  return sender === undefined ? {} : { sender }
}
