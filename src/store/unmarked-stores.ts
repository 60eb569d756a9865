import type { Kysely } from 'kysely'
import { LRUCache } from 'lru-cache'
import { type Clock, createPacedForgetting } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import { withoutCase } from '../base/text.ts'
import { type Database, nullsToAbsent } from './database.ts'
import type {
  NoticeStore,
  PassingKind,
  PassingStore,
  RecipientCountStore,
  SentKeyStore,
  SentNotice,
  ServerCapabilities,
  ServerCapabilityStore,
} from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { HeardOffersTable, SentNoticesTable, Tables } from './tables.ts'

/*
 * The small tables whose rows give no right and therefore have no mark: recipients that were
 * counted, notices that were sent, what the mail servers of the providers offer, and the keys of
 * messages that were sent.
 */

const memoryMilliseconds = 2 * 86_400_000

/** Adds to the recipients of an hour, and forgets those of days that are over. */
export function createRecipientCounting() {
  const paced = createPacedForgetting(3_600_000)
  return async (tables: Kysely<Tables>, account: string, hour: number, recipients: number): Promise<void> => {
    await tables
      .insertInto('recipient_counts')
      .values({ mailbox_key: withoutCase(account), hour, recipients })
      .onConflict((on) =>
        on.columns(['mailbox_key', 'hour']).doUpdateSet((by) => ({
          recipients: by('recipient_counts.recipients', '+', recipients),
        })),
      )
      .execute()
    const { oldest } = await tables
      .selectFrom('recipient_counts')
      .select(({ fn }) => fn.min('hour').as('oldest'))
      .executeTakeFirstOrThrow()
    await tables
      .deleteFrom('recipient_counts')
      .where('hour', '<', paced(hour - memoryMilliseconds, Number(oldest)))
      .execute()
  }
}

export function createRecipientCountStore(database: Database): RecipientCountStore {
  const counting = createRecipientCounting()
  return {
    since: (account, since) =>
      database.read((tables) =>
        tables
          .selectFrom('recipient_counts')
          .select(['hour', 'recipients'])
          .where('mailbox_key', '=', withoutCase(account))
          .where('hour', '>=', since)
          .orderBy('hour')
          .execute(),
      ),

    async add(account, hour, recipients) {
      await database.change((tables) => counting(tables, account, hour, recipients))
    },
  }
}

export function createNoticeStore(database: Database): NoticeStore {
  return {
    async list() {
      const found = await database.read((tables) => tables.selectFrom('sent_notices').selectAll().execute())
      return found.map(noticeOf)
    },

    put: ({ key, channel, firstAt, lastAt, stage }) =>
      database.change(async (tables) => {
        const sent = { first_at: firstAt, last_at: lastAt, stage }
        await tables
          .insertInto('sent_notices')
          .values({ notice_key: key, channel, ...sent })
          .onConflict((on) => on.columns(['notice_key', 'channel']).doUpdateSet(sent))
          .execute()
      }),

    remove: (key) =>
      database.change(async (tables) => {
        await tables.deleteFrom('sent_notices').where('notice_key', '=', key).execute()
      }),
  }
}

function noticeOf({ notice_key, channel, first_at, last_at, stage }: SentNoticesTable): SentNotice {
  return {
    key: notice_key,
    channel: channel as SentNotice['channel'],
    firstAt: first_at,
    lastAt: last_at,
    stage,
  }
}

export function createServerCapabilityStore(database: Database): ServerCapabilityStore {
  return {
    async list() {
      const found = await database.read((tables) => tables.selectFrom('heard_offers').selectAll().execute())
      return found.map(capabilitiesOf)
    },

    put: ({ providerId, host, size, ...offered }) =>
      database.change(async (tables) => {
        const stated = {
          host,
          size: size ?? null,
          eight_bit_mime: Number(offered.eightBitMime),
          smtp_utf8: Number(offered.smtpUtf8),
          dsn: Number(offered.dsn),
          enhanced_status_codes: Number(offered.enhancedStatusCodes),
        }
        await tables
          .insertInto('heard_offers')
          .values({ provider_id: providerId, ...stated })
          .onConflict((on) => on.column('provider_id').doUpdateSet(stated))
          .execute()
      }),
  }
}

