import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, failureFields, isStoreAway } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { ActiveGrant, GivenTo, LapsedGrant, Renewed } from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { NetworkFailure } from '../net/network-failure.ts'
import { explanationIn } from '../providers/errors/explained.ts'
import {
  type FaultScope,
  judge,
  type OAuthClient,
  OAuthError,
  reasonIn,
  type TokenResponse,
  type TokenVerdict,
} from '../providers/oauth/oauth-client.ts'
import type { Provider } from '../providers/provider.ts'
import { differenceOf } from '../providers/registration.ts'
import type { IssuedToken, KeptRotation, RefreshTurn, Store } from '../store/ports.ts'
import {
  busyElsewhere,
  consentNeeded,
  givenToAnother,
  mailboxUnknown,
  refusedAlone,
  rotationUnstored,
  tokenTrouble,
  wrongToken,
} from './failures.ts'
import { type HeldToken, holdToken, type Moment, momentOf } from './held-token.ts'
import type { RefreshPermit, RegistrationBreakers } from './token-breakers.ts'

export interface RenewalDeps {
  store: Pick<Store, 'grants' | 'mailboxes'>
  oauthClientFor(providerId: string): OAuthClient
  /** In seconds, for providers whose tokens must be renewed earlier than by the general rule. */
  refreshMarginFor?: ((providerId: string) => number) | undefined
  /** What a grant of this provider is given to now. Absent: nothing is known of that. */
  registrationOf?: ((providerId: string) => GivenTo) | undefined
  /** Whose errors this provider answers. Absent: nobody's in particular. */
  errorFamilyOf?: ((providerId: string) => Provider['errorFamily']) | undefined
  clock: Clock
  log: Log
  /** Where other processes renew the same grants. */
  shareRenewals?: ((clock: Clock) => SharedRenewals) | undefined
}

/** What a renewal is for. */
export interface Wish {
  /** The grant was replaced: the refresh token belongs to the next renewal then. */
  superseded(): boolean
  /** Whether what another process gets is waited for. */
  isAwaited(): boolean
  /** A grant that its provider has refused is tried again. */
  refusedToo: boolean
  /** The refresh token is to be used, also while the access token is good. */
  anew: boolean
  /** Otherwise, for how long the token has to be valid, in seconds. */
  minimumLife?: number | undefined
  /** The token that the mail server refused last. */
  refused?: Secret | undefined
  /** Told of a token of another process that is valid, and not good enough. */
  seen(held: HeldToken): void
}

/** Renewals where other processes renew the same grants: one of them asks, and all take what came. */
export interface SharedRenewals {
  /**
   * What makes a request of this process needless: the token that another one has got, or why none is
   * asked for now. While another one asks, it is waited for.
   */
  instead(mailbox: Mailbox, wish: Wish): Promise<Renewal | undefined>
  /** Asks while no other process does. `moved-on` where one of them was faster. */
  inTurn(
    mailbox: Mailbox,
    wish: Wish,
    ask: (turn: RefreshTurn) => Promise<Renewal | MovedOn>,
  ): Promise<Renewal | MovedOn>
  /** A rotation that could not be stored at once was stored, or is not wanted any more. */
  giveBack(turn: RefreshTurn): Promise<void>
  /** A token that came without a renewal. */
  put(issued: IssuedToken): Promise<void>
  /** From now on `see` is told of each mailbox whose token was renewed by any process. */
  follow(see: (mailbox: AddressKey) => void): void
}

/** The result of one renewal. */
export type Renewal =
  /** `isShared`: another process has got it. */
  | { kind: 'fresh'; held: HeldToken; provider: string; restored?: true; isShared?: true }
  /**
   * No active grant, or no such mailbox: asking again changes nothing. `lapsed`: the grant has
   * lapsed just now.
   */
  | { kind: 'refused'; failure: Failure; lapsed?: true }
  | {
      kind: 'failed'
      about: FaultScope
      failure: Failure
      provider: string
      reason: string
      /** That was tried. */
      grantId?: string
    }
  /** The provider was not asked: the whole registration waits, or another process has just failed. */
  | { kind: 'held-back'; failure: Failure }
  /** The store failed, possibly after the provider was asked. */
  | { kind: 'store-down'; failure: Failure }
  /**
   * The provider rotated the refresh token and it could not be stored: without it the consent is
   * lost.
   */
  | { kind: 'unstored'; failure: Failure; rotation: Rotation }

