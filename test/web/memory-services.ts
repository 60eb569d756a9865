import type { Clock } from '../../src/base/clock.ts'
import { failure } from '../../src/base/failure.ts'
import type { Log } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { NetworkAccess } from '../../src/config/network-access.ts'
import type { CompletedConsent, ConsentService } from '../../src/consent/consent-service.ts'
import type { ApiKeyStatus, ApiKeys } from '../../src/credentials/api-keys.ts'
import type { LoginStatus, Logins } from '../../src/credentials/logins.ts'
import { changedLimits } from '../../src/credentials/sending-limits.ts'
import type { Doctor } from '../../src/diagnosis/doctor.ts'
import { type Finding, good } from '../../src/diagnosis/finding.ts'
import { text } from '../../src/failures/texts.ts'
import type { AccessToken, AccessTokenRequest, TokenBroker } from '../../src/grants/token-broker.ts'
import { conditionOf, type Mailboxes, type MailboxStatus } from '../../src/mailboxes/mailboxes.ts'
import { changedMending } from '../../src/mailboxes/mending-options.ts'
import { type Address, parseAddress, sameAddress } from '../../src/model/address.ts'
import type { Scope } from '../../src/model/api-key.ts'
import { type LoginGroup, loginGroups } from '../../src/model/login.ts'
import type { PageRole } from '../../src/model/page-access.ts'
import type { SendingLimits } from '../../src/model/sending-limits.ts'
import type { Notices } from '../../src/notices/notices.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { createRegistrations, type FollowingRegistrations } from '../../src/providers/create-registrations.ts'
import type { OwnCertificateStatus } from '../../src/providers/own-certificates.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../../src/providers/provider.ts'
import type { CheckedPoint, RegistrationChecks } from '../../src/providers/registration-checks.ts'
import type { Backup } from '../../src/store/backup.ts'
import { followStore } from '../../src/store/followed-store.ts'
import type { Keyring } from '../../src/store/keyring.ts'
import type { Rehearse, Submit } from '../../src/upstream/submission.ts'
import type { SendTestMessage, StepOutcome } from '../../src/upstream/test-message.ts'
import type { PageSignIns } from '../../src/web/page-sign-ins.ts'
import type { WebServices } from '../../src/web/web-services.ts'
import { say } from '../../src/wire/reply.ts'
import { failureAs } from '../support/made-failure.ts'
import { createMemoryStore } from '../support/memory-store.ts'

export const createdAt = '2026-03-01T10:20:30.000Z'

/** A mailbox; its condition is what the rest of it means. */
export type GivenMailbox = Omit<MailboxStatus, 'condition'>

export function judged(given: GivenMailbox): MailboxStatus {
  return { ...given, condition: conditionOf(given, Date.parse(createdAt)) }
}

/** Mailboxes in a list that a test may look at and change. */
export function memoryMailboxes(): Mailboxes & { all: GivenMailbox[]; adopted: Secret[] } {
  const all: GivenMailbox[] = []
  const adopted: Secret[] = []
  function show(address: string): MailboxStatus {
    const found = all.find((mailbox) => sameAddress(mailbox.address, parseAddress(address)))
    if (!found) throw failure('mailbox.unknown', { mailbox: address })
    return judged(found)
  }
  return {
    all,
    adopted,
    // A test that has `show` say something else has the list say the same.
    async list() {
      const shown = await Promise.all(all.map(({ address }) => this.show(address)))
      return shown.map((status) => ({ ...status, pauses: status.sending?.pauses ?? [] }))
    },
    addresses: async () => all.map(({ address }) => address),
    show: async (address) => show(address),
    named: async (address) => show(address).address,
    signInName: async (address) => show(address).signsInAs ?? show(address).address,
    tryNow: async (address) => show(address),
    isPersonal: async (address) => show(address).flow !== 'client-credentials',
    async add({ address, provider, signsInAs, saslUser, aliases, refreshToken, replace }) {
      const index = all.findIndex((mailbox) => sameAddress(mailbox.address, parseAddress(address)))
      if (index >= 0 && !replace) throw failureAs('already-exists', `The mailbox ${address} exists already`)
      if (refreshToken) adopted.push(refreshToken)
      const state = refreshToken ? 'active' : 'absent'
      const mailbox: GivenMailbox = {
        address: parseAddress(address),
        provider,
        state,
        ...(signsInAs && { signsInAs: parseAddress(signsInAs) }),
        ...(saslUser && { saslUser }),
        ...(aliases && { aliases: aliases.map(parseAddress) }),
      }
      all.splice(index < 0 ? all.length : index, index < 0 ? 0 : 1, mailbox)
      return judged(mailbox)
    },
    async remove(address) {
      const { address: removed } = show(address)
      all.splice(all.indexOf(show(address)), 1)
      return { removed, revocation: 'revoked' }
    },
  }
}