function capabilitiesOf(found: HeardOffersTable): ServerCapabilities {
  return {
    providerId: found.provider_id,
    host: found.host,
    ...nullsToAbsent({ size: found.size }),
    eightBitMime: found.eight_bit_mime === 1,
    smtpUtf8: found.smtp_utf8 === 1,
    dsn: found.dsn === 1,
    enhancedStatusCodes: found.enhanced_status_codes === 1,
  }
}

/** Of each kind: as many as a busy morning brings. */
export const mostPassing = 1_000
export const mostOfKind: { readonly [Kind in PassingKind]?: number } = {
  'sign-in-link': 100,
  'sign-in-taken': 10_000,
}

/** Of one process alone: in its memory, so that nothing of it is written, and a restart ends it. */
export function createPassingMemory(clock: Pick<Clock, 'monotonic'>): PassingStore {
  const kinds = new Map<PassingKind, LRUCache<string, { value: Secret; until: number }>>()

  function of(kind: PassingKind) {
    const found =
      kinds.get(kind) ??
      new LRUCache<string, { value: Secret; until: number }>({
        max: mostOfKind[kind] ?? mostPassing,
      })
    kinds.set(kind, found)
    return found
  }

  function living(kind: PassingKind, key: string): Secret | undefined {
    const found = kinds.get(kind)?.get(key)
    return found && clock.monotonic() < found.until ? found.value : undefined
  }

  function set(kind: PassingKind, key: string, value: Secret, seconds: number): void {
    of(kind).set(key, { value, until: clock.monotonic() + seconds * 1000 })
  }

  return {
    put: async (...given) => set(...given),
    async claim(kind, key, value, seconds) {
      const isFree = living(kind, key) === undefined
      if (isFree) set(kind, key, value, seconds)
      return isFree
    },
    find: async (kind, key) => living(kind, key),
    async take(kind, key) {
      const found = living(kind, key)
      kinds.get(kind)?.delete(key)
      return found
    },
    list: async (kind) =>
      [...(kinds.get(kind)?.keys() ?? [])].flatMap((key) => {
        const value = living(kind, key)
        return value ? [{ key, value }] : []
      }),
    removeAll: async (kind) => void kinds.get(kind)?.clear(),
  }
}

const sentKeyMilliseconds = 86_400_000

export function createSentKeyStore(
  database: Database,
  sealer: Sealer,
  clock: Pick<Clock, 'now'>,
): SentKeyStore {
  const placeOf = (id: string) => ({ table: 'sent_keys', column: 'answer', row: id })

  return {
    async find(id) {
      const row = await database.read((tables) =>
        tables
          .selectFrom('sent_keys')
          .select(['fingerprint', 'answer'])
          .where('id', '=', id)
          .where('ends_at', '>', clock.now())
          .executeTakeFirst(),
      )
      if (row === undefined) return undefined
      const { fingerprint, answer } = row
      if (fingerprint === null || answer === null) return {}
      return { fingerprint, answer: await sealer.open(placeOf(id), answer) }
    },

    claim: (id, owner, most) =>
      database.change(async (tables) => {
        const now = clock.now()
        await tables.deleteFrom('sent_keys').where('ends_at', '<=', now).execute()
        const { kept } = await tables
          .selectFrom('sent_keys')
          .select(({ fn }) => fn.countAll<number>().as('kept'))
          .where('owner', '=', owner)
          .executeTakeFirstOrThrow()
        if (Number(kept) >= most) return 'full'
        const [added] = await tables
          .insertInto('sent_keys')
          .values({ id, owner, fingerprint: null, answer: null, ends_at: now + sentKeyMilliseconds })
          .onConflict((on) => on.column('id').doNothing())
          .execute()
        return added?.numInsertedOrUpdatedRows === 1n ? 'claimed' : 'taken'
      }),

    async finish(id, fingerprint, answer) {
      const sealed = await sealer.seal(placeOf(id), answer)
      await database.change(async (tables) => {
        await tables
          .updateTable('sent_keys')
          .set({ fingerprint, answer: sealed })
          .where('id', '=', id)
          .execute()
      })
    },

    async release(id) {
      await database.change(async (tables) => {
        await tables.deleteFrom('sent_keys').where('id', '=', id).execute()
      })
    },
  }
}
