import { createPeriodicTask } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { GivenTo, RefusedGrant } from '../model/grant.ts'
import { differenceOf } from '../providers/registration.ts'
import type { GrantStore, Share } from '../store/ports.ts'
import type { IdleRenewal } from './token-broker.ts'

export interface KeepAliveDeps {
  grants: Pick<GrantStore, 'unusedSince' | 'endingBy' | 'refused'>
  tokens: IdleRenewal
  /** As the token broker has it. */
  registrationOf(providerId: string): GivenTo
  /** Asked anew for each round. */
  readonly renewalSeconds: number
  /** This process's part of the mailboxes, where several renew them. @throws Failure */
  share?: () => Promise<Share>
  clock: Clock
  log: Log
}

/**
 * Renews idle grants, so that no provider ends one for being unused (90 days at Microsoft, six
 * months at Google). Grants that their provider has refused are tried again each day, and as soon
 * as the registration has changed: what was refused may be accepted again, and nothing else would
 * notice.
 */
export interface KeepAlive {
  start(): void
  /** One round: renews what is due now, as far as the pace allows. Never throws. */
  round(): Promise<void>
  /** Resolves when a round under way has ended. */
  close(): Promise<void>
}

/**
 * Often, so that it goes on soon after a suspend: the store and the wall clock decide which grants
 * are due.
 */
const roundSeconds = 60
/**
 * At most so many in one round: what is due together after a suspend or a long stop takes a while,
 * so that no token endpoint gets a crowd.
 */
const mostInRound = 180
/** With so many due, the pace is at its highest already. */
const mostLookedAt = 30 * mostInRound
const sideBySide = 4
/** A refusal costs the provider as much as a renewal, and some punish many of them. */
const mostRefused = 30
const refusedMilliseconds = 86_400_000
/**
 * Grants come due over the last sixth of the time, so that those that were renewed together drift
 * apart.
 */
const spread = 1 / 6

const whole: Share = { parts: 1, has: () => true }

export function createKeepAlive(deps: KeepAliveDeps): KeepAlive {
  const { grants, tokens, registrationOf, clock, log } = deps
  /**
   * By address key: until when a failed one is skipped, in milliseconds of the monotonic clock, so
   * that it holds up none behind it.
   */
  const failed = new Map<AddressKey, number>()
  let closed = false

  async function round(): Promise<void> {
    try {
      const share = (await deps.share?.()) ?? whole
      const due = await dueNow(share)
      if (due.length > 0) {
        await workOff(due, (mailbox) => tokens.renew(mailbox))
        log.debug(
          { event: 'grants.kept-alive', grants: due.length, failed: failed.size },
          'Idle grants were renewed',
        )
      }
      await workOff(await refusedNow(share), (mailbox) => tokens.tryAgain(mailbox))
    } catch (error) {
      log.warn(
        { event: 'grants.keep-alive-failed' },
        `Idle grants cannot be looked for now: ${asFailure(error).message}`,
      )
    }
  }

  async function dueNow(share: Share): Promise<Address[]> {
    const now = clock.now()
    const latest = now - deps.renewalSeconds * 1000 * (1 - spread)
    for (const [key, until] of failed) if (until <= clock.monotonic()) failed.delete(key)
    // Leaves room for the skipped ones.
    const found = await grants.unusedSince(latest, mostLookedAt + failed.size)
    const isTried = (mailbox: Address) => isOurs(addressKey(mailbox), share)
    const most = Math.ceil(mostInRound / share.parts)
    const idle = found.filter(isTried)
    // Refresh tokens of some providers live for less than a day; each renewal moves their end.
    const ending = (await grants.endingBy(now, mostInRound + failed.size)).filter(isTried)
    return [...new Set([...ending, ...idle.slice(0, shareOf(idle.length))])].slice(0, most)
  }

  async function refusedNow(share: Share): Promise<Address[]> {
    const found = await grants.refused(mostLookedAt)
    const due = found.filter((grant) => isOurs(addressKey(grant.mailbox), share) && mayBeAllowedAgain(grant))
    return due.slice(0, Math.ceil(mostRefused / share.parts)).map(({ mailbox }) => mailbox)
  }

  function isOurs(key: AddressKey, share: Share): boolean {
    return !failed.has(key) && share.has(key)
  }

  function mayBeAllowedAgain({ providerId, refused: { at, to } }: RefusedGrant): boolean {
    // The wall clock may have been set back since.
    if (Math.abs(clock.now() - at) >= refusedMilliseconds) return true
    try {
      return to === undefined || differenceOf(to, registrationOf(providerId)) !== undefined
    } catch {
      // The provider has no registration now, so it cannot be asked.
      return false
    }
  }

  /**
   * So many that all are renewed before the last of them has been idle for the whole time. The
   * fewer there are, the more they are spread.
   */
  function shareOf(idle: number): number {
    const rounds = (deps.renewalSeconds * spread) / roundSeconds
    return Math.min(mostInRound, Math.ceil((idle * 8) / rounds))
  }

  async function workOff(due: readonly Address[], ask: (mailbox: Address) => Promise<void>): Promise<void> {
    const queue = [...due]
    await Promise.all(Array.from({ length: sideBySide }, () => work(queue, ask)))
  }

  async function work(queue: Address[], ask: (mailbox: Address) => Promise<void>): Promise<void> {
    for (let mailbox = queue.shift(); mailbox !== undefined && !closed; mailbox = queue.shift()) {
      try {
        await ask(mailbox)
      } catch {
        // The broker has logged the reason, and has its own wait. Here it is enough not to ask at
        // every round.
        failed.set(addressKey(mailbox), clock.monotonic() + 10 * roundSeconds * 1000)
      }
    }
  }

  const rounds = createPeriodicTask(roundSeconds, round)
  return {
    start: rounds.start,
    round,
    async close() {
      closed = true
      await rounds.close()
    },
  }
}
