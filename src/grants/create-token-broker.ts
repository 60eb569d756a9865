import { LRUCache } from 'lru-cache'
import type { Probe } from '../base/circuit-breaker.ts'

import { type Clock, countingSuspends } from '../base/clock.ts'
import { asFailure, type Failure, failure, isStoreAway, stopping } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { type Address, type AddressKey, addressKey, isDomainMailbox, keyCovers } from '../model/address.ts'
import type { Standing } from '../model/grant.ts'
import type { ProviderChange, ProviderFollower } from '../providers/catalogue.ts'
import { sameTokens } from '../providers/registration.ts'
import type { KeptRotation } from '../store/ports.ts'
import { busyElsewhere, mailboxUnknown } from './failures.ts'
import { type HeldToken, holdToken, isGood, momentOf, serves } from './held-token.ts'
import {
  changeOf,
  type Renewal,
  type RenewalDeps,
  RenewalLog,
  Renewals,
  type Rotation,
  type SharedRenewals,
  type Wish,
} from './renewal.ts'
import { MailboxBreakers, RegistrationBreakers } from './token-breakers.ts'
import type {
  AccessToken,
  AccessTokenRequest,
  EndpointPause,
  FreshToken,
  IdleRenewal,
  TokenBroker,
  TokenGrant,
  TokenPause,
  TokenState,
  TokenStates,
  TokenTrial,
} from './token-broker.ts'

export interface TokenBrokerDeps extends RenewalDeps {
  /** The grant has lapsed, so connections that were opened with its tokens have to end. */
  onLapsed(mailbox: Address): void
  /** The provider accepts again a grant that it had refused. */
  onRestored?(mailbox: Address): void
  /** A rotated refresh token cannot be stored now. */
  onUnstored?(): void
  /**
   * Keeps rotations where the store takes none, until the next start.
   * @throws Failure when there is no such place, or it takes none either
   */
  keepElsewhere?(rotations: readonly KeptRotation[]): Promise<void>
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

/** What a refresh is begun for. */
type Purpose = Pick<Wish, 'anew' | 'minimumLife' | 'refusedToo'>

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
 * | providerChanged   | drops   | drops         | drops       |
 *
 * Who asks for a token and waits for a refresh that fails gets the old token if there is one, and
 * the failure otherwise; `renew`, `tryAgain` and `tryNow` always tell the failure. A token that the
 * mail server has refused is dropped first, and its replacement not within a minute. During a wait
 * a look may be taken now and then: that is one refresh, and all others are answered as before.
 * `tryAgain` joins a refresh that tries a refused grant, too. `tryNow` forgets the wait and
 * refreshes when a pause is shown, or when the grant is not active.
 *
 * Where several processes renew the same grants, a refresh begins with a look for what another one has
 * got, waits while one is about to, and ends with its token: see shared-renewals.ts.
 *
 * `forgets`: token and wait are forgotten, and the result of the refresh is not used: who waits for
 * its token asks anew, and the next refresh begins when this one has ended. After `close`, no
 * refresh begins.
 *
 * `drops`: the token goes, unless it is as good for the changed registration, and the wait after what
 * was refused to the earlier one. A refresh that was asked as that one is kept, and asked once more.
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
): TokenBroker & IdleRenewal & TokenTrial & TokenStates & ProviderFollower {
  return new Broker(deps)
}

class Broker implements TokenBroker, IdleRenewal, TokenTrial, TokenStates, ProviderFollower {
  readonly #deps: TokenBrokerDeps
  readonly #later: (milliseconds: number, run: () => void) => void
  readonly #clock: Clock
  readonly #registrations: RegistrationBreakers
  readonly #backOff: MailboxBreakers
  readonly #renewals: Renewals
  readonly #shared: SharedRenewals | undefined
  readonly #renewalLog: RenewalLog
  readonly #tokens = new LRUCache<AddressKey, HeldToken>({ max: mostTokens })
  /** Mailboxes whose token was refused and has not been replaced yet. */
  readonly #toReplace = new LRUCache<AddressKey, true>({ max: mostTokens })
  /** The token of each mailbox that was refused last: another process may not know that. */
  readonly #refused = new LRUCache<AddressKey, Secret>({ max: mostTokens })
  readonly #refreshes = new Map<AddressKey, Refresh>()
  /** The last refresh of each mailbox, superseded or not, until it has ended. */
  readonly #settled = new Map<AddressKey, Promise<void>>()
  readonly #rotations = new Map<AddressKey, Rotation>()
  #isClosed = false