export function memoryLogins(): Logins & { all: LoginStatus[] } {
  const all: LoginStatus[] = []
  return {
    all,
    async add(request) {
      const {
        mailboxes,
        userName = 'login',
        name = userName,
        password,
        senders = [],
        networks = [],
      } = request
      const { cramMd5 = false, rewriteSender = false, withoutPassword = false } = request
      const login: LoginStatus = {
        id: `login-${all.length + 1}`,
        userName,
        name,
        mailboxes: mailboxes.map(parseAddress),
        senders: senders as readonly Address[],
        networks,
        password: withoutPassword ? 'none' : password ? 'chosen' : 'generated',
        cramMd5,
        rewriteSender,
        ...changedMending({}, request),
        ...limited(changedLimits({}, request.limits ?? {})),
        state: 'active',
        createdAt,
      }
      all.push(login)
      return password || withoutPassword
        ? { login }
        : { login, password: new Secret('generated-password-of-a-login') }
    },
    list: async (mailbox) =>
      all.filter((login) => mailbox === undefined || login.mailboxes.includes(parseAddress(mailbox))),
    anyActive: async () => all.find(({ state }) => state === 'active'),
    async page({ find = '', mailbox, group, failing = [], order, from, most }) {
      const groups: Record<LoginGroup, (login: LoginStatus) => boolean> = {
        active: ({ state }) => state === 'active',
        'never-used': ({ state, lastUsedAt }) => state === 'active' && lastUsedAt === undefined,
        failing: ({ state, userName }) => state === 'active' && failing.includes(userName),
        expired: ({ state }) => state === 'expired',
        revoked: ({ state }) => state === 'revoked',
      }
      const fitting = all.filter(
        ({ id, name, userName, mailboxes, usedFrom = [] }) =>
          (mailbox === undefined || mailboxes.includes(mailbox)) &&
          [id, name, userName, ...mailboxes, ...usedFrom].some((text) =>
            text.toLowerCase().includes(find.toLowerCase()),
          ),
      )
      const found = group ? fitting.filter(groups[group]) : fitting
      const keyOf = ({ name, lastUsedAt = '' }: LoginStatus) => (order === 'name' ? name : lastUsedAt)
      const sorted = order === 'added' ? found : found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      if (order === 'used') sorted.reverse()
      const counted = loginGroups.map((one) => [one, fitting.filter(groups[one]).length])
      return {
        logins: sorted.slice(from, from + most),
        found: found.length,
        counts: { all: fitting.length, ...Object.fromEntries(counted) },
      }
    },
    async show(id) {
      const login = all.find((one) => one.id === id)
      if (!login) throw failure('login.none-named', { login: id })
      return login
    },
    async revoke(id) {
      const index = all.findIndex((login) => login.id === id)
      if (index < 0) throw failureAs('not-found', 'There is no such login')
      all.splice(index, 1)
    },
    async allow(id, senders) {
      const index = all.findIndex((login) => login.id === id)
      const login = all[index]
      if (!login) throw failureAs('not-found', 'There is no such login')
      const allowed = { ...login, senders: [...login.senders, ...senders.map(parseAddress)] }
      all[index] = allowed
      return allowed
    },
    async set(id, options) {
      const index = all.findIndex((login) => login.id === id)
      const login = all[index]
      if (!login) throw failureAs('not-found', 'There is no such login')
      const mended = { ...withoutMending(login), ...changedMending(login, options) }
      all[index] = mended
      return mended
    },
    async limit(id, options) {
      const index = all.findIndex((login) => login.id === id)
      const login = all[index]
      if (!login) throw failureAs('not-found', 'There is no such login')
      const { limits = {}, ...rest } = login
      const changed = { ...rest, ...limited(changedLimits(limits, options)) }
      all[index] = changed
      return changed
    },
  }
}

function limited(limits: SendingLimits): { limits?: SendingLimits } {
  return Object.keys(limits).length === 0 ? {} : { limits }
}

/** Other machines lack everything until it is opened. */
export function scriptedNetworkAccess(): () => Promise<NetworkAccess> {
  let isOpen = false
  const access: NetworkAccess = {
    status: async () => ({
      missing: isOpen ? [] : ['certificate', 'key', 'listener'],
      hosts: ['mail.example.com', '192.0.2.10'],
    }),
    async open() {
      isOpen = true
    },
    authority: async () => undefined,
  }
  return async () => access
}

