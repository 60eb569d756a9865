import { existsSync } from 'node:fs'
import type { Approvals } from './approvals/approvals.ts'
import { createPeriodicTask, lazy } from './base/async.ts'
import { systemClock } from './base/clock.ts'
import { failure } from './base/failure.ts'
import type { Log, LogLevel } from './base/log.ts'
import type { LocalDoctor } from './cli/context.ts'
import { removeRunningFile, writeRunningFile } from './cli/reach-broker.ts'
import type { Config } from './config/config.ts'
import type { EffectiveConfig } from './config/read-config.ts'
import { type ConsentService, redirectUriOf } from './consent/consent-service.ts'
import { createConsentService } from './consent/create-consent-service.ts'
import { type ApiKeys, createApiKeys } from './credentials/api-keys.ts'
import { createLoginThrottle } from './credentials/create-login-throttle.ts'
import { createLogins } from './credentials/create-logins.ts'
import { createCredentialIndex, warnOfNamesAlike, warnOfOpenLogins } from './credentials/credential-index.ts'
import type { Logins } from './credentials/logins.ts'
import { createPagePasswords } from './credentials/page-passwords.ts'
import { createSignIns } from './credentials/sign-ins.ts'
import { createDoctor, createProviderDoctor, storeSteps, timed } from './diagnosis/doctor.ts'
import { createGovernors } from './governor/create-governors.ts'
import type { Governors } from './governor/governor.ts'
import type { SharedBudgets } from './governor/shared-budgets.ts'
import { createTokenBroker } from './grants/create-token-broker.ts'
import { createKeepAlive } from './grants/keep-alive.ts'
import type { createSharedRenewals } from './grants/shared-renewals.ts'
import type { TokenBroker } from './grants/token-broker.ts'
import { createJournal, type Journal } from './journal/create-journal.ts'
import type { JournalReader } from './journal/journal.ts'
import { createMailboxes } from './mailboxes/create-mailboxes.ts'
import type { Mailboxes } from './mailboxes/mailboxes.ts'
import { createMetrics } from './metrics/metrics.ts'
import type { Address } from './model/address.ts'
import { createConnect, isLoopbackHost } from './net/connect.ts'
import { announcedUrl, type Endpoint, withBothLoopbacks } from './net/endpoint.ts'
import { createHttpFetch } from './net/http-fetch.ts'
import type { SmtpListener } from './net/listen.ts'
import { createNameResolver, mxHostsOf } from './net/name-resolver.ts'
import { createNotices } from './notices/create-notices.ts'
import { createCatalogue, type LiveCatalogue, suggestProvider } from './providers/catalogue.ts'
import { createRegistrations } from './providers/create-registrations.ts'
import { needsCare } from './providers/forecast.ts'
import { lookAtEndpoint } from './providers/oauth/endpoint-look.ts'
import { createOAuthClients, type TokenRequest } from './providers/oauth/oauth-clients.ts'
import type { OwnCertificates } from './providers/own-certificates.ts'
import type { Catalogue } from './providers/provider.ts'
import { givenTo } from './providers/registration.ts'
import { createRegistrationChecks } from './providers/registration-checks.ts'
import type { Registrations } from './providers/registrations.ts'
import type { Takeover } from './service/handed-sockets.ts'
import type { Worker } from './service/worker.ts'
import { createSmtpServer } from './smtp/smtp-server.ts'
import { becomeOwnerOf, dataFiles } from './store/data-dir.ts'
import { lockDataDir } from './store/data-dir-lock.ts'
import { type Change, followStore } from './store/followed-store.ts'
import type { Keyring } from './store/keyring.ts'
import { ensureOwnerKey } from './store/owner-key.ts'
import type { Chores, HeldMessageStore, Store } from './store/ports.ts'
import { rememberReads } from './store/remembered-reads.ts'
import { inspectStore, type OpenedStore, openStore } from './store/store.ts'
import { createCertificates } from './tls/certificates.ts'
import { createTraces } from './traces/traces.ts'
import { createRelay } from './upstream/create-relay.ts'
import { createDialer } from './upstream/dial.ts'
import { createPauses, createSendingStatus, type Relay } from './upstream/relay.ts'
import { createReachServer, createServerLook } from './upstream/server-look.ts'
import type { Hold, Rehearse, Submit } from './upstream/submission.ts'
import { createTestMessage } from './upstream/test-message.ts'
import { createCommandServer } from './web/command-server.ts'
import { choosePorts } from './web/listen.ts'
import { createMetricsServer } from './web/metrics-server.ts'
import { createPageSignIns, warnOfPageSignIns } from './web/page-sign-ins.ts'
import { createReadiness } from './web/readiness.ts'
import { createWebServer } from './web/web-server.ts'
import type { WebServices } from './web/web-services.ts'

