import type { Clock } from '../base/clock.ts'
import { Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { freshSecret, sameHash } from '../credentials/credential.ts'
import { type Address, sameAddress } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { PageAccess, PageRole } from '../model/page-access.ts'
import { findRegistered } from '../providers/catalogue.ts'
import type { Identity, OAuthClient, TokenResponse } from '../providers/oauth/oauth-client.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import { isOneTenant, provesIdentity } from '../providers/registration.ts'
import type { PassingStore } from '../store/ports.ts'

/** Sign-in to the pages by OpenID Connect at a mail provider. Made by `createPageSignIns`. */
export interface PageSignIns {
  /** The providers that can be used; none while the settings name no person. */
  providers(): readonly { id: string; name: string }[]
  /**
   * `browser`: as `ConsentService.begin`.
   * @throws Failure `not-found`, `configuration`, and those of the provider
   */
  begin(providerId: string, browser: Secret): Promise<{ authorizationUrl: URL; providerName: string }>
  /** Whether a callback belongs to one of these. */
  isOne(callback: URL): boolean
  /** `account`: see `Identity.account`. @throws Failure `forbidden` with what to do */
  complete(
    callback: URL,
    browser: Secret | undefined,
  ): Promise<{ role: PageRole; person: Address; provider: string; account: string }>
  /** The role that a person proven by this provider has now; undefined for none. */
  roleOf(person: Address, providerId: string): PageRole | undefined
}

interface PageSignInDeps {
  catalogue: Pick<Catalogue, 'registered' | 'list'>
  oauthClientFor(providerId: string): OAuthClient
  limits: Pick<Limits, 'consentSeconds'>
  /** Who may sign in now, and at which providers. */
  readonly people: PageAccess
  keyedHash: KeyedHash
  /** Answers that were taken. The provider itself accepts each code once only. */
  passing: Pick<PassingStore, 'claim'>
  redirectUri: string
  clock: Clock
}

/**
 * Sign-in to the pages by OpenID Connect, so that the provider's second factor protects them. Only
 * the identity is asked for, and nothing of the answer is stored. The browser keeps the pending
 * sign-in, so that a flood of them cannot push others out.
 */
export function createPageSignIns(deps: PageSignInDeps): PageSignIns {
  return new PageSignInService(deps)
}

class PageSignInService implements PageSignIns {
  readonly #deps: PageSignInDeps
  readonly #states: SignInStates

  constructor(deps: PageSignInDeps) {
    this.#deps = deps
    this.#states = createSignInStates(deps.keyedHash)
  }

  providers(): readonly { id: string; name: string }[] {
    return this.#deps.catalogue
      .list()
      .filter(
        ({ provider, registered }) =>
          registered && this.#mayTell(this.#deps.catalogue.registered(provider.id)),
      )
      .map(({ provider: { id, name } }) => ({ id, name }))
  }

  async begin(providerId: string, browser: Secret): Promise<{ authorizationUrl: URL; providerName: string }> {
    const provider = this.#usable(providerId)
    const until = this.#deps.clock.now() + this.#deps.limits.consentSeconds * 1000
    const { state, nonce, codeVerifier } = this.#states.begin({ providerId: provider.id, until }, browser)
    const asked = {
      redirectUri: this.#deps.redirectUri,
      state,
      nonce,
      codeVerifier,
      purpose: 'sign-in' as const,
    }
    const authorizationUrl = await this.#deps.oauthClientFor(provider.id).authorizationUrl(asked)
    return { authorizationUrl, providerName: provider.name }
  }

  isOne(callback: URL): boolean {
    return isSignInState(stateOf(callback))
  }

  async complete(
    callback: URL,
    browser: Secret | undefined,
  ): Promise<{ role: PageRole; person: Address; provider: string; account: string }> {
    const begun = await this.#take(callback, browser)
    const { identity } = await this.#exchange(callback, begun)
    const person = vouchedPerson(identity)
    const role = person === undefined ? undefined : assignedRole(person, this.#deps.people)
    if (!identity || person === undefined || !role)
      throw unknownPerson(person, this.#deps.catalogue.registered(begun.providerId).name, identity)
    return { role, person, provider: begun.providerId, account: printable(identity.account, 300) }
  }

  roleOf(person: Address, providerId: string): PageRole | undefined {
    const provider = findRegistered(this.#deps.catalogue, providerId)
    return provider && this.#mayTell(provider) ? assignedRole(person, this.#deps.people) : undefined
  }

  /**
   * Providers of the providers file are trusted only when the settings name them; built-in ones
   * unless the settings name others.
   */
  #mayTell(provider: RegisteredProvider): boolean {
    const isNamed = this.#deps.people.providers?.includes(provider.id) ?? provider.isOwn === undefined
    return isAnybody(this.#deps.people) && isNamed && canTell(provider) && vouches(provider)
  }

  #usable(providerId: string): RegisteredProvider {
    const provider = this.#deps.catalogue.registered(providerId)
    if (this.#mayTell(provider)) return provider
    throw failure('page.no-sign-in-at-provider', { provider: provider.name })
  }

  async #exchange(callback: URL, begun: BegunSignIn): Promise<TokenResponse> {
    const { state, nonce, codeVerifier, providerId } = begun
    const { name } = this.#usable(providerId)
    const error = callback.searchParams.get('error')
    if (error !== null) throw failure('page.sign-in-failed', { provider: name })
    try {
      const checks = {
        redirectUri: this.#deps.redirectUri,
        state,
        nonce,
        codeVerifier,
        purpose: 'sign-in' as const,
      }
      return await this.#deps.oauthClientFor(providerId).exchangeCode(callback, checks)
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown
      throw failure('page.sign-in-unchecked', { provider: name, cause: thrown })
    }
  }

  async #take(callback: URL, browser: Secret | undefined): Promise<BegunSignIn> {
    const text = stateOf(callback)
    const begun = browser && this.#states.read(text, browser)
    const left = begun ? (begun.until - this.#deps.clock.now()) / 1000 : 0
    if (!begun || left <= 0 || !(await this.#claim(text, left))) throw failure('page.sign-in-elsewhere')
    return begun
  }

  #claim(state: string, seconds: number): Promise<boolean> {
    const key = this.#deps.keyedHash('page-sign-in', `taken:${state}`)
    return this.#deps.passing.claim('sign-in-taken', key, new Secret(''), seconds)
  }
}

function isAnybody({ administrators, viewers }: PageAccess): boolean {
  return administrators.length + viewers.length > 0
}

/** Redirects to postern, and proves an identity. */
function canTell({ oauth, flows }: Provider): boolean {
  return flows.includes('authorization-code') && provesIdentity(oauth) && oauth.redirectUri === undefined
}

/** Entra vouches for a person only where the registration has one tenant: see `entraSignInName`. */
function vouches({ oauth, registration }: RegisteredProvider): boolean {
  const { tenant } = registration
  return tenant === undefined ? oauth.identityRules !== 'entra' : isOneTenant(tenant)
}

/** TLS alone does not vouch for an ID token here: its signature has to be checked. */
function vouchedPerson(identity: Identity | undefined): Address | undefined {
  return identity?.signed && identity.address?.vouched ? identity.address.value : undefined
}

function stateOf(callback: URL): string {
  const [state, ...more] = callback.searchParams.getAll('state')
  return more.length === 0 ? (state ?? '') : ''
}

/** The message does not tell which addresses the settings name. */
function unknownPerson(
  person: string | undefined,
  providerName: string,
  identity: Identity | undefined,
): Failure {
  if (identity?.unproven?.kind === 'unverified')
    return failure('page.address-unverified', { provider: providerName })
  if (person === undefined) return failure('page.nobody-proven', { provider: providerName })
  return failure('page.person-unknown', { person })
}

/** A pending sign-in. */
interface BegunSignIn {
  providerId: string
  /** Milliseconds since 1970. */
  until: number
  state: Secret
  nonce: Secret
  codeVerifier: Secret
}

/**
 * Makes and reads the `state` of sign-ins (RFC 6749, section 10.12). It holds the provider and the
 * expiry, authenticated for the browser that started. Nonce and PKCE verifier are derived from it,
 * so that nothing has to be stored.
 */
interface SignInStates {
  begin(about: Pick<BegunSignIn, 'providerId' | 'until'>, browser: Secret): BegunSignIn
  /** Undefined for a `state` that is not from postern, or of another browser. */
  read(state: string, browser: Secret): BegunSignIn | undefined
}

const shape = /^(sign-in\.([a-z0-9-]{1,64})\.(\d{1,16})\.[\w-]{43})\.([\w-]{43})$/

export function createSignInStates(keyedHash: KeyedHash): SignInStates {
  const derive = (what: string, about: string, browser: Secret) =>
    keyedHash('page-sign-in', `${what}:${about}:${browser.reveal()}`)

  function whole(
    about: string,
    browser: Secret,
    { providerId, until }: Pick<BegunSignIn, 'providerId' | 'until'>,
  ) {
    return {
      providerId,
      until,
      state: new Secret(`${about}.${derive('state', about, browser)}`),
      nonce: new Secret(derive('nonce', about, browser)),
      codeVerifier: new Secret(derive('verifier', about, browser)),
    }
  }

  return {
    begin(about, browser) {
      const { providerId, until } = about
      return whole(`sign-in.${providerId}.${until}.${freshSecret().reveal()}`, browser, about)
    },
    read(state, browser) {
      const [, about = '', providerId = '', until = '', proof = ''] = shape.exec(state) ?? []
      if (about === '' || !sameHash(derive('state', about, browser), proof)) return undefined
      return whole(about, browser, { providerId, until: Number(until) })
    },
  }
}

export function isSignInState(state: string): boolean {
  return shape.test(state)
}

/** The role of a proven address; undefined for none. */
function assignedRole(person: Address, { administrators, viewers }: PageAccess): PageRole | undefined {
  const isNamed = (addresses: readonly Address[]) => addresses.some((one) => sameAddress(one, person))
  if (isNamed(administrators)) return 'administrator'
  return isNamed(viewers) ? 'viewer' : undefined
}

/** Warns at the start when people are named for the pages, but some provider cannot be used. */
export function warnOfPageSignIns(
  signIns: Pick<PageSignIns, 'providers'>,
  { administrators, viewers, providers = [] }: PageAccess,
  log: Log,
): void {
  if (administrators.length + viewers.length === 0) return
  const offered = signIns.providers().map(({ id }) => id)
  const silent = providers.filter((id) => !offered.includes(id))
  if (offered.length > 0 && silent.length === 0) return
  const said =
    'People are named for the pages, but not every provider can vouch for them. At Microsoft POSTERN_MICROSOFT_TENANT has to be one organisation; a provider of the providers file has to be named in POSTERN_SIGN_IN_PROVIDERS, with an issuer and the scope openid.'
  log.warn({ event: 'page.sign-in-without-provider', offered, silent }, said)
}
