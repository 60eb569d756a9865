import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import { createApiKeyStore } from './api-key-store.ts'
import { createConsentLinkStore } from './consent-link-store.ts'
import { prepareDataDir } from './data-dir.ts'
import type { Database } from './database.ts'
import { createGrantStore } from './grant-store.ts'
import { newHashRoot, openHashRoot, putHashRoot, sealedHashRoot, sealHashRoot } from './hash-root.ts'
import { createHeardOfferStore } from './heard-offer-store.ts'
import { inspectDatabase } from './inspect-database.ts'
import { createJournalStore } from './journal-store.ts'
import { openKeyRing } from './key-ring.ts'
import { createKeyedHash } from './keyed-hash.ts'
import { createLoginStore } from './login-store.ts'
import { createMailboxStore } from './mailbox-store.ts'
import { markedSchema, migrate, newestSchema } from './migrations.ts'
import { createNoticeStore } from './notice-store.ts'
import { createPageAccessStore } from './page-access-store.ts'
import { createPendingConsentStore } from './pending-consent-store.ts'
import type { Store } from './ports.ts'
import { createRecipientCountStore } from './recipient-count-store.ts'
import { createRowMarks } from './row-marks.ts'
import { sqliteWords } from './schema-words.ts'
import { createSealer, type Sealer } from './sealer.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

export interface StoreSettings {
  /** Absolute. Made on first start. */
  dataDir: string
  /** The sealing key; absent: the key file in the data directory, made on first start. */
  key?: Secret
  clock: Clock
  log: Log
}

export interface OpenedStore {
  store: Store
  keyedHash: KeyedHash
}

/**
 * Opens the store in the data directory, made on first start. What does not fit (modes, key, schema, a damaged file)
 * is found before anything is changed. The caller holds the lock of the data directory (`lockDataDir`).
 * @throws Failure `configuration`, `store-unavailable`
 */
export async function openStore({ dataDir, key, clock, log }: StoreSettings): Promise<OpenedStore> {
  const files = await prepareDataDir(dataDir)
  const sealer = createSealer(await openKeyRing(files, key))
  const root = (await inspectDatabase(files.database, sealer)) ?? newHashRoot()
  const marks = createRowMarks(root, log)
  const database = await openSqliteDatabase(files.database)
  try {
    const sealedRoot = await sealHashRoot(sealer, root)
    const found = await migrate(database, sqliteWords, clock.now(), marks, async (tables, schema) => {
      if (schema < markedSchema) await putHashRoot(tables, sealedRoot)
    })
    if (found < newestSchema) log.info({ from: found, to: newestSchema }, 'the database has a new schema')
    return { store: createStore(database.marked(marks), sealer, clock), keyedHash: createKeyedHash(root) }
  } catch (error) {
    await database.close()
    throw error
  }
}

function createStore(database: Database, sealer: Sealer, clock: Clock): Store {
  return {
    mailboxes: createMailboxStore(database, sealer, clock),
    grants: createGrantStore(database, sealer, clock),
    logins: createLoginStore(database, sealer),
    apiKeys: createApiKeyStore(database),
    consentLinks: createConsentLinkStore(database),
    pendingConsents: createPendingConsentStore(database, sealer),
    recipientCounts: createRecipientCountStore(database),
    notices: createNoticeStore(database),
    pageAccess: createPageAccessStore(database),
    heardOffers: createHeardOfferStore(database),
    journal: createJournalStore(database),
    async check() {
      await openHashRoot(sealer, await database.read(sealedHashRoot))
    },
    close: () => database.close(),
  }
}
