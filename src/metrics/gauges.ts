import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../base/clock.ts'
import { isStoreAway } from '../base/failure.ts'
import type { EndpointPause } from '../grants/token-broker.ts'
import type { MailboxStatus } from '../mailboxes/mailboxes.ts'
import { addressKey } from '../model/address.ts'
import type { ListedGrant } from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { findRegistered } from '../providers/catalogue.ts'
import { type Expiry, grantExpiries, registrationExpiries } from '../providers/forecast.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { GrantStore, MailboxStore } from '../store/ports.ts'
import type { ActiveMailbox } from '../upstream/relay.ts'

/** What is looked up when somebody asks. All but the store and the readiness is in memory. */
export interface LookedUp {
  version: string
  sessions(): { open: number; total: number }
  /** As `Relay.states`. */
  activeMailboxes(): readonly ActiveMailbox[]
  tokenPauses(): readonly EndpointPause[]
  mailboxes: Pick<MailboxStore, 'list'>
  grants: Pick<GrantStore, 'list'>
  /** As `Mailboxes.list`. */
  conditions(): Promise<readonly Pick<MailboxStatus, 'provider' | 'condition'>[]>
  catalogue: Pick<Catalogue, 'list' | 'registered'>
  /** Of the certificate for clients, in milliseconds since 1970. Absent: there is none. */
  certificateExpiresAt?: (() => number | undefined) | undefined
  isReady(): Promise<boolean>
  /** So many mailboxes, those whose grants expire first, are named in a series of their own. */
  readonly namedMailboxes: number
  clock: Clock
}

/** What is not counted but looked up at the moment when somebody asks. */
interface Gauges {
  look(): Promise<void>
}

/** Mailboxes and grants are many, and what is told of them changes within hours: they are read again after so long, in milliseconds. */
const storeMilliseconds = 60_000

interface Kept {
  mailboxes: readonly Mailbox[]
  grants: readonly ListedGrant[]
  conditions: readonly Pick<MailboxStatus, 'provider' | 'condition'>[]
}

export function createGauges(registry: Registry, lookedUp: LookedUp): Gauges {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const { clock, catalogue } = lookedUp

  const build = gauge('postern_build_info', 'The version of postern', 'version')
  build.set({ version: lookedUp.version }, 1)
  const ready = gauge('postern_ready', '1 when postern can do its work, as /readyz tells it')
  const sessions = gauge('postern_smtp_sessions', 'SMTP clients that are connected')
  const allSessions = new Counter({
    name: 'postern_smtp_sessions_total',
    help: 'SMTP clients that have connected since the start',
    registers: [registry],
  })
  const mailboxes = gauge('postern_mailboxes', 'Mailboxes by the state of their grant', 'provider', 'state')
  const conditions = gauge(
    'postern_mailbox_conditions',
    'Mailboxes by whether they can send, and what came of it lately',
    'provider',
    'condition',
  )
  const grantExpires = gauge(
    'postern_grant_expires_seconds',
    'When the grant that expires first does so, in seconds since 1970, by what ends it. With a mailbox only as far as POSTERN_METRICS_MAILBOXES allows',
    'provider',
    'kind',
    'mailbox',
  )
  const secretExpires = gauge(
    'postern_secret_expires_seconds',
    'When the client secret or certificate of a registration expires, in seconds since 1970, as far as its date is known',
    'provider',
    'kind',
  )
  const certificateExpires = gauge(
    'postern_certificate_expires_seconds',
    'When the certificate that clients are shown expires, in seconds since 1970',
    'server',
  )
  const connections = gauge('postern_provider_connections', 'Connections to providers', 'provider', 'state')
  const waiting = gauge(
    'postern_messages_waiting',
    'Messages that wait for a connection, or for the rate',
    'provider',
  )
  const pauses = gauge('postern_pauses', 'What waits after trouble, by what it is about', 'provider', 'about')
  const limitUsed = gauge(
    'postern_limit_used_ratio',
    'How much of a limit is used, from 0 to 1: of the mailbox at this provider that has used most of it',
    'provider',
    'limit',
  )

  let kept: Kept | undefined
  let readAt = Number.NEGATIVE_INFINITY

  /** A store that does not answer leaves what was known, and `postern_ready` tells of it. */
  async function keep(): Promise<Kept> {
    if (kept && clock.monotonic() - readAt < storeMilliseconds) return kept
    try {
      const [all, grants, judged] = await Promise.all([
        lookedUp.mailboxes.list(),
        lookedUp.grants.list(),
        lookedUp.conditions(),
      ])
      kept = { mailboxes: all, grants, conditions: judged }
      readAt = clock.monotonic()
    } catch (error) {
      if (!isStoreAway(error)) throw error
    }
    return kept ?? { mailboxes: [], grants: [], conditions: [] }
  }

  function showKept({ mailboxes: all, grants, conditions: judged }: Kept): void {
    conditions.reset()
    for (const { provider, condition } of judged) conditions.inc({ provider, condition })
    mailboxes.reset()
    const stateOf = new Map(grants.map(({ mailbox, state }) => [addressKey(mailbox), state]))
    for (const { address, providerId: provider } of all)
      mailboxes.inc({ provider, state: stateOf.get(addressKey(address)) ?? 'absent' })
    grantExpires.reset()
    for (const { expiry, grant, isFirst } of firstExpiries(grants, lookedUp)) {
      const labels = { provider: grant.providerId, kind: expiry.kind }
      if (isFirst) grantExpires.set(labels, expiry.endsAt / 1000)
      else grantExpires.set({ ...labels, mailbox: grant.mailbox }, expiry.endsAt / 1000)
    }
  }

  function showRegistrations(): void {
    secretExpires.reset()
    for (const { provider, registered } of catalogue.list()) {
      if (!registered) continue
      const { registration } = catalogue.registered(provider.id)
      for (const { kind, endsAt } of registrationExpiries(registration, clock.now()))
        secretExpires.set({ provider: provider.id, kind }, endsAt / 1000)
    }
  }

  function showSending(active: readonly ActiveMailbox[]): void {
    connections.reset()
    waiting.reset()
    limitUsed.reset()
    for (const { provider, state } of active) {
      const { open, inUse } = state.connections
      connections.inc({ provider, state: 'in-use' }, inUse)
      connections.inc({ provider, state: 'idle' }, open - inUse)
      waiting.inc({ provider }, state.waiting)
    }
    for (const [key, ratio] of mostUsed(active)) {
      const [provider = '', limit = ''] = key.split(' ')
      limitUsed.set({ provider, limit }, ratio)
    }
  }

  function showPauses(active: readonly ActiveMailbox[], { mailboxes: all }: Kept): void {
    pauses.reset()
    const seen = new Set<string>()
    const once = (provider: string, about: string, ...whose: unknown[]) => {
      const key = JSON.stringify([provider, about, ...whose])
      if (!seen.has(key)) pauses.inc({ provider, about })
      seen.add(key)
    }
    for (const { provider, account, mailbox, state } of active)
      for (const { about, sender, login, source } of state.pauses) {
        // Shared by all that the registration, or the name that signs in, is for.
        if (about === 'registration') once(provider, about)
        else if (about === 'mailbox') once(provider, about, account.toLowerCase())
        else once(provider, about, addressKey(mailbox), sender, login, source)
      }
    const providerOf = new Map(all.map(({ address, providerId }) => [addressKey(address), providerId]))
    for (const pause of lookedUp.tokenPauses())
      if ('provider' in pause) once(pause.provider, 'registration-token')
      else once(providerOf.get(pause.mailbox) ?? 'unknown', 'token', pause.mailbox)
  }

  return {
    async look() {
      const now = lookedUp.sessions()
      sessions.set(now.open)
      allSessions.reset()
      allSessions.inc(now.total)
      const found = await keep()
      const active = lookedUp.activeMailboxes()
      showKept(found)
      showRegistrations()
      showSending(active)
      showPauses(active, found)
      const certificateEnd = lookedUp.certificateExpiresAt?.()
      if (certificateEnd !== undefined) certificateExpires.set({ server: 'smtp' }, certificateEnd / 1000)
      ready.set((await lookedUp.isReady()) ? 1 : 0)
    },
  }
}

