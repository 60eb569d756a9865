import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { coveredMailbox } from '../mailboxes/mailboxes.ts'
import type { Address } from '../model/address.ts'
import { type ApiKey, meansPersonal, personalMark, type Scope, scopeAddress } from '../model/api-key.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { isWithin, parseNetwork } from '../net/ip.ts'
import type { Store } from '../store/ports.ts'
import {
  createUseRecorder,
  credentialState,
  freshId,
  freshSecret,
  loadLimits,
  parseDisplayName,
  parseExpiry,
  readLimits,
  sameHash,
} from './credential.ts'
import { owner, type Principal, parseScope } from './scopes.ts'
import type { LimitOptions } from './sending-limits.ts'

export interface ApiKeys {
  /**
   * The key is in the answer only: it is shown once and cannot be had again.
   * @throws Failure `invalid` (scope), `not-found` (a scope's mailbox)
   */
  add(request: ApiKeyRequest, by?: Actor): Promise<{ apiKey: ApiKeyStatus; key: Secret }>
  list(): Promise<ApiKeyStatus[]>
  /** @throws Failure `not-found` */
  revoke(id: string, by?: Actor): Promise<void>
  /**
   * What it may send, from its next message on.
   * @throws Failure `not-found`, `invalid`
   */
  limit(id: string, options: LimitOptions, by?: Actor): Promise<ApiKeyStatus>
  /**
   * Finds the API key that a client presented as a bearer token.
   * @param remoteAddress where it comes from: a key may be bound to networks
   * @throws Failure `wrong-credentials`
   */
  check(presented: Secret, remoteAddress: string): Promise<Principal>
}

export interface ApiKeyRequest {
  scopes: readonly string[]
  name?: string
  /** CIDR blocks that it may be used from; none: from anywhere. */
  networks?: readonly string[]
  limits?: LimitOptions
  /** ISO 8601 date or date and time. */
  expires?: string
}

export interface ApiKeyStatus {
  id: string
  name: string
  scopes: readonly Scope[]
  networks: readonly string[]
  /** Only where it has any. */
  limits?: SendingLimits
  state: 'active' | 'expired' | 'revoked'
  createdAt: string
  expiresAt?: string
  lastUsedAt?: string
}

export interface ApiKeysDeps {
  store: Pick<Store, 'apiKeys' | 'mailboxes'>
  keyedHash: KeyedHash
  /** The secret in the data directory that stands for the administrator. */
  ownerKey: Secret
  /**
   * The API key with this id from the credential index; undefined when the index cannot answer for
   * the store. When this function is absent, the store is always asked.
   */
  remembered?: (id: string) => ApiKey | undefined
  clock: Clock
  log: Log
}

// The id finds the row; then the hash of the whole key is compared. No look-up depends on the
// secret part.
const keyForm = /^postern_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/

