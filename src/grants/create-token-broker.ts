import { LRUCache } from 'lru-cache'
import { countingSuspends } from '../base/clock.ts'
import { Failure, stopping } from '../base/failure.ts'
import { type Address, type AddressKey, addressKey, isDomainMailbox, keyCovers } from '../model/address.ts'
import type { Standing } from '../model/grant.ts'
import { busyElsewhere, mailboxUnknown } from './failures.ts'
import { type HeldToken, holdToken, isGood, momentOf, serves } from './held-token.ts'
import { createRenewalLog, createRenewals, type Renewal, type RenewalDeps, type Rotation } from './renewal.ts'
import { MailboxBreakers, RegistrationBreakers } from './token-breakers.ts'
import type {
  AccessToken,
  IdleRenewal,
  TokenBroker,
  TokenGrant,
  TokenPause,
  TokenStates,
  TokenTrial,
} from './token-broker.ts'

export interface TokenBrokerDeps extends RenewalDeps {
  /** The grant has lapsed, so connections that were opened with its tokens have to end. */
  onLapsed(mailbox: Address): void
  /** The provider accepts again a grant that it had refused. */
  onRestored?(mailbox: Address): void
  /** From 0 to 1. */
  random?: () => number
  /** Runs something after a while, without keeping the process alive for it. */
  later?: (milliseconds: number, run: () => void) => void
}

/** A renewal under way. Any number of callers wait for it. */
interface Refresh {
  ended: Promise<Renewal>
  /** The grant was replaced meanwhile, so the result is not used. */
  superseded: boolean
  /** A grant that its provider has refused is tried as well. */
  refusedToo: boolean
}

const mostTokens = 10_000
/** How often the grant may turn out to be another one before the broker gives up. */
const mostRounds = 3
/**
 * A token that replaced a refused one, and is refused as well, is replaced again only when it is
 * older than this, in seconds: otherwise every sign-in would renew it.
 */
const replacedAgainAfterSeconds = 60

/**
 * Keeps access tokens in memory and renews each once, however many callers ask. What it does for
 * one mailbox:
 *
 * - `resting`: nothing is under way, and nothing is waited for.
 * - `refreshing`: a refresh is in flight.
 * - `backing off`: a refresh has failed, and the next one has to wait. When the wait is over, the
 *   mailbox is resting, until somebody asks.
 *
 * Apart from that its token is good, old (it has to be renewed, and is valid for as long as was
 * asked for), or there is none of any use. For each state, what a call does:
 *
 * | event             | resting | refreshing    | backing off |
 * |-------------------|---------|---------------|-------------|
 * | asked, token good | token   | token         | token       |
 * | asked, token old  | refresh | joins         | token       |
 * | asked, no token   | refresh | joins         | failure     |
 * | renew             | refresh | joins         | failure     |
 * | tryAgain          | refresh | one behind it | failure     |
 * | tryNow            | nothing | nothing       | refresh     |
 * | grantChanged      | forgets | forgets       | forgets     |
 *
 * Who asks for a token and waits for a refresh that fails gets the old token if there is one, and
 * the failure otherwise; `renew`, `tryAgain` and `tryNow` always tell the failure. A token that the
 * mail server has refused is dropped first, and its replacement not within a minute. During a wait
 * a look may be taken now and then: that is one refresh, and all others are answered as before.
 * `tryAgain` joins a refresh that tries a refused grant, too. `tryNow` forgets the wait and
 * refreshes when a pause is shown, or when the grant is not active.
 *
 * `forgets`: token and wait are forgotten, and the result of the refresh is not used: who waits for
 * its token asks anew, and the next refresh begins when this one has ended. After `close`, no
 * refresh begins.
 *
 * What comes of a refresh:
 *
 * | result                      | token    | who waits    |
 * |-----------------------------|----------|--------------|
 * | fresh                       | replaced | nobody       |
 * | refused                     | dropped  | nobody       |
 * | failed, of the mailbox      | kept     | mailbox      |
 * | failed, of the registration | kept     | registration |
 * | held-back                   | kept     | registration |
 * | store-down                  | kept     | mailbox      |
 * | unstored                    | kept     | mailbox      |
 *
 * A registration that waits holds back the refreshes of all its mailboxes: see its breaker. After
 * `refused`, connections that were opened with the token have to end. What is `unstored` is stored
 * by the next refresh, which comes by itself, and the provider is not asked for it again.
 */
