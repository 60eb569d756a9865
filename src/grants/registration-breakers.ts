import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { createRegistrationBreaker, type RegistrationBreaker } from './registration-breaker.ts'

/** One breaker for each registration, made when it is first asked for. */
export interface RegistrationBreakers {
  of(providerId: string): RegistrationBreaker
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
    forget(mailbox) {
      for (const breaker of breakers.values()) breaker.forget(mailbox)
    },
  }
}
