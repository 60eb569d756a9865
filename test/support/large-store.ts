import type { Clock } from '../../src/base/clock.ts'
import { userNameKey } from '../../src/base/text.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import type { Database } from '../../src/store/database.ts'
import type { Tables } from '../../src/store/tables.ts'
import { createManualClock } from './manual-clock.ts'
import { openMemoryDatabase } from './memory-store.ts'

/** Rows of one statement: SQLite takes 32,766 values at a time. */
const rowsAtOnce = 500

/**
 * The real store with many mailboxes and logins, which were all added in one transaction: one after the
 * other would take most of a minute. Each mailbox has a grant but for every seventh, and every fiftieth
 * is failing; every tenth login has ended, and every third was never used.
 */
export async function openLargeStore(
  { mailboxes, logins }: { mailboxes: number; logins: number },
  clock: Clock = createManualClock(),
) {
  const opened = openMemoryDatabase(clock)
  await fill(opened.database, { mailboxes, logins, now: clock.now() })
  return opened
}

export function mailboxNumber(at: number): Address {
  return `department-${at}@subsidiary.example.com`
}

async function fill(
  database: Database,
  { mailboxes, logins, now }: { mailboxes: number; logins: number; now: number },
): Promise<void> {
  const addresses = Array.from({ length: mailboxes }, (_, at) => mailboxNumber(at))
  const numbers = Array.from({ length: logins }, (_, at) => at)
  await database.change(async (tables) => {
    const put = async <Table extends keyof Tables>(table: Table, rows: Tables[Table][]) => {
      for (let from = 0; from < rows.length; from += rowsAtOnce)
        await tables
          .insertInto(table)
          .values(rows.slice(from, from + rowsAtOnce) as never)
          .execute()
    }
    await put(
      'mailboxes',
      addresses.map((address, at) => mailboxRow(address, at, now)),
    )
    await put(
      'grants',
      addresses.flatMap((address, at) => (at % 7 === 0 ? [] : [grantRow(address, at, now)])),
    )
    await put(
      'mailbox_outcomes',
      addresses.map((address, at) => outcomeRow(address, at, now)),
    )
    await put(
      'logins',
      numbers.map((at) => loginRow(at, now)),
    )
    await put(
      'login_mailboxes',
      numbers.map((at) => ({
        login_id: loginId(at),
        mailbox_key: keyed(mailboxNumber(at % mailboxes)).key,
        position: 0,
      })),
    )
    await put(
      'login_sources',
      numbers.map((at) => ({
        login_id: loginId(at),
        source: `192.0.${at >> 8}.${at & 255}`,
        last_at: now,
      })),
    )
  })
}

function mailboxRow(address: Address, at: number, now: number): Tables['mailboxes'] {
  return {
    address_key: keyed(address).key,
    address,
    provider_id: at % 2 === 0 ? 'example' : 'other',
    signs_in_as: null,
    sasl_user: null,
    accepted_name: null,
    aliases: '[]',
    terms: `terms-${at}`,
    created_at: now,
  }
}

function grantRow(address: Address, at: number, now: number): Tables['grants'] {
  return {
    id: `grant-${at}`,
    mailbox_key: keyed(address).key,
    provider_id: at % 2 === 0 ? 'example' : 'other',
    version: 1,
    state: 'active',
    refresh_token: 'sealed',
    refresh_token_ends_at: null,
    flow: 'authorization-code',
    signed_in_as: address,
    subject: `subject-${at}`,
    scopes: '["https://mail.example.com/"]',
    granted_at: now,
    renewed_at: now,
    lapsed_since: null,
    lapse_reason: null,
    given_to: null,
    refused_at: null,
    refused_to: null,
  }
}

function outcomeRow(address: Address, at: number, now: number): Tables['mailbox_outcomes'] {
  const isFailing = at % 50 === 1
  return {
    mailbox_key: keyed(address).key,
    mailbox_domain: '*@subsidiary.example.com' as Tables['mailbox_outcomes']['mailbox_domain'],
    at: now,
    tried: 'message',
    outcome: isFailing ? 'failed' : 'done',
    login: null,
    why: null,
    sent_at: now,
    failing_since: isFailing ? now : null,
    failures: isFailing ? 1 : 0,
  }
}

function loginId(at: number): string {
  return `login-${String(at).padStart(6, '0')}`
}

function loginRow(at: number, now: number): Tables['logins'] {
  const userName = `device-${at}@subsidiary.example.com`
  return {
    id: loginId(at),
    user_name: userName,
    user_name_key: userNameKey(userName),
    name: `Scanner ${at}, floor ${at % 40}`,
    senders: '[]',
    networks: '[]',
    rewrite_sender: 0,
    personal: 0,
    mending: null,
    limits: null,
    verifier: '{"kind":"keyed","hash":"aGFzaA"}',
    sealed_password: null,
    created_at: now,
    expires_at: null,
    revoked_at: at % 10 === 9 ? now : null,
    last_used_at: at % 3 === 0 ? null : now - at * 1000,
  }
}
