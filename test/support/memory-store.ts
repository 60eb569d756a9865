import { randomUUID } from 'node:crypto'
import { type Address, addressKey, domainMailbox, isDomainMailbox } from '../../src/base/address.ts'
import { Failure } from '../../src/base/failure.ts'
import { meantBy, userNameKey } from '../../src/base/text.ts'
import { domainKey, lastSendsOf, sendHoursOf } from '../../src/store/journal-store.ts'
import {
  type ActiveGrant,
  type ApiKey,
  type ConsentLink,
  type Grant,
  type HeardOffer,
  type JournalEntry,
  type JournalQuery,
  type LapsedGrant,
  type ListedLogin,
  type Login,
  type Mailbox,
  type NewGrant,
  type PageSession,
  type PendingConsent,
  type RecipientCountStore,
  type Scope,
  type SentNotice,
  type Store,
  scopeAddress,
} from '../../src/store/ports.ts'

interface Tables {
  mailboxes: Map<string, Mailbox>
  grants: Map<string, ActiveGrant | LapsedGrant>
  logins: Map<string, Login>
  /** `login source` to when it was last used from there. */
  sources: Map<string, number>
  apiKeys: Map<string, ApiKey>
  links: Map<string, ConsentLink>
  pending: Map<string, PendingConsent>
  /** By mailbox, then by hour. */
  recipients: Map<string, Map<number, number>>
  /** By key and channel. */
  notices: Map<string, SentNotice>
}

/**
 * The store's ports over Maps: the same answers, failures and all-or-nothing changes as the real one, and nothing
 * at rest. Every method gives the event loop a turn first, as a real store does, so that races are possible.
 */
