import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import type { Config, Endpoint } from './config/config.ts'
import { createConsentService } from './consent/consent-service.ts'
import { createTokenBroker } from './grants/create-token-broker.ts'
import { createApiKeys } from './mailboxes/api-keys.ts'
import { createLogins } from './mailboxes/logins.ts'
import { createMailboxes } from './mailboxes/mailboxes.ts'
import type { ApiKeys, Logins, Mailboxes } from './mailboxes/services.ts'
import { createCatalogue } from './providers/catalogue.ts'
import { createHttpFetch } from './providers/http-fetch.ts'
import { createOAuthClients } from './providers/oauth-clients.ts'
import { createSmtpDoor } from './smtp/door.ts'
import { lockDataDir } from './store/data-dir-lock.ts'
import { type OpenedStore, openStore } from './store/open-store.ts'
import { ensureOwnerKey } from './store/owner-key.ts'
import { createRelay } from './upstream/create-relay.ts'
import { createWebDoor } from './web/web-door.ts'

/** A postern at work. */
export interface RunningPostern {
  smtp: readonly Endpoint[]
  web: readonly Endpoint[]
  /** A one-time URL that signs a browser in as the administrator. */
  signInLink: string
  /** Providers that a mailbox can be added for. */
  registeredProviders: readonly string[]
  /** Stops accepting, lets messages under way finish, closes the store. */
  stop(): Promise<void>
}

/** What the command's offline verbs work on. */
export interface OpenedServices {
  mailboxes: Mailboxes
  logins: Logins
  apiKeys: ApiKeys
  close(): Promise<void>
}

const clock = systemClock

/**
 * Opens the data directory and starts both doors; all of it or nothing.
 * @throws Failure `configuration` with what to change, `store-unavailable`
 */
export async function startPostern(config: Config, log: Log, version: string): Promise<RunningPostern> {
  const data = await openData(config, log)
  try {
    return await startDoors(config, log, version, data)
  } catch (error) {
    await data.close()
    throw error
  }
}

/**
 * Mailboxes, logins and API keys without the doors, for verbs that run while no postern does.
 * @throws Failure as `startPostern`; also when a postern runs on this data directory
 */
export async function openServices(config: Config, log: Log): Promise<OpenedServices> {
  const data = await openData(config, log)
  const { store, keyedHash, ownerKey } = data
  const catalogue = createCatalogue(config)
  const nothingCached = () => {}
  return {
    mailboxes: createMailboxes({
      store,
      catalogue,
      clock,
      grantChanged: nothingCached,
      drain: nothingCached,
    }),
    logins: createLogins({ store, keyedHash, clock, log }),
    apiKeys: createApiKeys({ store, keyedHash, ownerKey, clock, log }),
    close: data.close,
  }
}

type OpenedData = OpenedStore & {
  ownerKey: Awaited<ReturnType<typeof ensureOwnerKey>>
  close(): Promise<void>
}

/** The data directory, ours alone until it is closed. */
async function openData({ dataDir, key }: Config, log: Log): Promise<OpenedData> {
  const lock = await lockDataDir(dataDir)
  try {
    const opened = await openStore({ dataDir, ...(key && { key }), clock, log })
    const ownerKey = await ensureOwnerKey(dataDir)
    return {
      ...opened,
      ownerKey,
      async close() {
        await opened.store.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function startDoors(
  config: Config,
  log: Log,
  version: string,
  { store, keyedHash, ownerKey, close }: OpenedData,
): Promise<RunningPostern> {
  const { limits, extraCa } = config
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds })
  const catalogue = createCatalogue(config)
  const oauthClientFor = createOAuthClients({ catalogue, fetch: http.fetch })
  const tokens = createTokenBroker({
    store,
    oauthClientFor,
    refreshMarginFor: (providerId) => catalogue.registered(providerId).refreshMarginSeconds,
    clock,
    log,
  })
  const relay = createRelay({
    catalogue,
    mailboxes: store.mailboxes,
    tokens,
    limits,
    ...(extraCa !== undefined && { extraCa }),
    clock,
    log,
  })

  // One event with two listeners: what is cached of the grant goes, and so do connections that it signed in.
  const grantChanged: typeof tokens.grantChanged = (mailbox, fresh) => {
    tokens.grantChanged(mailbox, fresh)
    relay.drain(mailbox)
  }
  const mailboxes = createMailboxes({ store, catalogue, clock, grantChanged, drain: relay.drain })
  const logins = createLogins({ store, keyedHash, clock, log })
  const apiKeys = createApiKeys({ store, keyedHash, ownerKey, clock, log })
  const consent = createConsentService({
    store,
    catalogue,
    oauthClientFor,
    keyedHash,
    clock,
    log,
    publicUrl: config.publicUrl,
    consentSeconds: limits.consentSeconds,
    consentLinkSeconds: limits.consentLinkSeconds,
    grantChanged,
  })

  const webDoor = createWebDoor({
    listen: config.webListen,
    publicUrl: config.publicUrl,
    services: { mailboxes, logins, apiKeys, consent, tokens, catalogue },
    ready: () => store.check(),
    clock,
    log,
    version,
  })
  const smtpDoor = createSmtpDoor({
    listen: config.smtpListen,
    relay,
    logins,
    limits,
    log,
    clock,
    allowPlainAuthBeyondLoopback: config.allowPlainAuthBeyondLoopback,
  })

  async function stop(): Promise<void> {
    await Promise.all([webDoor.stop(), smtpDoor.stop(limits.shutdownSeconds)])
    await relay.close()
    await http.close()
    await close()
  }

  try {
    const web = await webDoor.start()
    const smtp = await smtpDoor.start()
    const registered = catalogue.list().filter((entry) => entry.registered)
    return {
      smtp,
      web,
      signInLink: webDoor.signInLink(),
      registeredProviders: registered.map(({ provider }) => provider.id),
      stop,
    }
  } catch (error) {
    await Promise.all([webDoor.stop(), smtpDoor.stop(0)])
    await relay.close()
    await http.close()
    throw error
  }
}