/** A postern at work. */
export interface RunningPostern {
  smtp: readonly SmtpListener[]
  web: readonly Endpoint[]
  /** Where Prometheus reads without a key. */
  metrics: readonly Endpoint[]
  /** The address of the pages. */
  pagesUrl: URL
  /** Makes a one-time URL that signs a browser in as the administrator. */
  signInLink(): Promise<string>
  /** Providers that a mailbox can be added for. */
  registeredProviders: readonly string[]
  /** How many there are. */
  mailboxes: number
  /** Reads the settings and the files of the certificate again. False: there is a mistake in them. */
  reload(): Promise<boolean>
  /** Looks whether it can do its work. */
  look(): Promise<unknown>
  /** How long a stop lets messages finish. */
  shutdownSeconds(): number
  /** Stops accepting, lets messages under way finish, closes the store. */
  stop(): Promise<Stopped>
}

interface Stopped {
  /** Mailboxes whose rotated refresh tokens could be stored nowhere. */
  lostConsents: readonly Address[]
}

/** What the command's offline verbs work on. */
export interface OpenedServices {
  mailboxes: Mailboxes
  logins: Logins
  apiKeys: ApiKeys
  registrations: Registrations
  ownCertificates: Pick<OwnCertificates, 'make' | 'show' | 'tryNow'>
  keyring(): Promise<Pick<Keyring, 'list' | 'rotate'>>
  close(): Promise<void>
}

const clock = systemClock

/** Reads the settings as they are now, for whoever sets them while postern runs. */
export type ReadConfigAgain = () => Promise<
  | (Pick<EffectiveConfig, 'config'> & Partial<Pick<EffectiveConfig, 'sources' | 'warnings'>>)
  | { mistakes: readonly string[] }
>

/**
 * Opens the data directory and starts both servers; all of it or nothing.
 * @throws Failure `configuration` with what to change, `store-unavailable`
 */
export async function startPostern(
  asRead: Config,
  log: Log,
  version: string,
  readConfigAgain: ReadConfigAgain = async () => ({ config: asRead }),
  setLogLevel: (level: LogLevel) => void = () => {},
  {
    handed,
    worker,
    stopAsked,
  }: { handed?: Takeover | undefined; worker?: Worker | undefined; stopAsked?: () => void } = {},
): Promise<RunningPostern> {
  // What changes while postern runs is written into it: whoever follows asks it anew.
  const config: Config = { ...(handed?.applyTo(asRead) ?? asRead), limits: { ...asRead.limits } }
  const data = await openData(config, log, worker)
  try {
    Object.assign(config, await settlePorts(config))
    const served = {
      ...data,
      asRead,
      readConfigAgain,
      setLogLevel,
      handed,
      worker,
      ...(stopAsked && { stopAsked }),
    }
    return await startDoors(config, data.journal.log, version, served)
  } catch (error) {
    await data.close()
    throw error
  }
}

/**
 * Mailboxes, logins and API keys without the servers, for verbs that run while no postern does.
 * @throws Failure as `startPostern`; also when a postern runs on this data directory
 */
export async function openServices(config: Config, plainLog: Log): Promise<OpenedServices> {
  const endAsOwner = await becomeOwnerOf(config.dataDir)
  try {
    const { close, ...opened } = await openServicesAsSelf(config, plainLog)
    return { ...opened, close: () => close().finally(endAsOwner) }
  } catch (error) {
    endAsOwner()
    throw error
  }
}

async function openServicesAsSelf(config: Config, plainLog: Log): Promise<OpenedServices> {
  const data = await openData(config, plainLog)
  const { keyedHash, ownerKey, journal } = data
  const { store, follow } = followStore(data.store)
  // Whoever may write in the data directory did it, and there is no server between.
  const log = journal.log.child({ by: 'command' })
  const catalogue = createCatalogue(config)
  const { limits, extraCa, publicUrl } = config
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds })
  const checks = createRegistrationChecks({
    settingsNow: async () => ({ catalogue, publicUrl }),
    redirectUriOf,
    http,
    clock,
  })
  const registrations = createRegistrations({ store, catalogue, checks, clock, log })
  const ownCertificates = createOwnCertificateCare({ store, catalogue, http, log })
  follow({ registrationsChanged: () => registrations.refresh() })
  await registrations.refresh()
  return {
    registrations,
    ownCertificates,
    keyring: () => data.keyring(log),
    mailboxes: createMailboxes({
      store,
      catalogue,
      oauthClientFor: createOAuthClients({ catalogue, http, clock }),
      renewalSeconds: limits.renewalSeconds,
      outcomes: journal.reader.outcomes,
      clock,
      log,
    }),
    logins: createLogins({ store, keyedHash, clock, log }),
    apiKeys: createApiKeys({ store, keyedHash, ownerKey, clock, log }),
    async close() {
      try {
        await http.close()
      } finally {
        await data.close()
      }
    },
  }
}