interface GrantExpiry {
  grant: ListedGrant
  expiry: Expiry
  /** It stands for all of its provider and kind; otherwise for its mailbox alone. */
  isFirst: boolean
}

/** The first expiry of each provider and kind, and those of the mailboxes that are named. */
function firstExpiries(
  grants: readonly ListedGrant[],
  { catalogue, namedMailboxes }: Pick<LookedUp, 'catalogue' | 'namedMailboxes'>,
): GrantExpiry[] {
  const ids = new Set(grants.map(({ providerId }) => providerId))
  const providers = new Map([...ids].map((id) => [id, findRegistered(catalogue, id)]))
  const all = grants
    .filter(({ state }) => state === 'active')
    .flatMap((grant) => {
      const provider = providers.get(grant.providerId)
      return provider ? grantExpiries(grant, provider).map((expiry) => ({ grant, expiry })) : []
    })
    .sort((one, other) => one.expiry.endsAt - other.expiry.endsAt)
  const known = new Set<string>()
  const first = all.filter(({ grant, expiry }) => {
    const key = `${grant.providerId} ${expiry.kind}`
    return !known.has(key) && known.add(key)
  })
  const named = new Set<string>()
  for (const { grant } of all) if (named.size < namedMailboxes) named.add(addressKey(grant.mailbox))
  const own = all.filter(({ grant }) => named.has(addressKey(grant.mailbox)))
  return [
    ...first.map((one) => ({ ...one, isFirst: true })),
    ...own.map((one) => ({ ...one, isFirst: false })),
  ]
}

/** By provider and limit, the highest ratio of all accounts. Connections of one account are those of all its mailboxes together. */
function mostUsed(active: readonly ActiveMailbox[]): Map<string, number> {
  const inUse = new Map<string, number>()
  for (const { provider, account, state } of active) {
    const key = `${provider} ${account.toLowerCase()}`
    inUse.set(key, (inUse.get(key) ?? 0) + state.connections.inUse)
  }
  const most = new Map<string, number>()
  const note = (key: string, used: number, limit: number | undefined) => {
    if (limit !== undefined && limit > 0) most.set(key, Math.max(most.get(key) ?? 0, used / limit))
  }
  for (const { provider, account, state } of active) {
    const together = inUse.get(`${provider} ${account.toLowerCase()}`) ?? 0
    note(`${provider} connections`, together, state.connections.limit)
    note(`${provider} messages-per-minute`, state.messagesLastMinute, state.messagesPerMinute)
    note(`${provider} recipients-per-day`, state.recipientsLastDay, state.recipientsPerDay)
  }
  return most
}