/** Keys by their text: a test says what each may do. */
export function memoryApiKeys(keys: Record<string, readonly Scope[]>): ApiKeys {
  const all: ApiKeyStatus[] = []
  const known = new Map(Object.entries(keys))
  return {
    async add({ scopes, name = 'key', networks = [], limits = {} }) {
      const apiKey: ApiKeyStatus = {
        id: `key-${all.length + 1}`,
        name,
        scopes: scopes as Scope[],
        networks,
        ...limited(changedLimits({}, limits)),
        state: 'active',
        createdAt,
      }
      all.push(apiKey)
      return { apiKey, key: new Secret('the-text-of-a-new-key') }
    },
    list: async () => all,
    async limit(id, options) {
      const index = all.findIndex((key) => key.id === id)
      const key = all[index]
      if (!key) throw failure('api-key.unknown-to-limit', { id })
      const { limits = {}, ...rest } = key
      const changed = { ...rest, ...limited(changedLimits(limits, options)) }
      all[index] = changed
      return changed
    },
    async revoke(id) {
      const index = all.findIndex((key) => key.id === id)
      if (index < 0) throw failureAs('not-found', 'There is no such API key')
      all.splice(index, 1)
    },
    async check(presented) {
      const scopes = known.get(presented.reveal())
      if (!scopes) throw failureAs('wrong-credentials', 'This API key is not valid')
      const sends = scopes.some((scope) => scope.startsWith('send:'))
      return { name: `key ${scopes.join(' ')}`, scopes, ...(sends && { apiKey: 'key-that-sends' }) }
    },
  }
}

/** Hands out one token and notes what it was asked for; `trouble` is thrown instead while it is set. */
export function memoryTokens(): TokenBroker & {
  asked: { mailbox: Address; request: AccessTokenRequest | undefined }[]
  trouble: Error | undefined
} {
  const token: AccessToken = {
    secret: new Secret('ya29.access-token'),
    grant: { id: 'grant', providerId: 'custom', personal: true },
    remainingSeconds: () => 1799.9,
    ageSeconds: () => 1,
    expiresAt: 0,
    scopes: ['openid', 'https://mail.example.com/'],
  }
  return {
    asked: [],
    trouble: undefined,
    async accessTokenFor(mailbox, request) {
      this.asked.push({ mailbox, request })
      if (this.trouble) throw this.trouble
      return token
    },
    grantChanged() {},
    async close() {},
  }
}

/** A consent service that follows a script: one link, one authorization URL, and what the next callback ends with. */
export function scriptedConsent(link: string): ConsentService & {
  begun: { target: object; browser: string }[]
  callbacks: { url: string; browser: string | undefined }[]
  requestedBy: string
  outcome: CompletedConsent | Error
  byHand: boolean
  revoked: boolean
} {
  const mailbox = 'me@example.com'
  const unusable = () =>
    failureAs('not-found', 'This consent link is unknown, used or expired', { fix: 'Ask for a new one.' })
  return {
    begun: [],
    callbacks: [],
    requestedBy: 'owner',
    outcome: { mailbox, signedInAs: mailbox },
    async createLink(address, requestedBy) {
      this.requestedBy = requestedBy
      return {
        id: 'link-1',
        url: `http://localhost:8587/consent/${link}`,
        mailbox: parseAddress(address),
        expiresAt: createdAt,
      }
    },
    async links() {
      const { requestedBy } = this
      return [{ id: 'link-1', mailbox, requestedBy, state: 'open', createdAt, expiresAt: createdAt }]
    },
    async revokeLink(id) {
      if (id !== 'link-1') throw unusable()
      this.revoked = true
    },
    revoked: false,
    async openLink(given) {
      if (given !== link) throw unusable()
      const { requestedBy } = this
      return {
        mailbox,
        providerName: 'Example Mail',
        signsInAs: 'boss@example.com',
        requestedBy,
        expiresAt: createdAt,
      }
    },
    async begin(target, browser) {
      if ('link' in target && target.link !== link) throw unusable()
      this.begun.push({ target, browser: browser.reveal() })
      const authorizationUrl = new URL(
        `https://login.example.com/authorize?state=state-${this.begun.length}&x="'<&`,
      )
      return { authorizationUrl, byHand: this.byHand, mailbox, providerName: 'Example Mail' }
    },
    byHand: false,
    async completePasted(text, state, browser) {
      this.callbacks.push({ url: `${text} ${state}`, browser: browser?.reveal() })
      if (this.outcome instanceof Error) throw this.outcome
      return this.outcome
    },
    device: {
      begin: async (address) => ({
        id: 'device-1',
        mailbox: parseAddress(address),
        providerName: 'Example Mail',
        userCode: 'ABCD',
        verificationUri: 'https://login.example.com/device',
        expiresAt: createdAt,
      }),
      state: async () => ({ state: 'pending', mailbox }),
      close() {},
    },
    admin: {
      begin: async (provider) => ({
        url: 'https://login.example.com/adminconsent',
        provider,
        expiresAt: createdAt,
      }),
      isOne: async (callback) => callback.searchParams.get('state') === 'of-an-administrator',
      complete: async () => ({ providerName: 'Example Mail', tenant: 'contoso.example' }),
    },
    async complete(url, browser) {
      this.callbacks.push({ url: url.href, browser: browser?.reveal() })
      if (this.outcome instanceof Error) throw this.outcome
      return this.outcome
    },
  }
}

