import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import {
  asFailure,
  byId,
  Failure,
  type FilledFailure,
  filled,
  isFailureId,
  partsOf,
  type SentenceById,
  withRetryAfter,
} from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { Database } from './database.ts'
import type { BesideRenewal } from './grant-store.ts'
import { sql } from './kysely.ts'
import type { IssuedToken, RefreshTurn, SharedLook, SharedToken, SharedTokens } from './ports.ts'
import type { SealContext, Sealer } from './sealer.ts'
import { heardMilliseconds, leaseMilliseconds, now, type SteadyProcesses } from './shared-changes.ts'
import type { Tables } from './tables.ts'

/*
 * One refresh of a mailbox at a time, whichever process makes it, and its access token for all.
 *
 * Who wants to ask a provider takes the turn of the mailbox, a row, by one statement; nothing is locked
 * while the provider is asked. The rotated refresh token, the access token that came with it and the
 * end of the turn are one transaction, so whoever has the next turn sees both. A request that failed
 * leaves its failure for a moment, so that not every process asks at once.
 *
 * The turn of a process that is alive is its own for longer than all of its requests may take. One that
 * was not heard for longer than a request may take has none under way any more: its turn is free. Only a
 * process that has reached the database all the while may say that of another: where the database was
 * away, the other may have got a refresh token that it could not store yet.
 */