/** Makes, lists, revokes and checks API keys: scoped bearer secrets for scripts. */
export function createApiKeys(deps: ApiKeysDeps): ApiKeys {
  const { store, keyedHash, ownerKey, clock, log } = deps
  const hashOf = (key: string) => keyedHash('api-key', key)
  const ownerHash = hashOf(ownerKey.reveal())
  const noteUse = createUseRecorder((id, at) => store.apiKeys.used(id, at), log)
  const noteElsewhere = createUseRecorder(async (apiKey, _at, source) => {
    const fields = { event: 'api-key.elsewhere', apiKey, source }
    log.warn(fields, 'An API key was refused: it was used from outside its networks')
  }, log)

  return {
    async add(request, by) {
      const scopes = await readScopes(request.scopes)
      const expiry =
        request.expires === undefined ? {} : { expiresAt: parseExpiry(request.expires, clock.now()) }
      const networks = [...new Set((request.networks ?? []).map(parseNetwork))]
      const limits = await readLimits(request.limits)
      if (limits) requireBounds(scopes)
      const id = freshId()
      const key = new Secret(`postern_${id}_${freshSecret().reveal()}`)
      const name = parseDisplayName(request.name, scopes.join(' ').slice(0, 100))
      const apiKey: ApiKey = {
        ...{ id, name, scopes, networks, ...(limits && { limits }) },
        ...{ hash: hashOf(key.reveal()), createdAt: clock.now(), ...expiry },
      }
      await store.apiKeys.add(apiKey)
      const bounds = {
        ...(networks.length > 0 && { networks }),
        ...(limits && { limits: (await loadLimits()).describeLimits(limits) }),
      }
      const fields = { event: 'api-key.added', apiKey: id, name, scopes, ...bounds, ...actorFields(by) }
      log.info(fields, 'API key added')
      return { apiKey: statusOf(apiKey, clock.now()), key }
    },
    async list() {
      const keys = await store.apiKeys.list()
      return keys.map((key) => statusOf(key, clock.now()))
    },
    async revoke(id, by) {
      if (!(await store.apiKeys.revoke(id, clock.now()))) {
        throw failure('api-key.unknown', { id: printable(id) })
      }
      log.info({ event: 'api-key.revoked', apiKey: id, ...actorFields(by) }, 'API key revoked')
    },
    async limit(id, options, by) {
      const { changedLimits, describeLimits } = await loadLimits()
      const key = await store.apiKeys.limit(id, ({ scopes, limits = {} }) => {
        const changed = changedLimits(limits, options)
        if (Object.keys(changed).length > 0) requireBounds(scopes)
        return changed
      })
      if (key === undefined) throw failure('api-key.unknown-to-limit', { id: printable(id) })
      const { name, limits = {} } = key
      const fields = { event: 'api-key.limited', apiKey: id, name, limits: describeLimits(limits) }
      log.info({ ...fields, ...actorFields(by) }, 'What an API key may send was limited anew')
      return statusOf(key, clock.now())
    },
    async check(presented, remoteAddress) {
      const hash = hashOf(presented.reveal())
      if (sameHash(hash, ownerHash)) return owner
      const id = keyForm.exec(presented.reveal())?.[1]
      const remembered = id === undefined ? undefined : deps.remembered?.(id)
      // A key is never refused before the store was asked.
      const key = opens(hash, remembered) ? remembered : await find(id)
      if (!opens(hash, key)) {
        throw failure('api-key.invalid')
      }
      if (!isWithin(key.networks ?? [], remoteAddress)) {
        noteElsewhere(key.id, clock.now(), remoteAddress)
        // As for a key that is not valid: whoever has found one does not learn that it is good.
        throw failure('api-key.invalid')
      }
      noteUse(key.id, clock.now())
      return principalOf(key)
    },
  }

  async function find(id: string | undefined): Promise<ApiKey | undefined> {
    return id === undefined ? undefined : await store.apiKeys.find(id)
  }

  function opens(hash: string, key: ApiKey | undefined): key is ApiKey {
    const isRight = sameHash(hash, key?.hash ?? '')
    return isRight && key !== undefined && credentialState(key, clock.now()) === 'active'
  }

  async function readScopes(texts: readonly string[]): Promise<Scope[]> {
    if (texts.length === 0) {
      throw failure('api-key.without-scope')
    }
    const scopes = new Set<Scope>()
    for (const text of texts) scopes.add(await withExistingMailbox(parseScope(text)))
    return [...scopes]
  }

  async function withExistingMailbox(scope: Scope): Promise<Scope> {
    const named = scopeAddress(scope)
    if (named === undefined) return scope
    const { address } = await coveredMailbox(store.mailboxes, named)
    const whole: Address = meansPersonal(scope) ? `${address}${personalMark}` : address
    return scope.startsWith('token:') ? `token:${whole}` : `send:${whole}`
  }
}

/**
 * Limits hold for what is sent here. A key that gets access tokens sends at the provider itself.
 * @throws Failure `invalid`
 */
function requireBounds(scopes: readonly Scope[]): void {
  const isBound = scopes.every((scope) => scope === 'read' || scope.startsWith('send:'))
  if (!isBound) throw failure('api-key.limits-without-bounds')
}

function principalOf(key: ApiKey): Principal {
  const { name, id, scopes, limits } = key
  return { name, apiKey: id, scopes, ...(limits && { limits }) }
}

function statusOf(key: ApiKey, now: number): ApiKeyStatus {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    networks: key.networks ?? [],
    ...(key.limits && { limits: key.limits }),
    state: credentialState(key, now),
    createdAt: new Date(key.createdAt).toISOString(),
    ...(key.expiresAt === undefined ? {} : { expiresAt: new Date(key.expiresAt).toISOString() }),
    ...(key.lastUsedAt === undefined ? {} : { lastUsedAt: new Date(key.lastUsedAt).toISOString() }),
  }
}