/** What a program works on that has the broker inside. */
export interface BrokerInside {
  mailboxes: Mailboxes
  tokens: Pick<TokenBroker, 'accessTokenFor'>
  consent: Pick<ConsentService, 'begin' | 'completePasted'>
  catalogue: Pick<Catalogue, 'registered'>
  journal: Pick<JournalReader, 'written'>
  log: Log
  /** Waits for renewals under way, and closes the store. */
  close(): Promise<Stopped>
}

/**
 * Everything but the servers, for a program that has them itself: the store is its own as it is of
 * `startPostern`, grants that are not in use are renewed, and notices are sent.
 * @throws Failure as `startPostern`
 */
export async function openInside(asRead: Config, plainLog: Log): Promise<BrokerInside> {
  const config: Config = { ...asRead, limits: { ...asRead.limits } }
  const data = await openData(config, plainLog)
  const { log } = data.journal
  try {
    const services = composeServices(
      config,
      log,
      {
        ...{ ...data, asRead, readConfigAgain: async () => ({ config: asRead }) },
        ...{ setLogLevel: () => {}, handed: undefined, worker: undefined },
      },
      await sharedParts(data, log),
    )
    const { mailboxes, tokens, consent, catalogue, registrations, credentialIndex } = services
    await Promise.all([registrations.refresh(), credentialIndex.refresh()])
    startCare(services, data, log)
    return {
      ...{ mailboxes, tokens, consent, catalogue, log },
      journal: data.journal.reader,
      async close() {
        try {
          services.throttle.close()
          return await services.close()
        } finally {
          await data.close()
        }
      },
    }
  } catch (error) {
    await data.close()
    throw error
  }
}

/** What goes on by itself from the start on. */
function startCare(
  { notices, approvals, keepAlive, ownCertificates }: ReturnType<typeof composeServices>,
  data: OpenedData,
  log: Log,
): void {
  notices.start()
  // Begun by an earlier process.
  if (data.rotates)
    void data
      .keyring(log)
      .then((one) => one.resume())
      .catch((error) => log.warn({ event: 'keyring.not-resumed', err: error }, 'the key is not replaced yet'))
  keepAlive.start()
  approvals.start()
  ownCertificates.start()
}

/** What the command examines by itself: of a data directory that no postern runs on, and of providers. */
export function openLocalDoctor(config: Config): LocalDoctor {
  const { limits, extraCa, dataDir, publicUrl } = config
  const names = createNameResolver({ clock })
  const connect = createConnect({ names })
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds, connect })
  const catalogue = createCatalogue(config)
  const ca = extraCa === undefined ? {} : { extraCa }
  return {
    providers: registeredIn(catalogue),
    store: () =>
      timed(
        storeSteps({
          dataDir,
          inspectStore: () => inspectStore(storePlace(config)),
        }),
        clock,
      ),
    provider: createProviderDoctor({
      catalogue,
      registrationChecks: createRegistrationChecks({
        settingsNow: async () => ({ catalogue, publicUrl }),
        redirectUriOf,
        http,
        clock,
      }),
      lookAtEndpoint: (provider) => lookAtEndpoint(provider, http.via(provider.proxy), clock),
      lookAtServer: createServerLook(
        createReachServer({ dial: createDialer({ ...ca, connect, limits }), names, clock }),
        limits,
      ),
      clock,
    }),
    close: () => http.close(),
  }
}

function registeredIn(catalogue: Catalogue): string[] {
  return catalogue
    .list()
    .filter(({ registered }) => registered)
    .map(({ provider }) => provider.id)
}

/** Addresses that the system chooses are chosen before anybody is told one. */
async function settlePorts(config: Config): Promise<Config> {
  const webListen = await choosePorts(config.webListen)
  if (hasPort(config.publicUrl)) return { ...config, webListen }
  const publicUrl = announcedUrl(webListen, webListen[0]?.port ?? 0)
  const urls = config.pagesUrl ? [publicUrl, config.pagesUrl] : [publicUrl]
  return { ...config, publicUrl, webListen: withBothLoopbacks(webListen, urls) }
}

function hasPort({ port }: URL): boolean {
  return port !== '0'
}

type OpenedData = OpenedStore & {
  journal: Journal
  ownerKey: Awaited<ReturnType<typeof ensureOwnerKey>>
  close(): Promise<void>
}

