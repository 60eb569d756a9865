import { LRUCache } from 'lru-cache'
import { type Address, addressKey, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { type Breaker, createBreaker, type Fault, type Probe, type Tripped } from './breaker.ts'

/**
 * Counts refusals in a row, for each key. The breaker opens after so many within ten minutes
 * without a success between them.
 */
interface ConsecutiveRefusals {
  /** The breaker of a key that was refused lately. */
  breakerOf(key: string): Breaker | undefined
  /**
   * @param probes those of the refused try. If the breaker of this key is among them, its wait is
   * not over.
   */
  refused(key: string, fault: Fault, probes: Probes): void
  /** The key was accepted: earlier refusals do not count. */
  accepted(key: string): void
  /** Nothing was refused lately. */
  isEmpty(): boolean
  states(): Tripped[]
  reset(): void
}

/** The probes of one try, by their breakers. */
export type Probes = Map<Breaker, Probe>

const windowMilliseconds = 600_000
const rememberedKeys = 1000

interface Counted {
  breaker: Breaker
  /** When it was refused last, at most as many times as open the breaker. */
  times: number[]
}

export function createConsecutiveRefusals(most: number, clock: Clock, log: Log): ConsecutiveRefusals {
  const counted = new LRUCache<string, Counted>({ max: rememberedKeys })

  function known(key: string): Counted {
    const found = counted.get(key)
    if (found) return found
    const fresh = { breaker: createBreaker(clock, log), times: [] }
    counted.set(key, fresh)
    return fresh
  }

  return {
    breakerOf: (key) => counted.get(key)?.breaker,
    refused(key, fault, probes) {
      const { breaker, times } = known(key)
      const probe = probes.get(breaker)
      if (probe) return probe.failed(fault)
      const now = clock.monotonic()
      times.push(now)
      if (times.length > most) times.shift()
      const [first = now] = times
      if (times.length === most && now - first <= windowMilliseconds) breaker.trip(fault)
    },
    accepted(key) {
      counted.get(key)?.breaker.close()
      counted.delete(key)
    },
    isEmpty: () => counted.size === 0,
    states: () => [...counted.values()].flatMap(({ breaker }) => breaker.state() ?? []),
    reset() {
      for (const { breaker } of counted.values()) breaker.close()
      counted.clear()
    },
  }
}

/** Where a transaction comes from. */
export interface Origin {
  sender: Address | ''
  login: string
  /** Absent: postern itself sends. */
  source?: string | undefined
}

export function whose({ login, source }: Origin): Pick<Fault, 'login' | 'source'> {
  return { login, ...(source !== undefined && { source }) }
}

/** A program is a login at one source. */
export function programOf({ login, source = '' }: Pick<Origin, 'login' | 'source'>): string {
  return `${source}\n${login}`
}

export function programWith(address: string, origin: Origin): string {
  return `${addressKey(address)}\n${programOf(origin)}`
}

/** For people. */
export function shown(sender: string, limit = 80): string {
  return sender === '' ? 'the empty sender' : printable(sender, limit)
}

export const sendAsAdvice =
  'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).'
