import { meantBy, normalForm, userNameKey } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import type { ListedLogin, Login, Mending, Verifier } from '../model/login.ts'
import type { PageVerifier } from '../model/page-access.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { nullsToAbsent } from './database.ts'
import type { SealContext, Sealer } from './sealer.ts'
import type { LoginsTable } from './tables.ts'

/** A row of the logins with the address of one of its mailboxes. */
export type LoginRow = LoginsTable & { mailbox: Address | null }

/** The logins of these rows, which have each login once for each of its mailboxes. */
export function listedLogins(found: readonly LoginRow[]): ListedLogin[] {
  const logins = new Map<string, { columns: LoginsTable; mailboxes: Address[] }>()
  for (const columns of found) {
    const login = logins.get(columns.id) ?? { columns, mailboxes: [] }
    if (columns.mailbox !== null) login.mailboxes.push(columns.mailbox)
    logins.set(columns.id, login)
  }
  return [...logins.values()].map(({ columns, mailboxes }) => listedLogin(columns, mailboxes))
}

/**
 * The login of these rows, all of the same key, that a user name means, if one is.
 * @throws Failure `store-unavailable` when its sealed password does not open
 */
export async function openLogin(
  sealer: Sealer,
  found: readonly LoginRow[],
  userName: string,
): Promise<Login | undefined> {
  const login = meantBy(listedLogins(found), userName)
  if (login === undefined) return undefined
  const { verifier } = login
  if (verifier.kind !== 'sealed') return { ...login, verifier }
  const sealed = found.find(({ id }) => id === login.id)?.sealed_password
  const password = await sealer.open(passwordSealContext(login.id), sealed ?? '')
  return { ...login, verifier: { ...verifier, password } }
}

/** What is stored of a login in its own row; the mailboxes have theirs. */
export async function rowOf(sealer: Sealer, login: Login): Promise<LoginsTable> {
  return {
    id: login.id,
    user_name: normalForm(login.userName),
    user_name_key: userNameKey(login.userName),
    name: login.name,
    senders: JSON.stringify(login.senders),
    networks: JSON.stringify(login.networks),
    rewrite_sender: login.rewriteSender ? 1 : 0,
    personal: login.personal ? 1 : 0,
    mending: mendingColumn(login.mending),
    limits: limitsColumn(login.limits),
    ...(await verifierColumns(sealer, login)),
    created_at: login.createdAt,
    expires_at: login.expiresAt ?? null,
    revoked_at: login.revokedAt ?? null,
    last_used_at: login.lastUsedAt ?? null,
  }
}

/** Null when nothing is mended: `{}` and null would be two ways to say one thing. */
export function mendingColumn(mending: Mending = {}): string | null {
  return Object.keys(mending).length === 0 ? null : JSON.stringify(mending)
}

export function readMending(column: string | null): Mending {
  return column === null ? {} : (JSON.parse(column) as Mending)
}

/** Null where there are none. */
export function limitsColumn(limits: SendingLimits = {}): string | null {
  return Object.keys(limits).length === 0 ? null : JSON.stringify(limits)
}

export function readLimits(column: string | null): SendingLimits {
  return column === null ? {} : (JSON.parse(column) as SendingLimits)
}

async function verifierColumns(
  sealer: Sealer,
  { id, verifier }: Login,
): Promise<Pick<LoginsTable, 'verifier' | 'sealed_password'>> {
  if (verifier.kind !== 'sealed') return { verifier: JSON.stringify(verifier), sealed_password: null }
  const { kind, generated, password } = verifier
  // The password stands in a column of its own.
  const stored: ListedLogin['verifier'] = { kind, generated }
  return {
    verifier: JSON.stringify(stored),
    sealed_password: await sealer.seal(passwordSealContext(id), password),
  }
}

function passwordSealContext(id: string): SealContext {
  return { table: 'logins', column: 'sealed_password', row: id }
}

/** For a login whose verifier cannot be read: it is still listed, and no password fits it. */
const unmatchable: ListedLogin['verifier'] = { kind: 'keyed', hash: '' }

function listedLogin(columns: LoginsTable, mailboxes: Address[]): ListedLogin {
  return {
    id: columns.id,
    userName: columns.user_name,
    name: columns.name,
    mailboxes,
    senders: JSON.parse(columns.senders) as Address[],
    networks: JSON.parse(columns.networks) as string[],
    rewriteSender: columns.rewrite_sender === 1,
    ...(columns.personal === 1 && { personal: true }),
    ...(columns.mending !== null && { mending: readMending(columns.mending) }),
    ...(columns.limits !== null && { limits: readLimits(columns.limits) }),
    verifier: readVerifier(columns.verifier) ?? unmatchable,
    createdAt: columns.created_at,
    ...nullsToAbsent({
      expiresAt: columns.expires_at,
      revokedAt: columns.revoked_at,
      lastUsedAt: columns.last_used_at,
    }),
  }
}

type Scrypt = Extract<Verifier, { kind: 'scrypt' }>

/**
 * Four times what postern itself asks for: more costs memory (128 octets times cost times block
 * size), and time, as chosen by an attacker who can write in the database.
 */
const most = { cost: 2 ** 17, blockSize: 16, parallelization: 4, text: 128 }

/**
 * How a password is recognised, as a row tells it. Undefined for what postern would not have
 * written: nothing is worked out by that.
 */
function readVerifier(text: string): ListedLogin['verifier'] | undefined {
  const found = parsed(text)
  switch (found?.kind) {
    case 'none':
      return { kind: 'none' }
    case 'sealed':
      return { kind: 'sealed', generated: found.generated === true }
    case 'keyed':
      return isText(found.hash) ? { kind: 'keyed', hash: found.hash } : undefined
    default:
      return scryptOf(found)
  }
}

/** The same where nothing but a password for the pages can be. */
export function readPageVerifier(text: string): PageVerifier | undefined {
  const found = parsed(text)
  const verifier = scryptOf(found)
  return verifier && typeof found?.hint === 'number' ? { ...verifier, hint: found.hint } : verifier
}

type Found = Readonly<Record<string, unknown>>

function scryptOf(found: Found | undefined): Scrypt | undefined {
  if (found?.kind !== 'scrypt') return undefined
  const { salt, hash, cost, blockSize, parallelization } = found
  if (!isText(salt) || !isText(hash)) return undefined
  if (!isCount(cost, most.cost) || !isCount(blockSize, most.blockSize)) return undefined
  if (!isCount(parallelization, most.parallelization)) return undefined
  // RFC 7914, section 2: N is a power of two, and larger than one.
  if (cost < 2 || (cost & (cost - 1)) !== 0) return undefined
  return { kind: 'scrypt', salt, hash, cost, blockSize, parallelization }
}

function parsed(text: string): Found | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null ? (found as Found) : undefined
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= most.text
}

function isCount(value: unknown, highest: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= highest
}