interface SharedTokensDeps {
  database: Pick<Database, 'read' | 'change'>
  sealer: Sealer
  others: SteadyProcesses
  /** How long one request at a token endpoint may take. */
  tokenRequestSeconds: number
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

const turnsChannel = 'postern_turns'
/** How often one looks whether a turn has ended, where no notification comes. */
const lookMilliseconds = 500
/** However slow token endpoints are allowed to be. */
const longestTurn = 3_600_000
/** For how long a failed request holds back all processes. */
const [usualPause, longestPause] = [5000, 15_000]
/** What is forged must not fill the memory, nor the log. */
const mostReported = 1000

export function createSharedTokens(deps: SharedTokensDeps): SharedTokens & BesideRenewal {
  const { database, sealer, others, clock, log } = deps
  const requestMilliseconds = deps.tokenRequestSeconds * 1000
  const silence = heardMilliseconds + requestMilliseconds - leaseMilliseconds
  /** Discovery and several secrets may need requests of their own. */
  const whole = Math.min(4 * requestMilliseconds + 20_000, longestTurn)
  const waiting = new Map<string, Set<() => void>>()
  const reported = new Set<string>()
  let seeStored = (_: AddressKey) => {}

  others.hear(turnsChannel, (text) => {
    const [what, key = ''] = text.split(' ')
    for (const wake of waiting.get(key) ?? []) wake()
    if (what === 'stored') seeStored(key as AddressKey)
  })

  /** Whether a turn is free for this process. @param anyway also after a failure */
  function isFree(anyway: boolean) {
    const failedLately = sql`refresh_turns.until between ${now} and ${now} + ${longestPause}`
    const isGone = sql`exists (select 1 from processes
      where id = refresh_turns.held_by and alive_until + refresh_turns.silence < ${now})`
    // Not after a clock that was ahead either.
    const isOver = sql`refresh_turns.until not between ${now} and ${now} + ${longestTurn}`
    return sql<boolean>`(refresh_turns.held_by = ${others.id}
      or (refresh_turns.held_by is null and (${anyway} or not ${failedLately}))
      or (refresh_turns.held_by is not null and ${others.isSteady()} and (${isGone} or ${isOver})))`
  }

  async function turnOf(mailbox: Address, anyway: boolean): Promise<RefreshTurn | undefined> {
    const { rows } = await database.read((tables) =>
      sql<{ at: number }>`insert into refresh_turns (mailbox_key, held_by, until, silence)
        values (${addressKey(mailbox)}, ${others.id}, ${now} + ${whole}, ${silence})
        on conflict (mailbox_key) do update set held_by = excluded.held_by, until = excluded.until,
          silence = excluded.silence, failure = null where ${isFree(anyway)}
        returning ${now} as at`.execute(tables),
    )
    const [taken] = rows
    if (!taken) return undefined
    const at = { database: taken.at, monotonic: clock.monotonic() }
    // A request that begins in time ends, or is given up, before the turn does.
    const isOurs = () =>
      clock.monotonic() - at.monotonic < whole - 2 * requestMilliseconds && others.isHeard()
    return { mailbox, at, isOurs }
  }

  async function openToken(row: LookRow, mailbox: Address): Promise<SharedToken | undefined> {
    const { grant_id: grantId, version, token } = row
    if (grantId === null || version === null || token === null) return undefined
    const place = tokenPlace(addressKey(mailbox), grantId, version)
    const text = await openSealed(place, token, mailbox)
    if (text === undefined) return undefined
    const { secret, issuedAt, warning, ...rest } = JSON.parse(text) as KeptToken
    const words =
      warning && isFailureId(warning.id) ? filled(warning.id as never, warning.values as never) : undefined
    return {
      ...rest,
      ...(words && { warning: words }),
      grantId,
      secret: new Secret(secret),
      ageSeconds: Math.max(0, row.now - issuedAt) / 1000,
    }
  }

  async function openFailure(row: LookRow, mailbox: Address): Promise<SharedLook['failed']> {
    const { held_by: heldBy, until, failure: sealed, now } = row
    if (heldBy !== null || until === null || sealed === null) return undefined
    if (until <= now || until > now + longestPause) return undefined
    const text = await openSealed(failurePlace(addressKey(mailbox)), sealed, mailbox)
    if (text === undefined) return undefined
    const { grantId, failure } = JSON.parse(text) as KeptFailure
    if (!isFailureId(failure.id)) return undefined
    return { grantId, failure: withRetryAfter(new Failure(failure), Math.ceil((until - now) / 1000)) }
  }

  /** Undefined for what is not ours: it does not count, and is named. */
  async function openSealed(place: SealContext, sealed: string, mailbox: Address) {
    try {
      return (await sealer.open(place, sealed)).reveal()
    } catch (error) {
      const { table } = place
      const known = `${table} ${addressKey(mailbox)}`
      if (!reported.has(known) && reported.size < mostReported) {
        reported.add(known)
        log.error(
          { event: 'store.row-refused', table, row: addressKey(mailbox), reason: asFailure(error).message },
          'A row of the database was written or changed by something else than postern: it does not count',
        )
      }
      return undefined
    }
  }

  async function prepare(issued: IssuedToken, version: number) {
    const { mailbox, grantId, secret, ageMilliseconds, lifeSeconds, scopes, givenTo, warning, turn } = issued
    const key = addressKey(mailbox)
    const known = turn?.at ?? (await nowThere())
    const issuedAt = Math.floor(known.database + clock.monotonic() - known.monotonic - ageMilliseconds)
    const kept: KeptToken = {
      ...{ secret: secret.reveal(), issuedAt, lifeSeconds, scopes },
      ...(givenTo && { givenTo }),
      ...(warning && { warning: byId(warning) }),
    }
    const sealed = await sealer.seal(tokenPlace(key, grantId, version), new Secret(textOf(kept)))
    return async (tables: Kysely<Tables>) => {
      await sql`delete from refresh_turns
        where mailbox_key = ${key} and (held_by is null or held_by = ${others.id})`.execute(tables)
      await sql`delete from shared_tokens where expires_at < ${now}`.execute(tables)
      await sql`insert into shared_tokens (mailbox_key, grant_id, version, token, expires_at)
        values (${key}, ${grantId}, ${version}, ${sealed}, ${Math.ceil(issuedAt + lifeSeconds * 1000)})
        on conflict (mailbox_key) do update set grant_id = excluded.grant_id, version = excluded.version,
          token = excluded.token, expires_at = excluded.expires_at`.execute(tables)
      await sql`select pg_notify(${turnsChannel}, ${`stored ${key}`})`.execute(tables)
    }
  }

  async function nowThere() {
    const { rows } = await database.read((tables) =>
      sql<{ now: number }>`select ${now} as now`.execute(tables),
    )
    return { database: rows[0]?.now ?? 0, monotonic: clock.monotonic() }
  }

  return {
    prepare,

    async look(mailbox, anyway) {
      const key = addressKey(mailbox)
      const { rows } = await database.read((tables) =>
        sql<LookRow>`select grant_id, version, token, held_by, until, failure, ${now} as now,
            held_by is not null and not ${isFree(anyway)} as is_taken
          from (select ${key} as asked) asked
          left join shared_tokens on shared_tokens.mailbox_key = asked
          left join refresh_turns on refresh_turns.mailbox_key = asked`.execute(tables),
      )
      const [row] = rows
      if (!row) return { isTaken: false }
      const [token, failed] = [await openToken(row, mailbox), await openFailure(row, mailbox)]
      return {
        isTaken: row.is_taken,
        ...(token && { token }),
        ...(failed && !anyway && { failed }),
      }
    },

    take: turnOf,

    async giveBack(turn, failed) {
      const key = addressKey(turn.mailbox)
      const isOurs = sql`mailbox_key = ${key} and held_by = ${others.id}`
      const told = sql`select pg_notify(${turnsChannel}, ${`free ${key}`})`
      try {
        if (!failed) {
          await database.read((tables) =>
            sql`with given as (delete from refresh_turns where ${isOurs}) ${told}`.execute(tables),
          )
          return
        }
        const sealed = await sealer.seal(failurePlace(key), new Secret(textOf(keptOf(failed))))
        const pause = pauseAfter(failed.failure)
        await database.read((tables) =>
          sql`with given as (update refresh_turns set held_by = null, until = ${now} + ${pause},
              failure = ${sealed} where ${isOurs}) ${told}`.execute(tables),
        )
      } catch (error) {
        // It ends by itself.
        log.debug({ cause: error }, 'The turn of a refresh could not be given back')
      }
    },

    async put(issued) {
      try {
        const active = (tables: Kysely<Tables>) =>
          sql<{ version: number }>`select version from grants
            where id = ${issued.grantId} and state = 'active'`.execute(tables)
        const [found] = (await database.read(active)).rows
        if (!found) return
        const write = await prepare(issued, found.version)
        await database.change(async (tables) => {
          if ((await active(tables)).rows.length > 0) await write(tables)
        })
      } catch (error) {
        log.debug({ cause: error }, 'An access token could not be shared')
      }
    },

    ended(mailbox) {
      const key = addressKey(mailbox)
      return new Promise((resolve) => {
        const all = waiting.get(key) ?? new Set()
        const wake = () => {
          clearTimeout(timer)
          all.delete(wake)
          if (all.size === 0) waiting.delete(key)
          resolve()
        }
        const timer = setTimeout(wake, lookMilliseconds)
        waiting.set(key, all.add(wake))
      })
    },

    follow(see) {
      seeStored = see
    },
  }
}

interface LookRow {
  grant_id: string | null
  version: number | null
  token: string | null
  held_by: string | null
  until: number | null
  failure: string | null
  now: number
  is_taken: boolean
}

/** By the clock of the database, and as JSON. */
interface KeptToken extends Pick<SharedToken, 'lifeSeconds' | 'scopes' | 'givenTo'> {
  secret: string
  issuedAt: number
  warning?: SentenceById
}

interface KeptFailure {
  grantId: string
  failure: FilledFailure
}

function tokenPlace(key: string, grantId: string, version: number): SealContext {
  return { table: 'shared_tokens', column: 'token', row: `${key} ${grantId} ${version}` }
}

function failurePlace(key: string): SealContext {
  return { table: 'refresh_turns', column: 'failure', row: key }
}

function pauseAfter({ retryAfterSeconds = 0 }: Failure): number {
  return Math.min(Math.max(retryAfterSeconds * 1000, usualPause), longestPause)
}

function keptOf({ grantId, failure }: { grantId: string; failure: Failure }): KeptFailure {
  return { grantId, failure: { ...partsOf(failure), cause: undefined } }
}

/** Sentences among the values may be errors, whose message JSON would leave out. */
function textOf(kept: KeptToken | KeptFailure): string {
  return JSON.stringify(kept, (_, value) =>
    value instanceof Error ? { ...value, message: value.message } : value,
  )
}