export function memoryCatalogue(registered: boolean): Catalogue {
  const provider: Provider = {
    id: 'example',
    name: 'Example Mail',
    supportStatus: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: ['authorization-code'],
    oauth: {
      authorizationEndpoint: 'https://login.example.com/authorize',
      tokenEndpoint: 'https://login.example.com/token',
      scopes: ['mail'],
      mailScopes: ['mail'],
      applicationScopes: [],
      authorizationParameters: {},
      authorizationResponseIss: false,
      clientAuthentication: 'none',
    },
    submission: { host: 'smtp.example.com', port: 465, tls: 'implicit' },
    mechanisms: ['XOAUTH2'],
    limits: { connections: 2 },
    chunking: 'auto',
    refreshMarginSeconds: 300,
    knownCapabilities: {
      size: 1_000_000,
      eightBitMime: true,
      smtpUtf8: false,
      dsn: false,
      enhancedStatusCodes: true,
      pipelining: true,
      chunking: false,
    },
  }
  return {
    list: () => [{ provider, registered }],
    registered(id): RegisteredProvider {
      if (id !== 'example') throw failureAs('not-found', 'There is no such provider')
      if (registered) return { ...provider, registration: { clientId: 'client', clientSecrets: [] } }
      throw failureAs('configuration', 'Example Mail has no registration', {
        fix: 'Set POSTERN_EXAMPLE_CLIENT_ID.',
      })
    },
  }
}

/** Sends consent links by a webhook that takes everything. */
export function scriptedNotices(): Pick<Notices, 'channels' | 'sendConsentLink' | 'sendTest'> & {
  sent: string[]
} {
  const sent: string[] = []
  return {
    channels: ['webhook'],
    sent,
    async sendConsentLink(address, requestedBy) {
      const mailbox = parseAddress(address)
      sent.push(`${mailbox} for ${requestedBy}`)
      return { id: 'link-1', mailbox, expiresAt: createdAt, deliveries: [{ channel: 'webhook' }] }
    },
    async sendTest(asker) {
      sent.push(`test for ${asker}`)
      return [{ channel: 'webhook' }]
    },
  }
}

/** Tells the steps that a test says, and notes what it was asked for. */
export function scriptedTestMessage(): SendTestMessage & { asked: string[]; steps: StepOutcome[] } {
  const asked: string[] = []
  const steps: StepOutcome[] = []
  async function* sendTestMessage(mailbox: Address, recipient?: Address) {
    asked.push(`${mailbox} to ${recipient}`)
    yield* steps
  }
  return Object.assign(sendTestMessage, { asked, steps })
}

/** Finds what a test says. */
export function scriptedDoctor(): Pick<Doctor, 'mailbox'> & { asked: string[]; findings: Finding[] } {
  const asked: string[] = []
  const findings: Finding[] = [
    { ...good('clock', text('doctor.clock-agrees', { host: 'login.example' })), milliseconds: 1 },
  ]
  async function* steps() {
    yield* findings
  }
  return {
    ...{ asked, findings },
    async mailbox(mailbox, recipient) {
      asked.push(recipient === undefined ? mailbox : `${mailbox} to ${recipient}`)
      return steps()
    },
  }
}

