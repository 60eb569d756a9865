import type { Login, Verifier } from './ports.ts'
import { present } from './present.ts'
import type { Place, Sealer } from './sealer.ts'
import type { LoginsTable } from './tables.ts'

/** A row of the logins with the address of one of its mailboxes. */
export type LoginRow = LoginsTable & { mailbox: string | null }

/** The logins that these rows tell of, each row once for each mailbox. @throws Failure `store-unavailable` when a sealed password does not open */
export async function loginsOf(sealer: Sealer, found: readonly LoginRow[]): Promise<Login[]> {
  const logins = new Map<string, { columns: LoginsTable; mailboxes: string[] }>()
  for (const columns of found) {
    const login = logins.get(columns.id) ?? { columns, mailboxes: [] }
    if (columns.mailbox !== null) login.mailboxes.push(columns.mailbox)
    logins.set(columns.id, login)
  }
  return await Promise.all(
    [...logins.values()].map(({ columns, mailboxes }) => loginOf(sealer, columns, mailboxes)),
  )
}

/** What is stored of a login in its own row; the mailboxes have theirs. */
export async function rowOf(sealer: Sealer, login: Login): Promise<LoginsTable> {
  return {
    id: login.id,
    user_name: login.userName.normalize('NFC'),
    name: login.name,
    senders: JSON.stringify(login.senders),
    networks: JSON.stringify(login.networks),
    rewrite_sender: login.rewriteSender ? 1 : 0,
    ...(await verifierColumns(sealer, login)),
    created_at: login.createdAt,
    expires_at: login.expiresAt ?? null,
    revoked_at: login.revokedAt ?? null,
    last_used_at: login.lastUsedAt ?? null,
  }
}

/** A verifier as its column holds it: the password of a sealed one stands in the column beside it. */
type StoredVerifier = Exclude<Verifier, { kind: 'sealed' }> | { kind: 'sealed'; generated: boolean }

async function verifierColumns(
  sealer: Sealer,
  { id, verifier }: Login,
): Promise<Pick<LoginsTable, 'verifier' | 'sealed_password'>> {
  if (verifier.kind !== 'sealed') return { verifier: JSON.stringify(verifier), sealed_password: null }
  const { kind, generated, password } = verifier
  const stored: StoredVerifier = { kind, generated }
  return {
    verifier: JSON.stringify(stored),
    sealed_password: await sealer.seal(passwordPlace(id), password),
  }
}

async function openVerifier(sealer: Sealer, columns: LoginsTable): Promise<Verifier> {
  const stored = JSON.parse(columns.verifier) as StoredVerifier
  if (stored.kind !== 'sealed') return stored
  const password = await sealer.open(passwordPlace(columns.id), columns.sealed_password ?? '')
  return { ...stored, password }
}

function passwordPlace(id: string): Place {
  return { table: 'logins', column: 'sealed_password', row: id }
}

async function loginOf(sealer: Sealer, columns: LoginsTable, mailboxes: string[]): Promise<Login> {
  return {
    id: columns.id,
    userName: columns.user_name,
    name: columns.name,
    mailboxes,
    senders: JSON.parse(columns.senders) as string[],
    networks: JSON.parse(columns.networks) as string[],
    rewriteSender: columns.rewrite_sender === 1,
    verifier: await openVerifier(sealer, columns),
    createdAt: columns.created_at,
    ...present({
      expiresAt: columns.expires_at,
      revokedAt: columns.revoked_at,
      lastUsedAt: columns.last_used_at,
    }),
  }
}
