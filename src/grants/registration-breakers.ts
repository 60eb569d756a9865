import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Pause } from '../governor/governor.ts'
import { createRegistrationBreaker, type RegistrationBreaker } from './registration-breaker.ts'

/** One breaker for each registration, made when it is first asked for. */
export interface RegistrationBreakers {
  of(providerId: string): RegistrationBreaker
  /** What `of` would say of its pause, for somebody who only looks: none is made for that. */
  pauseOf(providerId: string): Omit<Pause, 'about'> | undefined
  /** Of those that wait now, by the provider's id. */
  pauses(): readonly { provider: string; pause: Omit<Pause, 'about'> }[]
  /** As `RegistrationBreaker.forget`, whichever registration it was. */
  forget(mailbox: Address): void
}

export function createRegistrationBreakers(clock: Clock, random: () => number): RegistrationBreakers {
  const breakers = new Map<string, RegistrationBreaker>()

  return {
    of(providerId) {
      const breaker = breakers.get(providerId) ?? createRegistrationBreaker(clock, random)
      breakers.set(providerId, breaker)
      return breaker
    },
    pauseOf: (providerId) => breakers.get(providerId)?.pause(),
    pauses: () =>
      [...breakers].flatMap(([provider, breaker]) => {
        const pause = breaker.pause()
        return pause ? [{ provider, pause }] : []
      }),
    forget(mailbox) {
      for (const breaker of breakers.values()) breaker.forget(mailbox)
    },
  }
}