/** A good answer that must not be used before it is stored. */
export interface Rotation {
  grant: SpendableGrant
  answer: TokenResponse
  asked: Moment
  /** The registration that asked, which may be another one by now. */
  registration?: GivenTo | undefined
  turn?: RefreshTurn | undefined
}

/** What the store is to take of a rotation. */
export function changeOf({ grant, answer, asked, registration: givenTo }: Rotation): KeptRotation {
  const { id, version, mailbox } = grant
  return { id, version, mailbox, renewed: { ...renewedBy(answer, asked.now), ...(givenTo && { givenTo }) } }
}

/** A grant that may be renewed. A lapsed one is tried again if its provider had refused it. */
type SpendableGrant = ActiveGrant | LapsedGrant

/**
 * The grant has changed since it was read: another process renewed it, or there was a new consent. Or
 * another process has the turn.
 */
export type MovedOn = { kind: 'moved-on' }

/** Two processes may get in each other's way twice; more often is no accident. */
const mostAttempts = 3

/**
 * Renews tokens. A renewal asks the provider once, and again only where the grant has changed
 * meanwhile. The caller sees to it that a mailbox has one at a time.
 */
export class Renewals {
  readonly #deps: RenewalDeps
  readonly #registrations: RegistrationBreakers
  readonly #shared: SharedRenewals | undefined

  constructor(deps: RenewalDeps, registrations: RegistrationBreakers, shared?: SharedRenewals) {
    this.#deps = deps
    this.#registrations = registrations
    this.#shared = shared
  }

