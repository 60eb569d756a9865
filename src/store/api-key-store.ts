import type { Kysely } from 'kysely'
import { Failure } from '../base/failure.ts'
import { type AddressKey, addressKey, domainMailbox } from '../model/address.ts'
import { type ApiKey, type Scope, scopeAddress } from '../model/api-key.ts'
import { noteUse, revoke } from './credential-rows.ts'
import { type Database, nullsToAbsent, preparedRead } from './database.ts'
import { changeRow } from './marked-rows.ts'
import type { ApiKeyStore } from './ports.ts'
import type { ApiKeysTable, Tables } from './tables.ts'

export function createApiKeyStore(database: Database): ApiKeyStore {
  const rowOf = preparedRead(database, (tables, id) =>
    tables.selectFrom('api_keys').selectAll().where('id', '=', id),
  )

  return {
    async add(key) {
      const taken = () => new Failure('already-exists', `There is an API key ${key.id} already`)
      await database.change(
        async (tables) => {
          // Checked inside the transaction: the mailbox may have been removed since the request was
          // read.
          const isCovered = await coverageOf(tables)
          if (!key.scopes.every(isCovered))
            throw new Failure('not-found', 'A mailbox of this key does not exist')
          await tables.insertInto('api_keys').values(row(key)).execute()
        },
        { taken },
      )
    },

    async find(id) {
      const found = await rowOf(id)
      return found && apiKeyOf(found)
    },

    async list() {
      const found = await database.read((tables) =>
        tables.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute(),
      )
      return found.map(apiKeyOf)
    },

    revoke: (id, revokedAt) => database.change((tables) => revoke(tables, 'api_keys', id, revokedAt)),
    used: (id, at) => database.change((tables) => noteUse(tables, 'api_keys', id, at)),
  }
}

/**
 * Takes out of every API key the scopes that no mailbox covers any more, and those for `ended`,
 * whose entry begins or ends now. A key that is left with none is revoked, and shows what it was
 * for.
 */
export async function narrowScopes(tables: Kysely<Tables>, now: number, ended?: AddressKey): Promise<void> {
  const isCovered = await coverageOf(tables)
  const keys = tables.selectFrom('api_keys').select(['id', 'scopes']).where('revoked_at', 'is', null)
  for (const { id, scopes: text } of await keys.execute()) {
    const scopes = JSON.parse(text) as Scope[]
    const kept = scopes.filter((scope) => isCovered(scope) && (ended === undefined || keyOf(scope) !== ended))
    if (kept.length === scopes.length) continue
    const change = kept.length === 0 ? { revoked_at: now } : { scopes: JSON.stringify(kept) }
    await changeRow(tables, 'api_keys', { id }, () => change)
  }
}

/** Whether there is a mailbox, or that of the domain, for a scope that is about one. */
async function coverageOf(tables: Kysely<Tables>): Promise<(scope: Scope) => boolean> {
  const found = await tables.selectFrom('mailboxes').select('address_key').execute()
  const mailboxes = new Set(found.map(({ address_key }) => address_key))
  return (scope) => {
    const key = keyOf(scope)
    if (key === undefined || mailboxes.has(key)) return true
    const domain = domainMailbox(key)
    return domain !== undefined && mailboxes.has(domain)
  }
}

function keyOf(scope: Scope): AddressKey | undefined {
  const address = scopeAddress(scope)
  return address === undefined ? undefined : addressKey(address)
}

function row(key: ApiKey): ApiKeysTable {
  return {
    id: key.id,
    name: key.name,
    scopes: JSON.stringify(key.scopes),
    hash: key.hash,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    revoked_at: key.revokedAt ?? null,
    last_used_at: key.lastUsedAt ?? null,
  }
}

function apiKeyOf(found: ApiKeysTable): ApiKey {
  return {
    id: found.id,
    name: found.name,
    scopes: JSON.parse(found.scopes) as Scope[],
    hash: found.hash,
    createdAt: found.created_at,
    ...nullsToAbsent({
      expiresAt: found.expires_at,
      revokedAt: found.revoked_at,
      lastUsedAt: found.last_used_at,
    }),
  }
}
