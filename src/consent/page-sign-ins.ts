import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import type { PageAccessConfig } from '../config/config.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import { sameHash } from '../mailboxes/same-hash.ts'
import { provesIdentity } from '../providers/oauth/identity.ts'
import type { TokenAnswer } from '../providers/oauth/oauth-client.ts'
import type { Provider, RegisteredProvider } from '../providers/provider.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import type { ConsentNeeds } from './consent-needs.ts'
import { roleOfPerson } from './page-people.ts'
import type { PageSignIns } from './service.ts'

type Needs = Pick<ConsentNeeds, 'catalogue' | 'oauthClientFor' | 'consentSeconds'> & {
  people: PageAccessConfig
  hashes: ConsentHashes
  redirectUri: string
  clock: Clock
  log: Log
}

interface Begun {
  providerId: string
  browserHash: string
  nonce: Secret
  codeVerifier: Secret
  until: number
}

const mostAtOnce = 1000

/**
 * Signing in to the pages at a provider (OpenID Connect), so that its second factor protects them. Nothing is asked for but who somebody is, and nothing of the answer
 * is kept. What is under way is in memory: whoever is interrupted by a restart begins again.
 */
export function createPageSignIns(needs: Needs): PageSignIns {
  const { catalogue, oauthClientFor, people, hashes, redirectUri, clock } = needs
  const begun = new LRUCache<string, Begun>({ max: mostAtOnce })
  const isOn = people.administrators.length + people.viewers.length > 0

  function usable(providerId: string): RegisteredProvider {
    const provider = catalogue.registered(providerId)
    if (isOn && canTell(provider)) return provider
    throw new Failure('configuration', `Nobody signs in to these pages at ${provider.name}`, {
      fix: 'Name people in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS, and use a provider that proves who signed in.',
    })
  }

  async function exchange(callback: URL, state: Secret, one: Begun): Promise<TokenAnswer> {
    const { nonce, codeVerifier, providerId } = one
    const { name } = catalogue.registered(providerId)
    const error = callback.searchParams.get('error')
    if (error !== null) throw notProven(`${name} says that the sign-in did not succeed`)
    try {
      const checks = { redirectUri, state, nonce, codeVerifier }
      return await oauthClientFor(providerId).exchangeCode(callback, checks)
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown
      throw notProven(`The answer of ${name} did not pass the checks`, thrown)
    }
  }

  function take(callback: URL, browser: Secret | undefined): { state: Secret; one: Begun } {
    const state = stateOf(callback)
    const key = hashes.state(state)
    const one = begun.get(key)
    begun.delete(key)
    const hash = one && browser && hashes.browser(browser, one.providerId)
    if (!one || hash === undefined || !sameHash(hash, one.browserHash) || one.until <= clock.monotonic())
      throw notProven('This sign-in was begun in another browser, or took too long')
    return { state, one }
  }

  return {
    providers: () =>
      isOn
        ? catalogue
            .list()
            .filter(({ provider, registered }) => registered && canTell(provider))
            .map(({ provider: { id, name } }) => ({ id, name }))
        : [],

    async begin(providerId, browser) {
      const provider = usable(providerId)
      const [state, nonce, codeVerifier] = [freshSecret(), freshSecret(), freshSecret()]
      const asked = { redirectUri, state, nonce, codeVerifier, purpose: 'sign-in' as const }
      const authorizationUrl = await oauthClientFor(provider.id).authorizationUrl(asked)
      begun.set(hashes.state(state), {
        providerId: provider.id,
        browserHash: hashes.browser(browser, provider.id),
        nonce,
        codeVerifier,
        until: clock.monotonic() + needs.consentSeconds * 1000,
      })
      return { authorizationUrl, providerName: provider.name }
    },

    isOne: (callback) => begun.has(hashes.state(stateOf(callback))),

    async complete(callback, browser) {
      const { state, one } = take(callback, browser)
      const { identity } = await exchange(callback, state, one)
      const vouched = identity?.vouched ?? []
      for (const person of vouched) {
        const role = roleOfPerson(person, people)
        if (role) return { role, person }
      }
      throw unknownPerson(vouched[0], catalogue.registered(one.providerId).name)
    },

    roleOf: (person) => roleOfPerson(person, people),
  }
}

/** Comes back to us by itself, and says who signed in. */
function canTell({ oauth, flows }: Provider): boolean {
  return flows.includes('authorization-code') && provesIdentity(oauth) && oauth.redirectUri === undefined
}

function stateOf(callback: URL): Secret {
  const [state, ...more] = callback.searchParams.getAll('state')
  return new Secret(more.length === 0 ? (state ?? '') : '')
}

function notProven(message: string, cause?: unknown): Failure {
  return new Failure('forbidden', message, {
    fix: 'Sign in again, and stay in the same browser.',
    ...(cause !== undefined && { cause }),
  })
}

/** Who is named in the settings is nobody's business. */
function unknownPerson(person: string | undefined, providerName: string): Failure {
  if (person === undefined)
    return new Failure('forbidden', `${providerName} did not prove a mail address of yours`, {
      fix: 'Sign in with an account whose address it has verified; at Microsoft, the registration has to be for one organisation (POSTERN_MICROSOFT_TENANT).',
    })
  return new Failure('forbidden', `${person} may not look at these pages`, {
    fix: 'Ask whoever runs postern to name this address in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS.',
  })
}