  /** Spends the mailbox's refresh token once. */
  renew(mailbox: Address, wish: Wish): Promise<Renewal> {
    return orStoreDown(this.#renew(mailbox, wish))
  }

  /** Tries again to store a rotation; renews if the rotation is no longer wanted. */
  resume(rotation: Rotation, wish: Wish): Promise<Renewal> {
    return orStoreDown(this.#resume(rotation, wish))
  }

  /** Tries once more to store a rotation, and nothing else. False when the store does not take it. */
  async keep(rotation: Rotation): Promise<boolean> {
    return (await this.#keep(rotation)).kind !== 'unstored'
  }

  async #renew(address: Address, wish: Wish): Promise<Renewal> {
    let provider = ''
    for (let round = 1; round <= mostAttempts && !wish.superseded(); round += 1) {
      // Read in each round: the mailbox may have moved, or be gone, since the last one.
      const mailbox = await this.#deps.store.mailboxes.covering(address)
      if (!mailbox) return { kind: 'refused', failure: mailboxUnknown(address) }
      provider = mailbox.providerId
      const renewal = (await this.#shared?.instead(mailbox, wish)) ?? (await this.#renewOnce(mailbox, wish))
      if (renewal.kind !== 'moved-on') return renewal
    }
    const failure = busyElsewhere(address)
    return { kind: 'failed', about: 'mailbox', failure, provider, reason: failure.message }
  }

  async #renewOnce(mailbox: Mailbox, wish: Wish): Promise<Renewal | MovedOn> {
    // Before the grant is read, because this may wait: a refresh token that was replaced meanwhile
    // must not be spent.
    const permit = await this.#registrations.of(mailbox.providerId).acquire(mailbox.address)
    try {
      if (!this.#shared || permit.blockedBy) return await this.#renewNow(mailbox, wish, permit)
      return await this.#shared.inTurn(mailbox, wish, (turn) => this.#renewNow(mailbox, wish, permit, turn))
    } finally {
      permit.end()
    }
  }

  async #renewNow(
    { address, providerId, coveredBy }: Mailbox,
    { refusedToo }: Wish,
    permit: RefreshPermit,
    turn?: RefreshTurn,
  ): Promise<Renewal | MovedOn> {
    const kept = await this.#deps.store.grants.ofMailbox(coveredBy ?? address)
    // The mailbox has moved during the wait: its new grant must not go to the provider that was
    // looked up before.
    if (kept.state === 'active' && kept.providerId !== providerId) return { kind: 'moved-on' }
    if (kept.state === 'absent' || (kept.state === 'lapsed' && !(refusedToo && mayBeTried(kept, providerId))))
      return { kind: 'refused', failure: consentNeeded(address, kept.state) }
    if (permit.blockedBy) return { kind: 'held-back', failure: permit.blockedBy }
    // Everything at the provider is about this one address, also when the grant is the domain's.
    return this.#spend({ ...kept, mailbox: address }, permit, turn)
  }

  async #spend(grant: SpendableGrant, permit: RefreshPermit, turn?: RefreshTurn): Promise<Renewal | MovedOn> {
    const { providerId: provider } = grant
    const asked = momentOf(this.#deps.clock)
    let client: OAuthClient | undefined
    let registration: GivenTo | undefined
    let answer: TokenResponse
    let isTooLate = false
    try {
      client = this.#deps.oauthClientFor(provider)
      registration = this.#deps.registrationOf?.(provider)
      answer = await ask(client, grant, () => {
        isTooLate = turn?.isOurs() === false
        if (isTooLate) throw busyElsewhere(grant.mailbox)
      })
    } catch (error) {
      if (isTooLate) return { kind: 'moved-on' }
      if (client && this.#hasNewClient(provider, client)) return { kind: 'moved-on' }
      return this.#afterFailure(grant, provider, error, permit)
    }
    permit.worked()
    return this.#keep({ grant, answer, asked, registration, turn })
  }

  /** The registration was changed meanwhile: that it was refused says nothing of what it is now. */
  #hasNewClient(provider: string, asked: OAuthClient): boolean {
    try {
      return this.#deps.oauthClientFor(provider) !== asked
    } catch {
      return false
    }
  }

  /** The access token is of another registration than there is now. */
  #isAnother(provider: string, asked: GivenTo | undefined): boolean {
    if (!asked) return false
    try {
      const now = this.#deps.registrationOf?.(provider)
      return now !== undefined && differenceOf(asked, now) !== undefined
    } catch {
      // It has gone, and so has its mailbox's way to a token.
      return false
    }
  }

  /**
   * Stores the rotation before anything is handed out: a crash in between must not cost the
   * consent.
   */
  async #keep(rotation: Rotation): Promise<Renewal | MovedOn> {
    const { grant, answer, registration: givenTo } = rotation
    const { providerId } = grant
    try {
      const { id, version, renewed } = changeOf(rotation)
      const issued = this.#shared && issuedBy(rotation, this.#deps.clock)
      const stored = await this.#deps.store.grants.renewed(id, version, renewed, issued)
      // Without a refresh token nothing can be lost: another address of the domain may have been
      // faster.
      if (!stored && grant.refreshToken) return { kind: 'moved-on' }
      if (!stored && issued) await this.#shared?.put(issued)
    } catch (error) {
      const failure = rotationUnstored(grant.mailbox, error)
      if (answer.refreshToken) return { kind: 'unstored', failure, rotation }
      // The stored refresh token is still the right one; only the time of its use is lost.
      this.#deps.log.warn(
        { event: 'grant.renewal-unnoted', mailbox: grant.mailbox, failure: failure.id },
        'A renewal could not be noted',
      )
    }
    // Kept all the same: it is the only refresh token that there is.
    if (this.#isAnother(providerId, givenTo)) return { kind: 'moved-on' }
    return this.#usable(rotation)
  }

  /** The access token of a rotation that is stored. */
  #usable({ grant, answer, asked }: Rotation): Renewal {
    const { id, providerId: provider } = grant
    const { accessToken: secret, expiresInSeconds, scopes, tokenCheck } = answer
    // Not before the rotation is stored: the refresh token is good, whatever the access token is
    // for.
    if (tokenCheck?.error) {
      const failure = wrongToken(grant.mailbox, tokenCheck.error)
      const { message: reason } = tokenCheck.error
      return { kind: 'failed', about: 'mailbox', failure, provider, reason, grantId: id }
    }
    const warning = tokenCheck?.warning
    const of = { id, providerId: provider, personal: grant.refreshToken !== undefined }
    const fresh = { secret, grant: of, expiresInSeconds, scopes, ...(warning !== undefined && { warning }) }
    const held = holdToken(this.#deps.clock, asked, fresh, this.#deps.refreshMarginFor?.(provider))
    return { kind: 'fresh', held, provider, ...(grant.state === 'lapsed' && { restored: true }) }
  }

