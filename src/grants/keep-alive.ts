import { type Address, addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { createRepeating } from '../base/repeating.ts'
import type { GrantStore } from '../store/ports.ts'
import type { IdleRenewal } from './token-broker.ts'

export interface KeepAliveNeeds {
  grants: Pick<GrantStore, 'unusedSince' | 'endingBy'>
  tokens: IdleRenewal
  renewalSeconds: number
  clock: Clock
  log: Log
}

/** Renews idle grants, so that no provider ends one for being unused (90 days at Microsoft, six months at Google). */
export interface KeepAlive {
  start(): void
  /** One round: what is due now, as far as the pace allows. Never throws. */
  round(): Promise<void>
  /** Resolves when a round under way has ended. */
  close(): Promise<void>
}

/** Often, so that a machine that was suspended notices it soon: which grants are due is asked of the store and the wall clock. */
const roundSeconds = 60
/** Of one round: what is due together after a suspend or a long stop takes a while, and no token endpoint gets a crowd. */
const mostInRound = 180
/** More than this are as good as this many: the pace is at its highest then. */
const mostLookedAt = 30 * mostInRound
const sideBySide = 4
/** Grants come due over the last sixth of the time, so that those that were renewed together part. */
const spread = 1 / 6

export function createKeepAlive(needs: KeepAliveNeeds): KeepAlive {
  const { grants, tokens, clock, log, renewalSeconds } = needs
  /** By address key: until when one that failed is passed over, in milliseconds of the monotonic clock, so that it keeps none behind it waiting. */
  const failed = new Map<string, number>()
  let closed = false

  async function round(): Promise<void> {
    try {
      const due = await dueNow()
      if (due.length === 0) return
      const queue = [...due]
      await Promise.all(Array.from({ length: sideBySide }, () => work(queue)))
      log.debug(
        { event: 'grants.kept-alive', grants: due.length, failed: failed.size },
        'Idle grants were renewed',
      )
    } catch (error) {
      log.warn(
        { event: 'grants.keep-alive-failed' },
        `Idle grants cannot be looked for now: ${asFailure(error).message}`,
      )
    }
  }

  async function dueNow(): Promise<Address[]> {
    const now = clock.now()
    const latest = now - renewalSeconds * 1000 * (1 - spread)
    for (const [key, until] of failed) if (until <= clock.monotonic()) failed.delete(key)
    // Room for those that are passed over.
    const found = await grants.unusedSince(latest, mostLookedAt + failed.size)
    const isTried = (mailbox: Address) => !failed.has(addressKey(mailbox))
    const idle = found.filter(isTried)
    // Refresh tokens of some providers live for less than a day: each renewal moves their end.
    const ending = (await grants.endingBy(now, mostInRound + failed.size)).filter(isTried)
    return [...new Set([...ending, ...idle.slice(0, shareOf(idle.length))])].slice(0, mostInRound)
  }

  /** So that all are through before the last of them has been idle for the whole time, and the fewer there are, the further they part. */
  function shareOf(idle: number): number {
    const rounds = (renewalSeconds * spread) / roundSeconds
    return Math.min(mostInRound, Math.ceil((idle * 8) / rounds))
  }

  async function work(queue: Address[]): Promise<void> {
    for (let mailbox = queue.shift(); mailbox !== undefined && !closed; mailbox = queue.shift()) {
      try {
        await tokens.renew(mailbox)
      } catch {
        // The broker has logged why, and waits by itself; here it is enough not to ask at every round.
        failed.set(addressKey(mailbox), clock.monotonic() + 10 * roundSeconds * 1000)
      }
    }
  }

  const rounds = createRepeating(roundSeconds, round)
  return {
    start: rounds.start,
    round,
    async close() {
      closed = true
      await rounds.close()
    },
  }
}