/** The real ones, over a store in memory that has none. */
export function memoryRegistrations(
  clock: Clock,
  log: Log,
  checks: RegistrationChecks = scriptedChecks(),
): FollowingRegistrations & { catalogue: Catalogue } {
  const { store, follow } = followStore(createMemoryStore(clock))
  const catalogue = createCatalogue({ registrations: {}, customProviders: [], providerOverrides: new Map() })
  const registrations = createRegistrations({ store, catalogue, checks, clock, log })
  follow({ registrationsChanged: () => registrations.refresh() })
  return Object.assign(registrations, { catalogue })
}

/** Has one, whose certificate is in use. */
export function scriptedOwnCertificates(): WebServices['ownCertificates'] {
  const status: OwnCertificateStatus = {
    inUse: {
      certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      thumbprint: '0A2D4CBF8AC2354F6C44D0AC60B26EA662F07C92',
      endsAt: '2027-03-01T00:00:00.000Z',
    },
  }
  return { show: async () => status, make: async () => status, tryNow: async () => status }
}

/** Says what a test scripts. */
export function scriptedChecks(): RegistrationChecks & { points: CheckedPoint[] } {
  return {
    points: [
      {
        point: 'settings',
        outcome: 'good',
        what: 'The settings are complete, and without a mistake.',
        failure: { id: 'check.settings-complete', values: {} },
      },
    ],
    async check(provider) {
      return { provider, checkedAt: createdAt, points: this.points }
    },
  }
}

function withoutMending(login: LoginStatus): LoginStatus {
  const mended = ['rewriteFrom', 'mendLineEnds', 'completeAddresses', 'map', 'splitRecipients']
  return Object.fromEntries(
    Object.entries(login).filter(([name]) => !mended.includes(name)),
  ) as unknown as LoginStatus
}

/** Page sign-ins that follow a script: `person` is who signs in, `named` are those who may. */
export function scriptedPageSignIns(): PageSignIns & {
  browser: string
  named: Map<string, PageRole>
  person: Address
} {
  return {
    providers: () => [{ id: 'example', name: 'Example Mail' }],
    async begin(_providerId, browser) {
      this.browser = browser.reveal()
      const authorizationUrl = new URL('https://login.example.com/authorize?state=of-a-sign-in')
      return { authorizationUrl, providerName: 'Example Mail' }
    },
    browser: '',
    named: new Map<string, PageRole>([['boss@example.com', 'administrator']]),
    person: 'boss@example.com',
    isOne: (callback) => callback.searchParams.get('state') === 'of-a-sign-in',
    async complete(_callback, browser) {
      if (browser?.reveal() !== this.browser || this.browser === '')
        throw failureAs('forbidden', 'This sign-in was begun in another browser, or took too long')
      this.browser = ''
      const role = this.named.get(this.person)
      if (!role) throw failureAs('forbidden', `${this.person} may not look at these pages`)
      return { role, person: this.person, provider: 'example', account: 'the-account' }
    },
    roleOf(person) {
      return this.named.get(person)
    },
  }
}

export async function scriptedBackup(): Promise<Backup> {
  const [version, madeAt, sha256] = ['1.2.3', '2026-03-01T00:00:00.000Z', 'a hash']
  const keyIds = ['key-1']
  const manifest = {
    what: 'postern backup',
    format: 1,
    version,
    schema: 1,
    madeAt,
    octets: 6,
    sha256,
    keyIds,
  } as const
  async function* octets() {
    yield Buffer.from('backup')
  }
  return { manifest, octets: octets() }
}

export async function scriptedKeyring(): Promise<Keyring> {
  return {
    list: async () => [{ kid: 'key-1', writes: true, held: true, values: 1 }],
    async *rotate() {
      yield { kid: 'key-2', sealed: 1, values: 1, broken: [] }
    },
    resume: async () => {},
  }
}

/** Everything is accepted, and the message read to its end. */
/** Whoever may send may send anywhere. */
export function scriptedRehearse(): Rehearse {
  return async ({ sender, recipients, octets }) => {
    let size = 0
    for await (const piece of octets) size += piece.length
    return {
      mailbox: sender as Address,
      sender,
      recipients: recipients.map((recipient) => ({ recipient })),
      size,
      needsApproval: false,
      problems: [],
    }
  }
}

export function scriptedSubmit(): Submit {
  return async ({ sender, recipients, octets, leaving }) => {
    await leaving?.()
    for await (const piece of octets) void piece
    return {
      mailbox: sender as Address,
      recipients: recipients.map((recipient) => ({ recipient, reply: say(250, '2.1.5 Fine') })),
      reply: say(250, '2.0.0 Ok: queued as 4F5A6B'),
    }
  }
}