export function createMemoryStore(): Store {
  const tables: Tables = {
    mailboxes: new Map(),
    grants: new Map(),
    logins: new Map(),
    sources: new Map(),
    apiKeys: new Map(),
    links: new Map(),
    pending: new Map(),
    recipients: new Map(),
    notices: new Map(),
  }
  return {
    mailboxes: mailboxStore(tables),
    grants: grantStore(tables),
    logins: loginStore(tables),
    apiKeys: apiKeyStore(tables),
    consentLinks: consentLinkStore(tables),
    pendingConsents: pendingConsentStore(tables),
    recipientCounts: recipientCountStore(tables),
    notices: noticeStore(tables),
    pageAccess: pageAccessStore(),
    heardOffers: heardOfferStore(),
    journal: journalStore(),
    check: turn,
    close: turn,
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function mailboxStore({ mailboxes, ...tables }: Tables): Store['mailboxes'] {
  const begin = (mailbox: Mailbox, grant: NewGrant | undefined) => {
    const key = addressKey(mailbox.address)
    mailboxes.set(key, withAliases({ ...mailbox, terms: randomUUID() }))
    if (grant) putGrant(tables.grants, key, mailbox.providerId, grant)
    narrowScopes(tables.apiKeys, mailboxes, key, mailbox.createdAt)
  }
  const endConsents = (key: string) => {
    const isIts = (owner: { mailbox: Address }) => addressKey(owner.mailbox) === key
    for (const [id, link] of tables.links) if (isIts(link)) tables.links.delete(id)
    for (const [hash, consent] of tables.pending) if (isIts(consent)) tables.pending.delete(hash)
  }
  return {
    async add(mailbox, grant) {
      await turn()
      if (mailboxes.has(addressKey(mailbox.address)))
        throw new Failure('already-exists', `The mailbox ${mailbox.address} exists already`)
      begin(mailbox, grant)
    },
    async put(mailbox, grant) {
      await turn()
      const key = addressKey(mailbox.address)
      const before = mailboxes.get(key)
      if (!before) return begin(mailbox, grant)
      const { address, createdAt, aliases = [] } = before
      const kept = tables.grants.get(key)
      const lostApp = kept !== undefined && kept.refreshToken === undefined
      if (lostApp) tables.grants.delete(key)
      const reason = reasonToLapse(before, mailbox)
      if (reason !== undefined && kept?.state === 'active' && !lostApp) {
        const lapsed = { state: 'lapsed' as const, since: mailbox.createdAt, reason }
        tables.grants.set(key, { ...kept, ...lapsed, version: kept.version + 1 })
      }
      const other =
        reason !== undefined || lostApp !== (grant !== undefined && grant.refreshToken === undefined)
      if (other) endConsents(key)
      const terms = other || before.terms === undefined ? randomUUID() : before.terms
      mailboxes.set(key, withAliases({ aliases, ...mailbox, address, createdAt, terms }))
      if (grant) putGrant(tables.grants, key, mailbox.providerId, grant)
    },
    async providers() {
      await turn()
      return [...new Set([...mailboxes.values()].map(({ providerId }) => providerId))]
    },
    async noteAccepted(address, acceptedName) {
      await turn()
      const key = addressKey(address)
      const kept = mailboxes.get(key)
      if (kept) mailboxes.set(key, { ...kept, acceptedName })
    },
    async find(address) {
      await turn()
      return copied(mailboxes.get(addressKey(address)))
    },
    async covering(address) {
      await turn()
      const own = mailboxes.get(addressKey(address))
      if (own) return copied(own)
      const domain = domainMailbox(address)
      const covering = domain === undefined ? undefined : mailboxes.get(addressKey(domain))
      return covering && { ...covering, address, coveredBy: covering.address }
    },
    async list() {
      await turn()
      return [...mailboxes.values()].map((mailbox) => ({ ...mailbox }))
    },
    async remove(address) {
      await turn()
      const key = addressKey(address)
      if (!mailboxes.delete(key)) return false
      tables.grants.delete(key)
      endConsents(key)
      narrowLogins(tables.logins, key)
      narrowScopes(tables.apiKeys, mailboxes, key, 0)
      return true
    },
  }
}

/** None are absent, as in the database. */
function withAliases({ aliases = [], ...mailbox }: Mailbox): Mailbox {
  return { ...mailbox, ...(aliases.length > 0 && { aliases }) }
}

function reasonToLapse(before: Mailbox, after: Mailbox): string | undefined {
  if (before.providerId !== after.providerId)
    return `The mailbox moved from the provider ${before.providerId} to ${after.providerId}`
  const [earlier, later] = [before.signsInAs ?? before.address, after.signsInAs ?? after.address]
  if (addressKey(earlier) === addressKey(later)) return undefined
  return `Another person signs in for the mailbox: ${later} instead of ${earlier}`
}

function putGrant(grants: Tables['grants'], key: string, providerId: string, grant: NewGrant): ActiveGrant {
  const active: ActiveGrant = { ...grant, providerId, id: randomUUID(), version: 1, state: 'active' }
  grants.set(key, active)
  return { ...active }
}

function narrowLogins(logins: Tables['logins'], key: string): void {
  for (const [id, login] of logins) {
    const left = login.mailboxes.filter((mailbox) => addressKey(mailbox) !== key)
    if (left.length === 0) logins.delete(id)
    else logins.set(id, { ...login, mailboxes: left })
  }
}

function narrowScopes(
  apiKeys: Tables['apiKeys'],
  mailboxes: Tables['mailboxes'],
  ended: string,
  revokedAt: number,
): void {
  for (const [id, apiKey] of apiKeys) {
    if (apiKey.revokedAt !== undefined) continue
    const left = apiKey.scopes.filter(
      (scope) => isCovered(mailboxes, scope) && addressKey(scopeAddress(scope) ?? '') !== ended,
    )
    apiKeys.set(id, left.length === 0 ? { ...apiKey, revokedAt } : { ...apiKey, scopes: left })
  }
}

function isCovered(mailboxes: Tables['mailboxes'], scope: Scope): boolean {
  const key = addressKey(scopeAddress(scope) ?? '')
  return key === '' || mailboxes.has(key) || mailboxes.has(domainMailbox(key) ?? '')
}

function grantStore({ grants, mailboxes, links }: Tables): Store['grants'] {
  const current = (id: string, version: number) => {
    const found = [...grants].find(([, grant]) => grant.id === id && grant.version === version)
    return found && { key: found[0], grant: found[1] }
  }
  const listed = () => [...grants.values()].map(({ refreshToken: _, ...grant }) => grant)
  return {
    async ofMailbox(address) {
      await turn()
      return copied<Grant>(grants.get(addressKey(address))) ?? { state: 'absent' }
    },
    async standing(address) {
      await turn()
      const [own, domain] = [addressKey(address), domainMailbox(addressKey(address)) ?? '']
      const key = mailboxes.has(own) ? own : domain
      const mailbox = mailboxes.get(key)
      const grant = grants.get(key)
      if (!mailbox) return undefined
      return {
        providerId: mailbox.providerId,
        ...(grant && { grant: { ...grant } }),
        ...(key !== own && { coveredBy: mailbox.address }),
      }
    },
    async list() {
      await turn()
      return listed()
    },
    async lapsedOrEnding(providerIds) {
      await turn()
      return listed().filter(
        ({ state, refreshTokenEndsAt, providerId }) =>
          state === 'lapsed' || refreshTokenEndsAt !== undefined || providerIds.includes(providerId),
      )
    },
    async unusedSince(before, most) {
      await turn()
      const due = [...grants.values()].filter(
        ({ state, refreshToken, renewedAt }) => state === 'active' && refreshToken && renewedAt < before,
      )
      const oldestFirst = due.sort((left, right) => left.renewedAt - right.renewedAt)
      return oldestFirst.slice(0, most).map(({ mailbox }) => mailbox)
    },
    async endingBy(now, most) {
      await turn()
      const due = [...grants.values()].filter(
        ({ state, renewedAt, refreshTokenEndsAt: ends }) =>
          state === 'active' &&
          ends !== undefined &&
          ends > now &&
          now - renewedAt >= 300_000 &&
          2 * (now - renewedAt) > ends - renewedAt,
      )
      return due.slice(0, most).map(({ mailbox }) => mailbox)
    },
    async adopt(grant, consentLinkId, judgedFor) {
      await turn()
      const key = addressKey(grant.mailbox)
      const found = mailboxes.get(key)
      if (!found || (judgedFor && judgedFor.terms !== found.terms))
        throw new Failure('not-found', `There is no mailbox ${grant.mailbox}`)
      if (consentLinkId !== undefined) useUp(links, consentLinkId, key, grant.grantedAt)
      return putGrant(grants, key, found.providerId, grant)
    },
    async renewed(id, version, renewed) {
      await turn()
      const found = current(id, version)
      if (!found) return undefined
      const { refreshTokenEndsAt, ...consent } = asActive(found.grant)
      const ends = renewed.refreshToken
        ? {}
        : { ...(refreshTokenEndsAt !== undefined && { refreshTokenEndsAt }) }
      const active: ActiveGrant = { ...consent, ...ends, ...renewed, version: version + 1 }
      grants.set(found.key, active)
      return { ...active }
    },
    async refused(most) {
      await turn()
      const refused = [...grants.values()].flatMap((grant) =>
        grant.state === 'lapsed' && grant.refused
          ? [{ mailbox: grant.mailbox, providerId: grant.providerId, refused: grant.refused }]
          : [],
      )
      return refused.sort((left, right) => left.refused.at - right.refused.at).slice(0, most)
    },
    async lapse(id, version, at, reason, to) {
      await turn()
      const found = current(id, version)
      if (!found) return undefined
      const since = found.grant.state === 'lapsed' ? found.grant.since : at
      const refused = { at, ...(to && { to }) }
      const lapsed: LapsedGrant = {
        ...found.grant,
        version: version + 1,
        state: 'lapsed',
        since,
        reason,
        refused,
      }
      grants.set(found.key, lapsed)
      return { ...lapsed }
    },
  }
}

function asActive(grant: ActiveGrant | LapsedGrant): ActiveGrant {
  if (grant.state === 'active') return grant
  const { since: _since, reason: _reason, refused: _refused, ...consent } = grant
  return { ...consent, state: 'active' }
}

function useUp(links: Tables['links'], id: string, mailboxKey: string, now: number): void {
  const link = links.get(id)
  const usable =
    link && addressKey(link.mailbox) === mailboxKey && link.usedAt === undefined && link.expiresAt > now
  if (!usable)
    throw new Failure('not-found', 'This consent link was used already, has expired, or never existed')
  links.set(id, { ...link, usedAt: now })
}

function loginStore({ logins, mailboxes, sources }: Tables): Store['logins'] {
  const named = (userName: string) =>
    [...logins.values()].filter(
      (login) => userNameKey(login.userName) === userNameKey(userName) && login.revokedAt === undefined,
    )
  return {
    async add(login) {
      await turn()
      if (named(login.userName).length > 0)
        throw new Failure('already-exists', `The user name "${login.userName}" is taken`)
      if (login.mailboxes.some((mailbox) => !mailboxes.has(addressKey(mailbox)))) {
        throw new Failure('not-found', 'A mailbox of this login does not exist')
      }
      logins.set(login.id, { ...login })
    },
    async findByUserName(userName) {
      await turn()
      return copied(meantBy(named(userName), userName))
    },
    async list(mailbox) {
      await turn()
      const key = mailbox === undefined ? undefined : addressKey(mailbox)
      const isIts = (login: Login) => login.mailboxes.some((one) => addressKey(one) === key)
      return [...logins.values()].filter((login) => key === undefined || isIts(login)).map(listed)
    },
    revoke: (id, at) => revoke(logins, id, at),
    async allow(id, senders) {
      await turn()
      const login = logins.get(id)
      if (!login || login.revokedAt !== undefined) return undefined
      const all = new Map([...login.senders, ...senders].map((sender) => [addressKey(sender), sender]))
      const extended = { ...login, senders: [...all.values()] }
      logins.set(id, extended)
      return listed(extended)
    },
    async mend(id, change) {
      await turn()
      const login = logins.get(id)
      if (!login || login.revokedAt !== undefined) return undefined
      const { mending = {}, ...rest } = login
      const changed = change(mending)
      const mended = { ...rest, ...(Object.keys(changed).length > 0 && { mending: changed }) }
      logins.set(id, mended)
      return listed(mended)
    },
    async used(id, at, source) {
      await noteUse(logins, id, at)
      if (source !== undefined && logins.has(id)) sources.set(`${id} ${source}`, at)
    },
    async sources() {
      await turn()
      const latest = [...sources].sort(([, one], [, other]) => other - one)
      const found = new Map<string, string[]>()
      for (const [key] of latest) {
        const [id = '', source = ''] = key.split(' ')
        found.set(id, [...(found.get(id) ?? []), source])
      }
      return found
    },
    async knows(id, source, since) {
      await turn()
      return (sources.get(`${id} ${source}`) ?? Number.NEGATIVE_INFINITY) >= since
    },
  }
}

function listed({ verifier, ...login }: Login): ListedLogin {
  if (verifier.kind !== 'sealed') return { ...login, verifier }
  return { ...login, verifier: { kind: 'sealed', generated: verifier.generated } }
}

function apiKeyStore({ apiKeys, mailboxes }: Tables): Store['apiKeys'] {
  return {
    async add(key) {
      await turn()
      if (!key.scopes.every((scope) => isCovered(mailboxes, scope)))
        throw new Failure('not-found', 'A mailbox of this key does not exist')
      apiKeys.set(key.id, { ...key })
    },
    async find(id) {
      await turn()
      return copied(apiKeys.get(id))
    },
    async list() {
      await turn()
      return [...apiKeys.values()].map((key) => ({ ...key }))
    },
    revoke: (id, at) => revoke(apiKeys, id, at),
    used: (id, at) => noteUse(apiKeys, id, at),
  }
}

interface Credential {
  revokedAt?: number
  lastUsedAt?: number
}

async function revoke<T extends Credential>(
  rows: Map<string, T>,
  id: string,
  revokedAt: number,
): Promise<boolean> {
  await turn()
  const row = rows.get(id)
  if (!row || row.revokedAt !== undefined) return false
  rows.set(id, { ...row, revokedAt })
  return true
}

async function noteUse<T extends Credential>(
  rows: Map<string, T>,
  id: string,
  lastUsedAt: number,
): Promise<void> {
  await turn()
  const row = rows.get(id)
  if (row) rows.set(id, { ...row, lastUsedAt })
}

function consentLinkStore({ links, mailboxes, pending }: Tables): Store['consentLinks'] {
  return {
    async add(link) {
      await turn()
      if (!mailboxes.has(addressKey(link.mailbox)))
        throw new Failure('not-found', `There is no mailbox ${link.mailbox}`)
      links.set(link.id, { ...link })
    },
    async find(id) {
      await turn()
      return copied(links.get(id))
    },
    async list(mailbox) {
      await turn()
      const key = mailbox === undefined ? undefined : addressKey(mailbox)
      return [...links.values()].filter((link) => key === undefined || addressKey(link.mailbox) === key)
    },
    async remove(id) {
      await turn()
      const link = links.get(id)
      if (!link || link.usedAt !== undefined) return undefined
      links.delete(id)
      for (const [hash, consent] of pending) if (consent.consentLinkId === id) pending.delete(hash)
      return link
    },
  }
}

function pendingConsentStore({ pending, mailboxes, links }: Tables): Store['pendingConsents'] {
  return {
    async add(consent) {
      await turn()
      const linkGone = consent.consentLinkId !== undefined && !links.has(consent.consentLinkId)
      if (linkGone || !mailboxes.has(addressKey(consent.mailbox))) {
        throw new Failure('not-found', `The mailbox ${consent.mailbox} or its consent link is gone`)
      }
      const isSameTarget = ({ mailbox, consentLinkId }: PendingConsent) =>
        consentLinkId === consent.consentLinkId && addressKey(mailbox) === addressKey(consent.mailbox)
      for (const [hash, other] of pending)
        if (isSameTarget(other) && other.browserHash === consent.browserHash) pending.delete(hash)
      pending.set(consent.stateHash, { ...consent })
    },
    async find(stateHash) {
      await turn()
      return copied(pending.get(stateHash))
    },
    async take(stateHash, browserHash) {
      await turn()
      const consent = pending.get(stateHash)
      if (consent?.browserHash !== browserHash) return undefined
      pending.delete(stateHash)
      return copied(consent)
    },
    async sweep(now) {
      await turn()
      for (const [hash, consent] of pending) if (consent.expiresAt < now) pending.delete(hash)
    },
  }
}

function copied<T extends object>(row: T | undefined): T | undefined {
  return row && { ...row }
}

function recipientCountStore({ recipients: counts }: Tables): RecipientCountStore {
  return {
    async since(mailbox, since) {
      await turn()
      const hours = [...(counts.get(addressKey(mailbox)) ?? [])]
      return hours.filter(([hour]) => hour >= since).map(([hour, recipients]) => ({ hour, recipients }))
    },
    async add(mailbox, hour, recipients) {
      await turn()
      const hours = counts.get(addressKey(mailbox)) ?? new Map<number, number>()
      counts.set(addressKey(mailbox), hours.set(hour, (hours.get(hour) ?? 0) + recipients))
    },
  }
}

function heardOfferStore(): Store['heardOffers'] {
  const offers = new Map<string, HeardOffer>()
  return {
    async list() {
      await turn()
      return [...offers.values()]
    },
    async put(offer) {
      await turn()
      offers.set(offer.providerId, { ...offer })
    },
  }
}

function noticeStore({ notices }: Tables): Store['notices'] {
  return {
    async list() {
      await turn()
      return [...notices.values()].map((notice) => ({ ...notice }))
    },
    async put(notice) {
      await turn()
      notices.set(`${notice.key} ${notice.channel}`, { ...notice })
    },
    async remove(key) {
      await turn()
      for (const [place, notice] of notices) if (notice.key === key) notices.delete(place)
    },
  }
}

function journalStore(): Store['journal'] {
  let entries: JournalEntry[] = []
  return {
    async add(added) {
      await turn()
      entries = [...entries, ...added]
    },
    async list(query) {
      await turn()
      return [...entries]
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .filter((entry) => isAsked(entry, query))
        .slice(0, query.limit)
    },
    async sendHours(since) {
      await turn()
      return sendHoursOf(entries).filter(({ hour }) => hour >= since)
    },
    async lastSends() {
      await turn()
      return lastSendsOf(entries)
    },
    async sweep(before, most) {
      await turn()
      const old = new Set(entries.filter(({ at }) => at < before).slice(0, most))
      entries = entries.filter((entry) => !old.has(entry))
      return old.size
    },
  }
}

function isAsked(entry: JournalEntry, query: JournalQuery): boolean {
  const { mailbox, login, kind, outcome, since = 0, until = Number.POSITIVE_INFINITY, before, after } = query
  if (mailbox !== undefined && !isOfMailbox(entry.mailbox, mailbox)) return false
  if (login !== undefined && entry.login !== login) return false
  if (kind !== undefined && entry.kind !== kind) return false
  if (outcome !== undefined && entry.outcome !== outcome) return false
  if (before !== undefined && entry.id >= before) return false
  if (after !== undefined && entry.id <= after) return false
  return entry.at >= since && entry.at < until
}

function pageAccessStore(): Store['pageAccess'] {
  const passwords = new Map<string, Awaited<ReturnType<Store['pageAccess']['password']>>>()
  const sessions = new Map<string, PageSession>()
  return {
    async password(role) {
      await turn()
      return passwords.get(role)
    },
    async setPassword(role, verifier, keepSession) {
      await turn()
      if (keepSession !== undefined && !sessions.has(keepSession)) return false
      passwords.set(role, verifier)
      for (const [id, session] of sessions)
        if ((role === 'administrator' || session.role === role) && id !== keepSession) sessions.delete(id)
      return true
    },
    async generation() {
      await turn()
      return JSON.stringify([...passwords])
    },
    async begin(session, generation) {
      await turn()
      if (JSON.stringify([...passwords]) !== generation) return false
      for (const [id, { expiresAt }] of sessions) if (expiresAt <= session.createdAt) sessions.delete(id)
      sessions.set(session.id, session)
      return true
    },
    async session(hash) {
      await turn()
      return [...sessions.values()].find((session) => session.hash === hash)
    },
    async used(id, at) {
      await turn()
      const session = sessions.get(id)
      if (session && session.lastUsedAt <= at - 60_000) sessions.set(id, { ...session, lastUsedAt: at })
    },
    async sessions() {
      await turn()
      return [...sessions.values()].sort((one, other) => other.lastUsedAt - one.lastUsedAt)
    },
    async end(id) {
      await turn()
      return sessions.delete(id)
    },
  }
}

function isOfMailbox(own: Address | undefined, asked: Address): boolean {
  if (own === undefined) return false
  return isDomainMailbox(asked) ? domainKey(own) === domainKey(asked) : addressKey(own) === addressKey(asked)
}
