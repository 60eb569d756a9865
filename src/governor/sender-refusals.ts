import { LRUCache } from 'lru-cache'
import { addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { type Breaker, createBreaker, type Tripped } from './breaker.ts'

/**
 * The senders of one mailbox that the provider refuses again and again. Exchange Online throttles a whole mailbox after continuous
 * errors, at thresholds that it does not publish, and old devices repeat a refused message for ever: so the sender waits before.
 */
export interface SenderRefusals {
  /** The breaker of a sender that was refused lately. */
  breakerOf(sender: string): Breaker | undefined
  /** The provider refused the sender address itself. */
  senderRefused(sender: string, status: string): void
  /** A whole transaction ended in a permanent refusal. */
  refused(sender: string, status: string): void
  /** A message was accepted: nothing of before counts. */
  accepted(sender: string): void
  states(): Tripped[]
  reset(): void
}

const windowSeconds = 600
/** So many refusals in a row, without a success between them and within the window, make a sender wait. */
const mostSenderRefusals = 3
const mostRefusals = 10

const rememberedSenders = 1000

interface Streak {
  count: number
  since: number
}

interface Refused {
  breaker: Breaker
  ofSender: Streak
  ofAll: Streak
}

export function createSenderRefusals(clock: Clock, log: Log): SenderRefusals {
  const senders = new LRUCache<string, Refused>({ max: rememberedSenders })

  function known(sender: string): Refused {
    const key = addressKey(sender)
    const found = senders.get(key)
    if (found) return found
    const none = { count: 0, since: 0 }
    const fresh = { breaker: createBreaker(clock, log), ofSender: { ...none }, ofAll: { ...none } }
    senders.set(key, fresh)
    return fresh
  }

  /** How many there are now. */
  function count(streak: Streak): number {
    const now = clock.monotonic()
    if (streak.count === 0 || now - streak.since > windowSeconds * 1000) {
      streak.count = 0
      streak.since = now
    }
    streak.count += 1
    return streak.count
  }

  return {
    breakerOf: (sender) => senders.get(addressKey(sender))?.breaker,

    senderRefused(sender, status) {
      const { breaker, ofSender } = known(sender)
      // One that waits already, and whose probe was refused, waits again at once.
      if (count(ofSender) < mostSenderRefusals && !breaker.state()) return
      breaker.trip({
        about: 'sender',
        sender,
        seconds: 600,
        code: 'provider-setup',
        reason: `The provider does not let this mailbox send as ${shown(sender)} (${status}), again and again`,
        fix: 'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider allow this sender.',
      })
    },

    refused(sender, status) {
      const { breaker, ofAll } = known(sender)
      if (count(ofAll) < mostRefusals && !breaker.state()) return
      breaker.trip({
        about: 'sender',
        sender,
        seconds: 300,
        code: 'limit-reached',
        reason: `The provider has refused everything from ${shown(sender)} for a while (${status} the last time), and punishes who repeats that`,
        fix: 'Find out what is refused, and stop the program that repeats it.',
      })
    },

    accepted: (sender) => void senders.delete(addressKey(sender)),
    states: () => [...senders.values()].flatMap(({ breaker }) => breaker.state() ?? []),
    reset: () => senders.clear(),
  }
}

function shown(sender: string): string {
  return sender === '' ? 'the empty sender' : sender
}