  async #afterFailure(
    grant: SpendableGrant,
    provider: string,
    error: unknown,
    permit: RefreshPermit,
  ): Promise<Renewal | MovedOn> {
    const judged = judge(error)
    const { reason, own } = judged
    // Without a person there is no consent to ask for: what the app may do is set up at the
    // provider.
    const verdict =
      judged.kind === 'consent-needed' && !grant.refreshToken
        ? { kind: 'setup-wrong' as const, about: 'mailbox' as const, reason, ...(own && { own }) }
        : judged
    if (error instanceof OAuthError && error.status !== undefined) permit.answered()
    if (verdict.kind === 'consent-needed') return this.#refusedGrant(grant, provider, judged)
    const errorFamily = this.#deps.errorFamilyOf?.(provider)
    const whose = { id: provider, ...(errorFamily && { errorFamily }) }
    const failure = await tokenTrouble(verdict, grant.mailbox, whose, error)
    const failed = { kind: 'failed' as const, provider, reason, grantId: grant.id }
    if (failure instanceof NetworkFailure && failure.code === 'provider-unavailable')
      return { ...failed, about: permit.unanswered(failure) ? 'registration' : 'mailbox', failure }
    if (verdict.about === 'mailbox') return { ...failed, about: 'mailbox', failure }
    if (permit.refused(failure)) return { ...failed, about: 'registration', failure }
    return { ...failed, about: 'mailbox', failure: refusedAlone(grant.mailbox, provider) }
  }

  /**
   * A provider does not say whether a refresh token has ended or was never given to this client.
   * What the grant was given to decides that.
   */
  async #refusedGrant(
    grant: SpendableGrant,
    provider: string,
    said: Pick<TokenVerdict, 'reason' | 'own'>,
  ): Promise<Renewal | MovedOn> {
    const now = this.#deps.registrationOf?.(provider)
    const difference = grant.givenTo && now && differenceOf(grant.givenTo, now)
    // A lapsed grant was refused with its own registration before.
    if (!difference || grant.state === 'lapsed') return this.#confirmLapse(grant, provider, said, now)
    const failure = givenToAnother(provider, difference)
    return { kind: 'failed', about: 'mailbox', failure, provider, reason: said.reason, grantId: grant.id }
  }

  /**
   * The refused token may have been replaced by another process in the meantime: the version
   * decides.
   */
  async #confirmLapse(
    grant: SpendableGrant,
    provider: string,
    said: Pick<TokenVerdict, 'reason' | 'own'>,
    registration: GivenTo | undefined,
  ): Promise<Renewal | MovedOn> {
    const { id, version, mailbox, state } = grant
    if (
      !(await this.#deps.store.grants.lapse(
        id,
        version,
        this.#deps.clock.now(),
        reasonIn(said),
        registration,
      ))
    )
      return { kind: 'moved-on' }
    if (state === 'lapsed') return { kind: 'refused', failure: consentNeeded(mailbox, 'lapsed') }
    const known = (await explanationIn(said.reason, {}, this.#deps.errorFamilyOf?.(provider)))?.known.id
    this.#deps.log.warn(
      {
        event: 'grant.lapsed',
        mailbox,
        provider,
        reason: said.reason,
        ...(known !== undefined && { known }),
      },
      'A consent is needed: the grant has lapsed',
    )
    return { kind: 'refused', failure: consentNeeded(mailbox, 'lapsed'), lapsed: true }
  }

  async #resume(rotation: Rotation, wish: Wish): Promise<Renewal> {
    const renewal = await this.#keep(rotation)
    if (renewal.kind !== 'unstored' && rotation.turn) await this.#shared?.giveBack(rotation.turn)
    return renewal.kind === 'moved-on' ? this.#renew(rotation.grant.mailbox, wish) : renewal
  }
}

/** Not if its mailbox or its person has changed: such a grant is not used any more. */
function mayBeTried({ refused, refreshToken, providerId }: LapsedGrant, provider: string): boolean {
  return refused !== undefined && refreshToken !== undefined && providerId === provider
}