export function createTokenBroker(
  deps: TokenBrokerDeps,
): TokenBroker & IdleRenewal & TokenTrial & TokenStates {
  const { store, log, random = Math.random, later = unattended } = deps
  // Whichever clock is passed in: a token that has expired during a suspend is never handed out.
  const clock = countingSuspends(deps.clock)
  const registrations = new RegistrationBreakers(clock, random)
  const renewals = createRenewals({ ...deps, clock }, registrations)
  const tokens = new LRUCache<AddressKey, HeldToken>({ max: mostTokens })
  /** Mailboxes whose token was refused and has not been replaced yet. */
  const toReplace = new LRUCache<AddressKey, true>({ max: mostTokens })
  const refreshes = new Map<AddressKey, Refresh>()
  /** The last refresh of each mailbox, superseded or not, until it has ended. */
  const settled = new Map<AddressKey, Promise<void>>()
  const rotations = new Map<AddressKey, Rotation>()
  let closed = false
  const backOff = new MailboxBreakers(clock, random)
  const renewalLog = createRenewalLog(log)

  /**
   * Hands out only a token of the grant that the mailbox has now, whatever came in between: the
   * cache hears of a change after the store.
   */
  async function accessToken(mailbox: Address, minimumLife: number | undefined): Promise<AccessToken> {
    const key = addressKey(mailbox)
    for (let round = 1; round <= mostRounds; round += 1) {
      const token = await tokenInHand(mailbox, key, minimumLife)
      if (await isOfItsGrant(mailbox, token)) return token
      if (tokens.peek(key)?.token === token) tokens.delete(key)
    }
    throw busyElsewhere(mailbox)
  }

  /**
   * Compare and set, at the moment of use: whether the token is of the mailbox's grant, at the
   * mailbox's provider.
   */
  async function isOfItsGrant(mailbox: Address, { grant }: AccessToken): Promise<boolean> {
    try {
      return isOf(grant, await store.grants.standing(mailbox))
    } catch (error) {
      // A store that does not answer has taken no new change, and the cache knows the earlier ones.
      if (error instanceof Failure && error.code === 'store-unavailable') return true
      throw error
    }
  }

  /** A token from the cache, or from a renewal. */
  async function tokenInHand(
    mailbox: Address,
    key: AddressKey,
    minimumLife: number | undefined,
  ): Promise<AccessToken> {
    const held = tokens.get(key)
    if (held && isGood(held, minimumLife)) return held.token
    const waiting = backOff.at(key)?.blockedBy()
    if (waiting) return inItsPlace(key, minimumLife, waiting)
    if (closed) throw stopping()
    const refresh = refreshes.get(key) ?? startRefresh(mailbox, key)
    const renewal = await refresh.ended
    if (refresh.superseded) return tokenInHand(mailbox, key, minimumLife)
    return renewal.kind === 'fresh' ? renewal.held.token : inItsPlace(key, minimumLife, renewal.failure)
  }

  /** The old token, while no fresh one can be had. A revoked grant has left none. */
  function inItsPlace(key: AddressKey, minimumLife: number | undefined, failure: Failure): AccessToken {
    const held = tokens.get(key)
    if (held && serves(held, minimumLife)) return held.token
    throw failure
  }

  function startRefresh(mailbox: Address, key: AddressKey, refusedToo = false): Refresh {
    // After the superseded refresh: two at once could spend the same refresh token, and providers
    // revoke a grant whose token is spent twice.
    const before = settled.get(key) ?? Promise.resolve()
    const refresh: Refresh = { superseded: false, refusedToo, ended: before.then(run) }
    refreshes.set(key, refresh)
    const probe = backOff.at(key)?.enter()
    const done = refresh.ended.then(ignore, ignore).then(() => {
      if (settled.get(key) === done) settled.delete(key)
    })
    settled.set(key, done)
    return refresh

    async function run(): Promise<Renewal> {
      const superseded = () => refresh.superseded
      try {
        const rotation = rotations.get(key)
        const renewal = await (rotation
          ? renewals.resume(rotation, superseded)
          : renewals.renew(mailbox, superseded, refusedToo))
        if (!refresh.superseded) apply(mailbox, key, renewal)
        // As long as its grant lives, this is its only refresh token, whatever else has changed.
        else if (renewal.kind === 'unstored') rotations.set(key, renewal.rotation)
        return renewal
      } finally {
        // What says nothing of the mailbox ends a look, too.
        probe?.release()
        if (refreshes.get(key) === refresh) refreshes.delete(key)
      }
    }
  }

  /** Everything that the result of a renewal changes here, in one synchronous step. */
  function apply(mailbox: Address, key: AddressKey, renewal: Renewal): void {
    renewalLog.report(mailbox, renewal)
    if (renewal.kind === 'unstored') rotations.set(key, renewal.rotation)
    else rotations.delete(key)
    if (renewal.kind === 'fresh')
      tokens.set(key, { ...renewal.held, ...(toReplace.delete(key) && { isReplacement: true }) })
    if (renewal.kind === 'fresh' && renewal.restored) deps.onRestored?.(mailbox)
    if (renewal.kind === 'fresh') backOff.succeeded(key, renewal.provider)
    else if (renewal.kind === 'refused') backOff.forget(key)
    else if (!waitsWithOthers(renewal))
      backOff.failed(key, renewal.failure, 'provider' in renewal ? renewal.provider : undefined)
    if (renewal.kind === 'unstored') resumeLater(mailbox, key)
    if (renewal.kind !== 'refused') return
    // A token that is still cached shows that another process has seen the end of this grant first.
    const ended = tokens.delete(key)
    if (ended || renewal.lapsed) deps.onLapsed(mailbox)
  }

  /** Also without a caller: until the rotation is stored, it lives no longer than this process. */
  function resumeLater(mailbox: Address, key: AddressKey): void {
    later(backOff.at(key)?.remaining() ?? 0, () => {
      if (!closed && rotations.has(key) && !refreshes.has(key))
        startRefresh(mailbox, key).ended.catch(() => {})
    })
  }

  /** However young the token is: its fault may have begun a moment ago. */
  function dropRefused(mailbox: Address, refused: AccessToken): void {
    const key = addressKey(mailbox)
    const held = tokens.get(key)
    if (held?.token.secret.reveal() !== refused.secret.reveal()) return
    if (held.isReplacement && refused.ageSeconds() < replacedAgainAfterSeconds) return
    tokens.delete(key)
    toReplace.set(key, true)
  }

  function pauseOf(mailbox: AddressKey, providerId: string): TokenPause | undefined {
    const common = registrations.pauseOf(providerId)
    if (common) return { about: 'registration', ...common }
    const own = backOff.pause(mailbox)
    return own && { about: 'mailbox', ...own }
  }

  /**
   * Joins a refresh that does the same. An ordinary one that is under way has not tried a refused
   * grant.
   */
  async function renewed(mailbox: Address, refusedToo: boolean): Promise<void> {
    const key = addressKey(mailbox)
    const waiting = backOff.at(key)?.blockedBy()
    if (waiting) throw waiting
    if (closed) throw stopping()
    const underway = refreshes.get(key)
    const refresh = underway && (!refusedToo || underway.refusedToo) ? underway : undefined
    const renewal = await (refresh ?? startRefresh(mailbox, key, refusedToo)).ended
    if (renewal.kind !== 'fresh') throw renewal.failure
  }

  /** A domain's grant is that of each of its addresses. */
  function keysOf(mailbox: Address): AddressKey[] {
    const own = addressKey(mailbox)
    if (!isDomainMailbox(own)) return [own]
    const known = new Set([...tokens.keys(), ...refreshes.keys(), ...backOff.keys()])
    return [...known].filter((key) => keyCovers(own, key))
  }

  function forget(key: AddressKey): void {
    const refresh = refreshes.get(key)
    if (refresh) refresh.superseded = true
    refreshes.delete(key)
    backOff.forget(key)
    tokens.delete(key)
    toReplace.delete(key)
    registrations.forget(key)
  }

  return {
    async accessTokenFor(mailbox, { minimumLife, refused } = {}) {
      if (refused) dropRefused(mailbox, refused)
      return accessToken(mailbox, minimumLife)
    },

    renew: (mailbox) => renewed(mailbox, false),
    tryAgain: (mailbox) => renewed(mailbox, true),

    async tryNow(mailbox) {
      const { providerId, grant } = (await store.grants.standing(mailbox)) ?? {}
      if (providerId === undefined) throw mailboxUnknown(mailbox)
      if (grant?.state === 'active' && !pauseOf(addressKey(mailbox), providerId)) return
      backOff.forget(addressKey(mailbox))
      registrations.of(providerId).hurry()
      await renewed(mailbox, true)
    },

    grantChanged(mailbox, fresh) {
      for (const key of keysOf(mailbox)) forget(key)
      if (!fresh) return
      registrations.of(fresh.grant.providerId).worked(mailbox)
      tokens.set(addressKey(mailbox), holdToken(clock, momentOf(clock), fresh))
    },

    async state(mailbox) {
      const key = addressKey(mailbox)
      const providerId = (await store.mailboxes.covering(mailbox))?.providerId
      const pause = providerId === undefined ? undefined : pauseOf(key, providerId)
      const held = tokens.peek(key)?.token
      const serving = held && held.remainingSeconds() > 0 && (await isOfItsGrant(mailbox, held))
      return {
        ...(serving && { accessTokenUntil: held.expiresAt }),
        ...(pause && { pause }),
      }
    },

    pauseOf,

    pauses() {
      const own = backOff.keys().flatMap((mailbox) => {
        const pause = backOff.pause(mailbox)
        return pause ? [{ mailbox, ...pause }] : []
      })
      return [...own, ...registrations.pauses().map(({ provider, pause }) => ({ provider, ...pause }))]
    },

    async close() {
      closed = true
      await Promise.all(settled.values())
      // The last chance to store these rotations: they end with this process.
      await Promise.all([...rotations.values()].map((rotation) => renewals.keep(rotation)))
    },
  }
}

/** Whether the breaker of the registration decides when to ask again. */
function waitsWithOthers(renewal: Renewal): boolean {
  return renewal.kind === 'held-back' || (renewal.kind === 'failed' && renewal.about === 'registration')
}

function isOf(grant: TokenGrant, standing: Standing | undefined): boolean {
  const now = standing?.grant
  return now?.state === 'active' && now.id === grant.id && standing?.providerId === grant.providerId
}

function ignore(): void {}

function unattended(milliseconds: number, run: () => void): void {
  setTimeout(run, milliseconds).unref()
}