  constructor(deps: TokenBrokerDeps) {
    const { random = Math.random, later = unattended } = deps
    this.#deps = deps
    this.#later = later
    // Whichever clock is passed in: a token that has expired during a suspend is never handed out.
    this.#clock = countingSuspends(deps.clock)
    this.#registrations = new RegistrationBreakers(this.#clock, random)
    this.#shared = deps.shareRenewals?.(this.#clock)
    this.#renewals = new Renewals({ ...deps, clock: this.#clock }, this.#registrations, this.#shared)
    this.#backOff = new MailboxBreakers(this.#clock, random)
    // What another process could renew is worth a look.
    this.#shared?.follow((key) => this.#backOff.forget(key))
    this.#renewalLog = new RenewalLog(deps.log)
  }

  async accessTokenFor(
    mailbox: Address,
    { minimumLife, refused }: AccessTokenRequest = {},
  ): Promise<AccessToken> {
    if (refused) this.#dropRefused(mailbox, refused)
    return this.#accessToken(mailbox, minimumLife)
  }

  renew(mailbox: Address): Promise<void> {
    return this.#renewed(mailbox, false)
  }

  tryAgain(mailbox: Address): Promise<void> {
    return this.#renewed(mailbox, true)
  }

  async tryNow(mailbox: Address): Promise<void> {
    const { providerId, grant } = (await this.#deps.store.grants.standing(mailbox)) ?? {}
    if (providerId === undefined) throw mailboxUnknown(mailbox)
    if (grant?.state === 'active' && !this.pauseOf(addressKey(mailbox), providerId)) return
    this.#backOff.forget(addressKey(mailbox))
    this.#registrations.of(providerId).hurry()
    await this.#renewed(mailbox, true)
  }

  grantChanged(mailbox: Address, fresh?: FreshToken): void {
    for (const key of this.#keysOf(mailbox)) this.#forget(key)
    if (!fresh) return
    const { grant, expiresInSeconds: lifeSeconds, ...rest } = fresh
    this.#registrations.of(grant.providerId).worked(mailbox)
    this.#tokens.set(addressKey(mailbox), holdToken(this.#clock, momentOf(this.#clock), fresh))
    void this.#shared?.put({ ...rest, mailbox, grantId: grant.id, lifeSeconds, ageMilliseconds: 0 })
  }

  providerChanged({ id, before, after }: ProviderChange): void {
    this.#registrations.begunAnew(id)
    this.#backOff.forgetRefusedBy(id)
    if (before && after && sameTokens(before, after)) return
    for (const [key, { token }] of this.#tokens.entries())
      if (token.grant.providerId === id) this.#tokens.delete(key)
  }

  async state(mailbox: Address): Promise<TokenState> {
    const key = addressKey(mailbox)
    const providerId = (await this.#deps.store.mailboxes.covering(mailbox))?.providerId
    const pause = providerId === undefined ? undefined : this.pauseOf(key, providerId)
    const held = this.#tokens.peek(key)?.token
    const serving = held && held.remainingSeconds() > 0 && (await this.#isOfItsGrant(mailbox, held))
    return {
      ...(serving && { accessTokenUntil: held.expiresAt }),
      ...(pause && { pause }),
    }
  }

  pauseOf(mailbox: AddressKey, providerId: string): TokenPause | undefined {
    const common = this.#registrations.pauseOf(providerId)
    if (common) return { about: 'registration', ...common }
    const own = this.#backOff.pause(mailbox)
    return own && { about: 'mailbox', ...own }
  }

  pauses(): readonly EndpointPause[] {
    const own = this.#backOff.keys().flatMap((mailbox) => {
      const pause = this.#backOff.pause(mailbox)
      return pause ? [{ mailbox, ...pause }] : []
    })
    return [...own, ...this.#registrations.pauses().map(({ provider, pause }) => ({ provider, ...pause }))]
  }

  unstored(): readonly Address[] {
    return [...this.#rotations.values()].map(({ grant }) => grant.mailbox)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#settled.values())
    // The last chance to store these rotations: they end with this process.
    const left = await Promise.all(
      [...this.#rotations.values()].map(async (rotation) =>
        (await this.#renewals.keep(rotation)) ? [] : [rotation],
      ),
    )
    this.#rotations.clear()
    for (const rotation of await this.#keptElsewhere(left.flat()))
      this.#rotations.set(addressKey(rotation.grant.mailbox), rotation)
  }

  /** What the store does not take at the end. Gives those that no other place takes either. */
  async #keptElsewhere(rotations: readonly Rotation[]): Promise<readonly Rotation[]> {
    if (rotations.length === 0) return []
    const { log, keepElsewhere } = this.#deps
    const mailboxes = rotations.map(({ grant }) => grant.mailbox)
    try {
      if (!keepElsewhere) throw failure('grant.no-other-place')
      await keepElsewhere(rotations.map(changeOf))
      log.warn(
        { event: 'grant.rotation-kept-elsewhere', mailboxes },
        'Rotated refresh tokens that the store did not take are kept in the runtime directory until the next start',
      )
      return []
    } catch (error) {
      const { message: reason } = asFailure(error)
      log.error(
        { event: 'grant.rotation-lost', mailboxes, reason },
        `Rotated refresh tokens could not be stored and end with this process. A consent is lost for each of: ${mailboxes.join(', ')}`,
      )
      return rotations
    }
  }

  /**
   * Hands out only a token of the grant that the mailbox has now, whatever came in between: the
   * cache hears of a change after the store.
   */
  async #accessToken(mailbox: Address, minimumLife: number | undefined): Promise<AccessToken> {
    const key = addressKey(mailbox)
    for (let round = 1; round <= mostRounds; round += 1) {
      const token = await this.#tokenInHand(mailbox, key, minimumLife)
      if (await this.#isOfItsGrant(mailbox, token)) return token
      if (this.#tokens.peek(key)?.token === token) this.#tokens.delete(key)
    }
    throw busyElsewhere(mailbox)
  }

  /**
   * Compare and set, at the moment of use: whether the token is of the mailbox's grant, at the
   * mailbox's provider.
   */
  async #isOfItsGrant(mailbox: Address, { grant }: AccessToken): Promise<boolean> {
    try {
      return isOf(grant, await this.#deps.store.grants.standing(mailbox))
    } catch (error) {
      // A store that does not answer has taken no new change, and the cache knows the earlier ones.
      if (isStoreAway(error)) return true
      throw error
    }
  }

  /** A token from the cache, or from a renewal. */
  async #tokenInHand(
    mailbox: Address,
    key: AddressKey,
    minimumLife: number | undefined,
  ): Promise<AccessToken> {
    const held = this.#tokens.get(key)
    if (held && isGood(held, minimumLife)) return held.token
    const waiting = this.#backOff.at(key)?.blockedBy()
    if (waiting) return this.#inItsPlace(key, minimumLife, waiting)
    if (this.#isClosed) throw stopping()
    const purpose = { anew: false, minimumLife, refusedToo: false }
    const refresh = this.#refreshes.get(key) ?? this.#startRefresh(mailbox, key, purpose)
    const renewal = await refresh.ended
    if (refresh.superseded) return this.#tokenInHand(mailbox, key, minimumLife)
    if (renewal.kind !== 'fresh') return this.#inItsPlace(key, minimumLife, renewal.failure)
    // One of another process that was good enough for whoever began to look for it.
    if (renewal.isShared && !isGood(renewal.held, minimumLife))
      return this.#tokenInHand(mailbox, key, minimumLife)
    return renewal.held.token
  }

  /** The old token, while no fresh one can be had. A revoked grant has left none. */
  #inItsPlace(key: AddressKey, minimumLife: number | undefined, failure: Failure): AccessToken {
    const held = this.#tokens.get(key)
    if (held && serves(held, minimumLife)) return held.token
    throw failure
  }

  #startRefresh(mailbox: Address, key: AddressKey, purpose: Purpose): Refresh {
    // After the superseded refresh: two at once could spend the same refresh token, and providers
    // revoke a grant whose token is spent twice.
    const before = this.#settled.get(key) ?? Promise.resolve()
    const probe = this.#backOff.at(key)?.enter()
    const run = () => this.#run(mailbox, key, purpose, refresh, probe)
    const { refusedToo } = purpose
    const refresh: Refresh = { superseded: false, refusedToo, ended: before.then(run) }
    this.#refreshes.set(key, refresh)
    const done = refresh.ended.then(ignore, ignore).then(() => {
      if (this.#settled.get(key) === done) this.#settled.delete(key)
    })
    this.#settled.set(key, done)
    return refresh
  }

  async #run(
    mailbox: Address,
    key: AddressKey,
    purpose: Purpose,
    refresh: Refresh,
    probe: Probe<Failure> | undefined,
  ): Promise<Renewal> {
    const wish: Wish = {
      ...purpose,
      superseded: () => refresh.superseded,
      isAwaited: () => !refresh.superseded && !this.#isClosed,
      refused: this.#refused.get(key),
      seen: (held) => this.#keepOld(key, refresh, held),
    }
    try {
      const rotation = this.#rotations.get(key)
      const renewal = await (rotation
        ? this.#renewals.resume(rotation, wish)
        : this.#renewals.renew(mailbox, wish))
      if (!refresh.superseded) this.#apply(mailbox, key, renewal)
      // As long as its grant lives, this is its only refresh token, whatever else has changed.
      else if (renewal.kind === 'unstored') this.#rotations.set(key, renewal.rotation)
      return renewal
    } finally {
      // What says nothing of the mailbox ends a look, too.
      probe?.release()
      if (this.#refreshes.get(key) === refresh) this.#refreshes.delete(key)
    }
  }

  /** A token of another process that serves while no fresher one can be had. */
  #keepOld(key: AddressKey, refresh: Refresh, held: HeldToken): void {
    const own = this.#tokens.get(key)
    if (refresh.superseded || (own && own.token.expiresAt >= held.token.expiresAt)) return
    this.#tokens.set(key, held)
  }

  /** Everything that the result of a renewal changes here, in one synchronous step. */
  #apply(mailbox: Address, key: AddressKey, renewal: Renewal): void {
    this.#renewalLog.report(mailbox, renewal)
    if (renewal.kind === 'unstored') this.#rotations.set(key, renewal.rotation)
    else this.#rotations.delete(key)
    if (renewal.kind === 'fresh')
      this.#tokens.set(key, { ...renewal.held, ...(this.#toReplace.delete(key) && { isReplacement: true }) })
    if (renewal.kind === 'fresh' && renewal.restored) this.#deps.onRestored?.(mailbox)
    if (renewal.kind === 'fresh') this.#backOff.succeeded(key, renewal.provider)
    else if (renewal.kind === 'refused') this.#backOff.forget(key)
    else if (!waitsWithOthers(renewal))
      this.#backOff.failed(key, renewal.failure, 'provider' in renewal ? renewal.provider : undefined)
    if (renewal.kind === 'unstored') {
      this.#deps.onUnstored?.()
      this.#resumeLater(mailbox, key)
    }
    if (renewal.kind !== 'refused') return
    // A token that is still cached shows that another process has seen the end of this grant first.
    const ended = this.#tokens.delete(key)
    if (ended || renewal.lapsed) this.#deps.onLapsed(mailbox)
  }

  /** Also without a caller: until the rotation is stored, it lives no longer than this process. */
  #resumeLater(mailbox: Address, key: AddressKey): void {
    this.#later(this.#backOff.at(key)?.remaining() ?? 0, () => {
      if (!this.#isClosed && this.#rotations.has(key) && !this.#refreshes.has(key))
        this.#startRefresh(mailbox, key, { anew: false, refusedToo: false }).ended.catch(ignore)
    })
  }

  /** However young the token is: its fault may have begun a moment ago. */
  #dropRefused(mailbox: Address, refused: AccessToken): void {
    const key = addressKey(mailbox)
    const held = this.#tokens.get(key)
    this.#refused.set(key, refused.secret)
    if (held?.token.secret.reveal() !== refused.secret.reveal()) return
    if (held.isReplacement && refused.ageSeconds() < replacedAgainAfterSeconds) return
    this.#tokens.delete(key)
    this.#toReplace.set(key, true)
  }

  /**
   * Joins a refresh that does the same. An ordinary one that is under way has not tried a refused
   * grant.
   */
  async #renewed(mailbox: Address, refusedToo: boolean): Promise<void> {
    const key = addressKey(mailbox)
    const waiting = this.#backOff.at(key)?.blockedBy()
    if (waiting) throw waiting
    if (this.#isClosed) throw stopping()
    const underway = this.#refreshes.get(key)
    const refresh = underway && (!refusedToo || underway.refusedToo) ? underway : undefined
    const purpose = { anew: true, refusedToo }
    const renewal = await (refresh ?? this.#startRefresh(mailbox, key, purpose)).ended
    if (renewal.kind !== 'fresh') throw renewal.failure
  }

  /** A domain's grant is that of each of its addresses. */
  #keysOf(mailbox: Address): AddressKey[] {
    const own = addressKey(mailbox)
    if (!isDomainMailbox(own)) return [own]
    const known = new Set([...this.#tokens.keys(), ...this.#refreshes.keys(), ...this.#backOff.keys()])
    return [...known].filter((key) => keyCovers(own, key))
  }

  #forget(key: AddressKey): void {
    const refresh = this.#refreshes.get(key)
    if (refresh) refresh.superseded = true
    this.#refreshes.delete(key)
    this.#backOff.forget(key)
    this.#tokens.delete(key)
    this.#toReplace.delete(key)
    this.#refused.delete(key)
    this.#registrations.forget(key)
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