/** What other processes may use of it. Nothing where the token itself is of no use. */
function issuedBy(
  { grant, answer, asked, registration: givenTo, turn }: Rotation,
  clock: Clock,
): IssuedToken | undefined {
  const { accessToken: secret, expiresInSeconds: lifeSeconds, scopes, tokenCheck } = answer
  if (tokenCheck?.error) return undefined
  return {
    ...{ mailbox: grant.mailbox, grantId: grant.id, secret, lifeSeconds, scopes },
    ageMilliseconds: clock.monotonic() - asked.monotonic,
    ...(givenTo && { givenTo }),
    ...(tokenCheck?.warning && { warning: tokenCheck.warning }),
    ...(turn && { turn }),
  }
}

/**
 * Gets an access token by the flow of the grant.
 * @param before right before a refresh token leaves; it does not where this throws
 */
function ask(
  client: OAuthClient,
  { flow, mailbox, refreshToken, scopes }: SpendableGrant,
  before: () => void,
): Promise<TokenResponse> {
  if (refreshToken) return client.refresh(refreshToken, scopes, before)
  return client.appOnlyToken(flow === 'service-account' ? flow : 'client-credentials', mailbox)
}

function renewedBy({ refreshToken, refreshTokenExpiresInSeconds }: TokenResponse, now: number): Renewed {
  return {
    renewedAt: now,
    ...(refreshToken && { refreshToken }),
    ...(refreshTokenExpiresInSeconds !== undefined && {
      refreshTokenEndsAt: now + refreshTokenExpiresInSeconds * 1000,
    }),
  }
}

async function orStoreDown(renewal: Promise<Renewal>): Promise<Renewal> {
  try {
    return await renewal
  } catch (error) {
    if (isStoreAway(error)) return { kind: 'store-down', failure: error }
    throw error
  }
}

/** Logs renewals that went wrong. */
export class RenewalLog {
  readonly #log: Log
  /**
   * Providers, and single mailboxes, whose wrong set-up is logged already. Further tries are logged
   * at debug level.
   */
  readonly #alarmed = new LRUCache<string, true>({ max: 10_000 })

  constructor(log: Log) {
    this.#log = log
  }

  report(mailbox: Address, renewal: Renewal): void {
    switch (renewal.kind) {
      case 'fresh':
        if (renewal.isShared) break
        this.#reportSuccess(mailbox, renewal.provider)
        if (renewal.restored) this.#reportRestored(mailbox, renewal.provider)
        break
      case 'failed':
        this.#reportFailure(mailbox, renewal)
        break
      case 'store-down':
        this.#log.error({ event: 'grant.store-down', mailbox }, renewal.failure.message)
        break
      case 'unstored':
        this.#log.error(
          { event: 'grant.rotation-unstored', mailbox },
          'A rotated refresh token cannot be stored and is held in memory only: ending postern now would cost this consent',
        )
        break
      case 'refused':
      case 'held-back':
        break
    }
  }

  #reportFailure(mailbox: Address, failed: Renewal & { kind: 'failed' }): void {
    const { failure, provider, about, reason } = failed
    const { code, fix } = failure
    const fields = {
      event: 'grant.renewal-failed',
      mailbox,
      provider,
      about,
      ...failureFields(failure),
      reason,
      fix,
    }
    const whom = about === 'registration' ? provider : addressKey(mailbox)
    if (code !== 'provider-setup') {
      this.#log.warn(fields, 'An access token could not be renewed')
    } else if (this.#alarmed.has(whom)) {
      this.#log.debug(fields, 'The set-up is still wrong')
    } else {
      this.#alarmed.set(whom, true)
      this.#log.error(fields, failure.message)
    }
  }

  #reportSuccess(mailbox: Address, provider: string): void {
    this.#alarmed.delete(addressKey(mailbox))
    if (this.#alarmed.delete(provider))
      this.#log.info({ event: 'registration.works', provider }, 'The provider accepts the registration again')
  }

  #reportRestored(mailbox: Address, provider: string): void {
    this.#log.info(
      { event: 'grant.restored', mailbox, provider },
      'The provider accepts again a consent that it had refused',
    )
  }
}