type ServedData = OpenedData & {
  asRead: Config
  readConfigAgain: ReadConfigAgain
  setLogLevel: (level: LogLevel) => void
  handed: Takeover | undefined
  worker: Worker | undefined
  stopAsked?: (() => void) | undefined
}

function storePlace({ dataDir, key, databaseUrl: url, extraCa, runtimeDir, limits }: Config) {
  const postgres = url && { url, ...(extraCa !== undefined && { extraCa }) }
  return {
    dataDir,
    tokenRequestSeconds: limits.tokenRequestSeconds,
    ...(key && { key }),
    ...(postgres && { postgres }),
    ...(runtimeDir !== undefined && { runtimeDir }),
  }
}

/** The data directory, ours alone until it is closed; or that of the process which holds it for its workers. */
async function openData(config: Config, log: Log, worker?: Worker): Promise<OpenedData> {
  const { dataDir } = config
  const lock = worker ? { release: async () => {} } : await lockDataDir(dataDir)
  try {
    const opened = await openStore({
      ...storePlace(config),
      ...(worker && { worker: worker.number }),
      clock,
      log,
    })
    const ownerKey = await ensureOwnerKey(dataDir)
    const chores = opened.others?.chores
    const journal = createJournal({
      store: opened.store.journal,
      clock,
      log,
      get days() {
        return config.limits.journalDays
      },
      get recipients() {
        return config.journalRecipients
      },
      ...(chores && { isMine: () => chores.isMine('journal') }),
    })
    await noteRestore(dataDir, opened.store, journal.log)
    return {
      ...opened,
      journal,
      ownerKey,
      async close() {
        try {
          await journal.close()
          await opened.store.close()
        } finally {
          await lock.release()
        }
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** By whoever could write in the data directory, while nothing ran that could have noted it. */
async function noteRestore(
  dataDir: string,
  store: Pick<Store, 'heldMessages' | 'holdsMessages'>,
  log: Log,
): Promise<void> {
  if (!existsSync(dataFiles(dataDir).restored)) return
  const { takeRestoreNote } = await import('./store/backup.ts')
  // Before the note is gone: a link that was used since the backup must not work once more.
  if (await store.holdsMessages()) await doubtHeld(await store.heldMessages(), log)
  const note = await takeRestoreNote(dataDir)
  if (note)
    log.info({ event: 'backup.restored', by: 'command', ...note }, 'The store was restored from a backup')
}

/** What waited for a person when the backup was made may have been sent since. */
async function doubtHeld(held: HeldMessageStore, log: Log): Promise<void> {
  for (const { id, state, owner, envelope } of await held.list()) {
    if (state !== 'waiting' || !(await held.end(id, 'unknown'))) continue
    const { userName: login, mailbox } = envelope
    log.error(
      { event: 'approval.outcome-unknown', approval: id, login, mailbox, owner },
      'A message waited for approval in the backup that was restored: it is not known whether it was sent since',
    )
  }
}

/** Where nobody can tell what was changed. */
async function anyChange(store: Store): Promise<Change[]> {
  const all = await store.mailboxes.list()
  const rest = { mailboxes: true, signIns: true, registrations: true } as const
  return [...all.map(({ address }) => ({ mailbox: address })), rest]
}

/** What several processes on one database need beside, and is loaded there alone. */
interface SharedParts {
  budgets: SharedBudgets
  createRenewals: typeof createSharedRenewals
}

async function sharedParts({ others }: OpenedData, log: Log): Promise<SharedParts | undefined> {
  if (!others) return undefined
  const { SharedBudgets } = await import('./governor/shared-budgets.ts')
  const { ToldPauses } = await import('./governor/told-pauses.ts')
  const pauses = new ToldPauses({ store: others.pauses, clock, log })
  const { createSharedRenewals } = await import('./grants/shared-renewals.ts')
  return {
    budgets: new SharedBudgets({ store: others.budgets, pauses, clock, log }),
    createRenewals: createSharedRenewals,
  }
}

/** Everything behind the servers. */
function composeServices(config: Config, log: Log, data: ServedData, parts?: SharedParts) {
  const { keyedHash, ownerKey, journal, passing, readConfigAgain, others } = data
  const look = others && (() => others.look())
  const memory = rememberReads(data.store, look)
  const { store, follow, announce } = followStore(memory.store)
  others?.follow(async (changes) => {
    memory.forget(changes?.flatMap(({ mailbox }) => mailbox ?? []))
    for (const change of changes ?? (await anyChange(data.store))) await announce(change)
  })
  const { limits, extraCa, publicUrl } = config
  // One way out for all: what look-ups may hold of the process is counted there.
  const names = createNameResolver({ clock })
  const connect = createConnect({ names })
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds, connect })
  const catalogue = createCatalogue(config)
  let seeTokenRequest = (_: TokenRequest) => {}
  const onTokenRequest = (request: TokenRequest) => seeTokenRequest(request)
  const oauthClientFor = createOAuthClients({ catalogue, http, clock, onTokenRequest })
  const refreshMarginFor = (providerId: string) => catalogue.registered(providerId).refreshMarginSeconds
  const onLapsed = (mailbox: Address) => relay.drain(mailbox)
  const registrationOf = (providerId: string) => givenTo(catalogue.registered(providerId))
  const tokens = createTokenBroker({
    store,
    oauthClientFor,
    refreshMarginFor,
    registrationOf,
    errorFamilyOf: (providerId) => catalogue.registered(providerId).errorFamily,
    onLapsed,
    onRestored: onLapsed,
    onUnstored: () => notices.lookNow(),
    ...(data.keepElsewhere && { keepElsewhere: data.keepElsewhere }),
    ...(parts &&
      others && {
        shareRenewals: (clock) =>
          parts.createRenewals({ tokens: others.tokens, store, refreshMarginFor, registrationOf, clock }),
      }),
    clock,
    log,
  })
  const ca = extraCa === undefined ? {} : { extraCa }
  const governors = createGovernors({ counts: store.recipientCounts, shared: parts?.budgets, clock, log })
  const { mailboxes, serverCapabilities } = store
  const ways = { ...ca, connect, limits }
  const traces = createTraces({ clock, log })
  const relay = createRelay({
    catalogue,
    mailboxes,
    serverCapabilities,
    tokens,
    governors,
    taps: traces,
    ...ways,
    clock,
    log,
  })

  // What is cached of the grant goes, and so do connections that it signed in.
  const grantChanged: typeof tokens.grantChanged = (mailbox, fresh) => {
    tokens.grantChanged(mailbox, fresh)
    relay.drain(mailbox)
  }
  const credentialIndex = createCredentialIndex({ store, ...(look && { look }), clock, log })
  others?.followStandstills(() => {
    memory.forget()
    void credentialIndex.refresh()
  })
  const loggableName = (userName: string) => credentialIndex.loggableName(userName)
  const chores = others?.chores
  const shared = others && { guesses: others.guesses, keyedHash }
  const throttle = createLoginThrottle({ limits, loggableName, clock, log, ...(shared && { shared }) })
  follow({
    mailboxChanged: grantChanged,
    mailboxesChanged: () => relay.refreshCapabilities(),
    signInsChanged: () => credentialIndex.refresh(),
    registrationsChanged: () => registrations.refresh(),
  })
  const remembered = (id: string) => credentialIndex.apiKey(id)
  const apiKeys = createApiKeys({ store, keyedHash, ownerKey, remembered, clock, log })
  const consentDeps = { store, catalogue, oauthClientFor, keyedHash, passing, clock, log, publicUrl }
  const consent = createConsentService({ ...consentDeps, ...(chores && { chores }), limits, grantChanged })
  const pageSignIns = createPageSignIns({
    catalogue,
    oauthClientFor,
    limits,
    get people() {
      return config.pageAccess
    },
    keyedHash,
    passing,
    redirectUri: redirectUriOf(publicUrl),
    clock,
  })
  const keepAlive = createKeepAlive({
    grants: store.grants,
    tokens,
    registrationOf,
    get renewalSeconds() {
      return limits.renewalSeconds
    },
    ...(chores && { share: () => chores.share() }),
    clock,
    log,
  })
  const notices = createNotices({
    get notify() {
      return config.notify
    },
    store,
    catalogue,
    tokens,
    relay,
    consent,
    // As to a provider: what is on this machine needs no proxy.
    get fetch() {
      const { webhook } = config.notify
      return http.via(webhook && isLoopbackHost(webhook.url.hostname) ? undefined : config.proxy)
    },
    get reminderSeconds() {
      return limits.reminderSeconds
    },
    approvals: async () => ((await data.store.holdsMessages()) ? approvals.opened() : undefined),
    ...(chores && { shared: { chores, passing } }),
    clock,
    log,
  })
  const pauses = createPauses(relay, tokens)
  const dial = createDialer(ways)
  const reachServer = createReachServer({ dial, names, clock })
  const sendTestMessage = createTestMessage({
    mailboxes,
    catalogue,
    tokens,
    relay,
    reachServer,
    limits,
    clock,
    log,
  })
  const registrationChecks = createRegistrationChecks({
    async settingsNow() {
      const now = await readConfigAgain()
      if ('mistakes' in now) return now
      const catalogueNow = createCatalogue(now.config, registrations.usable())
      return {
        catalogue: catalogueNow,
        publicUrl: hasPort(now.config.publicUrl) ? now.config.publicUrl : publicUrl,
      }
    },
    running: { catalogue, publicUrl },
    redirectUriOf,
    http,
    clock,
  })
  const registrations = createRegistrations({
    store,
    catalogue,
    checks: registrationChecks,
    async onChange(changes) {
      for (const change of changes) for (const follower of [tokens, relay]) follower.providerChanged(change)
      await relay.refreshCapabilities()
    },
    clock,
    log,
  })
  const ownCertificates = createOwnCertificateCare({ store, catalogue, http, chores, log })
  const signIns = createSignIns({ store, apiKeys, index: credentialIndex, throttle, keyedHash, clock, log })
  const sending = { relay, signIns, limits, log }
  const approvals = createApprovalCare({
    ...{ store, limits, publicUrl, keyedHash, sending, log },
    isAlone: others === undefined,
    onNews: () => notices.lookNow(),
  })
  return {
    catalogue,
    registrations,
    ownCertificates,
    suggestProvider: (address: string) => suggestProvider(address, mxHostsOf),
    tokens,
    relay,
    traces,
    setLogLevel: data.setLogLevel,
    throttle,
    mailboxes: createMailboxes({
      store,
      catalogue,
      oauthClientFor,
      get renewalSeconds() {
        return limits.renewalSeconds
      },
      outcomes: journal.reader.outcomes,
      clock,
      log,
      sending: createSendingStatus(relay, tokens),
      pauses,
      async tryNow(address) {
        await tokens.tryNow(address)
        await relay.tryNow(address)
      },
    }),
    logins: createLogins({ store, keyedHash, clock, log }),
    sendTestMessage,
    registrationChecks,
    doctor: createDoctor({
      catalogue,
      mailboxes,
      grants: store.grants,
      tokens,
      pauses,
      sendTestMessage,
      registrationChecks,
      lookAtEndpoint: (provider) => lookAtEndpoint(provider, http.via(provider.proxy), clock),
      lookAtServer: createServerLook(reachServer, limits),
      clock,
    }),
    pagePasswords: createPagePasswords({ store, throttle, keyedHash, clock, log }),
    pageAccess: store.pageAccess,
    pageSignIns,
    journal: journal.reader,
    keyedHash,
    passing,
    sentKeys: store.sentKeys,
    signIns,
    ...createSubmissionsLater({ ...sending, programs: governors, hold: approvals.hold }),
    async programUse({ id, name, limits }: Parameters<WebServices['programUse']>[0]) {
      if (limits.messagesPerHour === undefined && limits.recipientsPerDay === undefined) return {}
      return (await governors.program({ id: `api-key ${id}`, name: `api-key ${name}`, limits })).use()
    },
    approvals,
    credentialIndex,
    apiKeys,
    consent,
    notices,
    keepAlive,
    watched: {
      lines: journal.watch,
      httpRequests: http.watch,
      tokenRequests(see: typeof seeTokenRequest) {
        seeTokenRequest = see
      },
    },
    async close() {
      consent.device.close()
      traces.close()
      try {
        await Promise.all([notices.close(), keepAlive.close(), ownCertificates.close()])
        await relay.close()
        await approvals.close()
        // Before the way to the provider and the store close: a rotation under way must be stored, and what was counted.
        await Promise.all([tokens.close(), governors.close()])
        return { lostConsents: tokens.unstored() }
      } finally {
        await http.close()
      }
    },
  }
}

interface SendingDeps {
  relay: Relay
  signIns: ReturnType<typeof createSignIns>
  limits: Config['limits']
  log: Log
}

/** Sends what comes by HTTP; what is needed for that is loaded with the first message. */
function createSubmissionsLater(deps: SendingDeps & { hold: Hold; programs: Pick<Governors, 'program'> }): {
  submit: Submit
  rehearse: Rehearse
} {
  const submissions = lazy(async () => {
    const { createSubmissions } = await import('./smtp/submissions.ts')
    return createSubmissions({ ...deps, clock })
  })
  return {
    submit: async (submission) => (await submissions()).submit(submission),
    rehearse: async (submission) => (await submissions()).rehearse(submission),
  }
}

/**
 * Messages that wait for a person. What is needed for them is loaded with the first of them, and looked
 * at each minute while there are any.
 */
function createApprovalCare({
  store,
  sending,
  ...deps
}: {
  store: Pick<Store, 'heldMessages' | 'holdsMessages'>
  sending: SendingDeps
  limits: Config['limits']
  publicUrl: URL
  keyedHash: OpenedStore['keyedHash']
  isAlone: boolean
  onNews(): void
  log: Log
}) {
  const opened = lazy(async () => {
    const [{ createApprovals }, { createApprovedSubmissions }, held] = await Promise.all([
      import('./approvals/create-approvals.ts'),
      import('./smtp/submissions.ts'),
      store.heldMessages(),
    ])
    return createApprovals({ ...deps, held, send: createApprovedSubmissions({ ...sending, clock }), clock })
  })
  const isAny = () => store.holdsMessages()
  const rounds = createPeriodicTask(60, async () => {
    if (await isAny().catch(() => false)) await (await opened()).round()
  })
  let isOpened = false
  const approvals = async () => {
    isOpened = true
    return opened()
  }
  return {
    opened: approvals as () => Promise<Approvals>,
    hold: (async (message) => (await approvals()).hold(message)) satisfies Hold as Hold,
    waiting: async () => ((await isAny()) ? (await approvals()).waiting() : 0),
    start: () => rounds.start(),
    async close() {
      await rounds.close()
      if (isOpened) await (await opened()).close()
    },
  }
}

/** Looks each minute; what is needed for a certificate is loaded with the first that needs something. */
function createOwnCertificateCare({
  store,
  catalogue,
  http,
  chores,
  log,
}: {
  store: Pick<Store, 'registrations'>
  catalogue: LiveCatalogue
  http: Pick<ReturnType<typeof createHttpFetch>, 'via'>
  /** Where there are several processes. */
  chores?: Chores | undefined
  log: Log
}): Omit<OwnCertificates, 'round'> & ReturnType<typeof createPeriodicTask> {
  const own = lazy(async () => {
    const [{ createOwnCertificates }, { createCertificateKeeper }, { issueForClient }] = await Promise.all([
      import('./providers/create-own-certificates.ts'),
      import('./providers/certificate-keeper.ts'),
      import('./tls/issue.ts'),
    ])
    const keeper = createCertificateKeeper({ registrations: store.registrations, catalogue, clock })
    return createOwnCertificates({ keeper, http, issue: issueForClient, clock, log })
  })
  const isNeeded = () =>
    catalogue
      .entries()
      .some(({ registered }) => registered && needsCare(registered.registration, clock.now()))
  const isMine = async () => chores === undefined || (await chores.isMine('certificates'))
  const rounds = createPeriodicTask(60, async () => {
    if (isNeeded() && (await isMine().catch(() => false))) await (await own()).round()
  })
  return {
    show: async (id) => (await own()).show(id),
    make: async (id, request, by) => (await own()).make(id, request, by),
    tryNow: async (id) => (await own()).tryNow(id),
    ...rounds,
  }
}

async function startDoors(
  config: Config,
  log: Log,
  version: string,
  data: ServedData,
): Promise<RunningPostern> {
  const { limits, dataDir, publicUrl, pagesUrl = publicUrl } = config
  const { handed } = data
  let certificates = config.certificate && createCertificates({ ...config.certificate, clock, log })
  const services = composeServices(config, log, data, await sharedParts(data, log))
  const { catalogue, relay, signIns } = services
  let serving = false
  const readiness = createReadiness({
    serving: () => serving,
    check: () => data.store.check(),
    ...(data.worker && { worker: data.worker }),
    clock,
    log,
  })
  const own = createMetrics(
    {
      version,
      sessions: () => smtpServer.sessions(),
      activeMailboxes: () => relay.states(),
      tokenPauses: () => services.tokens.pauses(),
      mailboxes: data.store.mailboxes,
      grants: data.store.grants,
      conditions: () => services.mailboxes.list(),
      catalogue,
      certificateExpiresAt: () => certificates?.expiresAt(),
      isReady: async () => (await readiness()).ready,
      get namedMailboxes() {
        return config.metrics.mailboxes
      },
      clock,
    },
    services.watched,
    data.worker?.number,
  )
  const metrics = data.worker?.metricsOfAll(own) ?? own
  /** Of several workers the first: there is one socket, and one file that says who runs. */
  const servesCommand = data.worker === undefined || data.worker.number === 1
  let listening = config.smtpListen
  let tellRunning = async () => {}
  /** Loaded when somebody asks: nothing of it is on the way of a message. */
  const networkAccess = lazy(async () => {
    const { createNetworkAccess } = await import('./config/network-access.ts')
    return createNetworkAccess({
      dataDir,
      certificate: config.certificate,
      // Where it listens is said by the sockets that were handed over, and by no setting.
      settingsNow: handed ? async () => ({}) : data.readConfigAgain,
      listening: () => listening,
      async listenAt(listeners, files) {
        const taken = certificates ?? createCertificates({ ...files, clock, log })
        listening = await smtpServer.listenAt(listeners, taken)
        certificates = taken
        await tellRunning()
      },
      clock,
      log,
    })
  })
  const keyring = () => data.keyring(log)
  async function makeBackup() {
    if (config.databaseUrl !== undefined) throw failure('backup.on-postgres')
    const { makeBackup } = await import('./store/backup.ts')
    return makeBackup({ dataDir, version, clock })
  }
  const { worker } = data
  const { confirmations } = data.others ?? {}
  const webServices = {
    ...services,
    confirmations,
    smtp: () => listening,
    networkAccess,
    makeBackup,
    keyring,
    ...(worker && { workers: () => worker.states() }),
  }
  const webServer = createWebServer({
    listen: config.webListen,
    handed,
    publicUrl,
    pagesUrl,
    get furtherHosts() {
      return config.hosts
    },
    get trustedProxies() {
      return config.trustedProxies
    },
    services: webServices,
    readiness,
    metrics,
    limits,
    clock,
    log,
    version,
    organisation: config.organisation,
  })
  const metricsServer = createMetricsServer({
    listen: config.metrics.listen,
    handed,
    metrics,
    readiness,
    log,
  })
  const commandServer = createCommandServer({
    dataDir,
    ownerKey: data.ownerKey,
    app: webServer.app,
    ...(data.stopAsked && { stopAsked: data.stopAsked }),
    clock,
    log,
  })
  const smtpServer = createSmtpServer({
    listen: config.smtpListen,
    handed,
    relay,
    hold: services.approvals.hold,
    signIns,
    limits,
    log,
    clock,
    taps: services.traces,
    ...(certificates && { certificates }),
  })

  /** Everybody follows the settings as they are read again; what may fail does so before that. */
  function prepare(read: Config): () => Promise<void> {
    const { certificate, logLevel } = config
    const { certFile, keyFile } = read.certificate ?? {}
    const isMoved = certFile !== certificate?.certFile || keyFile !== certificate?.keyFile
    const moved =
      certificates && isMoved && read.certificate
        ? createCertificates({ ...read.certificate, clock, log })
        : undefined
    return async () => {
      if (config.logLevel !== logLevel) data.setLogLevel(config.logLevel)
      const following = services.registrations.settingsChanged()
      if (moved) {
        certificates = moved
        await smtpServer.listenAt(listening, moved)
      } else certificates?.reload()
      await following
    }
  }
  /** Loaded when somebody asks: seldom. */
  const reload = lazy(async () => {
    const { createReload } = await import('./config/reload.ts')
    const { asRead, readConfigAgain: readAgain } = data
    return createReload({ running: config, asRead, readAgain, prepare, log })
  })

  async function stop(graceSeconds: number): Promise<Stopped> {
    serving = false
    services.throttle.close()
    const closing = [commandServer, webServer, metricsServer].map((server) => server.stop())
    const closed = await Promise.allSettled([
      servesCommand && removeRunningFile(dataDir),
      ...closing,
      smtpServer.stop(graceSeconds),
    ])
    const stopped = await services.close()
    for (const { reason: err } of closed.filter((one) => one.status === 'rejected'))
      log.warn({ event: 'stop.incomplete', err }, 'Not everything could be closed')
    return stopped
  }

  try {
    // Before anything is asked of providers.
    await services.registrations.refresh()
    await Promise.all([services.credentialIndex.refresh(), relay.refreshCapabilities()])
    warnOfOpenLogins(services.credentialIndex, log)
    warnOfNamesAlike(services.credentialIndex, log)
    warnOfPageSignIns(services.pageSignIns, config.pageAccess, log)
    const web = await webServer.start()
    const metricsListen = await metricsServer.start()
    const smtp = await smtpServer.start()
    listening = smtp
    // Before it is ready: whoever waits for that may use the command at once.
    if (servesCommand) {
      const command = await commandServer.start()
      tellRunning = () =>
        writeRunningFile(dataDir, {
          pid: worker?.firstPid ?? process.pid,
          web,
          smtp: listening,
          ...(command && { command }),
        })
      await tellRunning()
    }
    serving = true
    startCare(services, data, log)
    const { length: mailboxes } = await data.store.mailboxes.list()
    return {
      mailboxes,
      smtp,
      web,
      metrics: metricsListen,
      pagesUrl,
      signInLink: webServer.signInLink,
      registeredProviders: registeredIn(catalogue),
      reload: async () => (await reload())(),
      look: readiness,
      shutdownSeconds: () => limits.shutdownSeconds,
      async stop() {
        try {
          return await stop(limits.shutdownSeconds)
        } finally {
          await data.close()
        }
      },
    }
  } catch (error) {
    await stop(0)
    throw error
  }
}
