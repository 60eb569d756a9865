import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { type BrokerInside, openInside } from './app.ts'
import { Failure, stopping } from './base/failure.ts'
import { type Log, type LogLevel, logLevels, silentLog } from './base/log.ts'
import { Secret } from './base/secret.ts'
import { printable } from './base/text.ts'
import { MistakenSettings } from './cli/terminal.ts'
import { diskFiles, type Files } from './config/files.ts'
import type { Environment } from './config/given-values.ts'
import { readConfig } from './config/read-config.ts'
import type { AccessToken as HeldToken } from './grants/token-broker.ts'
import { isToBeSeenTo, type MailboxRequest, type MailboxStatus } from './mailboxes/mailboxes.ts'
import { xoauth2Response } from './sasl/mechanisms.ts'

/*
 * `import { createBroker } from 'postern'`: the broker inside a Node program. What is exported here is
 * all that there is, and says its types with what this file itself declares: declarations are made of
 * no other file.
 */

export interface BrokerOptions {
  /** The directory with the store and its keys, for one process at a time; made where there is none. Absent: `./data`. */
  dataDir?: string | undefined
  /** The PostgreSQL database that takes the place of the SQLite file, for any number of processes. */
  databaseUrl?: string | undefined
  /** Seals what is kept: 32 octets as base64. Absent: a key of its own, in the data directory. */
  key?: string | undefined
  /** The address of your program's own web server. Providers lead back to `/oauth/callback` below it. Absent: `http://localhost:8587`. */
  publicUrl?: string | undefined
  /** Further settings, by their names in `.env.example`; those of servers have no effect. The environment and `.env` are not read. */
  settings?: Readonly<Record<string, string>> | undefined
  /** What happens, a line at a time; lines hold no secrets. Absent: nowhere but in the journal of the store. */
  log?: ((line: LogLine) => void) | undefined
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** What it is about, as `docs/events.md` lists them; lines at the levels `warn` and `error` have one. */
  readonly event?: string
  readonly [field: string]: unknown
}

export interface Broker {
  /**
   * A token for the mail server that is valid for at least `minLife` seconds (0 to 86,400; absent: the
   * provider's margin, some minutes). It comes from memory where that one is, and is renewed where not:
   * the new refresh token is stored before the access token is given out.
   * @throws BrokerFailure `consent-needed`, `provider-unavailable` (with `retryAfterSeconds`), `provider-setup`,
   * `store-unavailable`, `not-found`, `invalid`
   */
  accessToken(mailbox: string, options?: { minLife?: number | undefined }): Promise<AccessToken>
  /**
   * Begins a person's consent. Lead their browser to `url`, and keep `browser` for this one browser: in its session,
   * or in a cookie with HttpOnly.
   * @throws BrokerFailure `not-found`, `configuration`
   */
  beginConsent(mailbox: string): Promise<BegunConsent>
  /**
   * Completes it from the whole address that the browser came back to, or its path and query.
   * @param browser what `beginConsent` gave for that browser
   * @throws BrokerFailure with what to do: nothing was stored then, and an earlier consent stays
   */
  completeConsent(callback: string, browser: string | undefined): Promise<CompletedConsent>
  readonly mailboxes: BrokerMailboxes
  /**
   * Takes no more calls, waits for renewals under way, and closes the store. `lostConsents`: mailboxes whose new refresh
   * token could be stored nowhere.
   */
  close(): Promise<{ lostConsents: readonly string[] }>
}

export interface BrokerMailboxes {
  /** @throws BrokerFailure `already-exists`, `not-found` (provider), `invalid`, `configuration` (provider without registration) */
  add(mailbox: NewMailbox): Promise<MailboxInfo>
  list(): Promise<MailboxInfo[]>
  /** @throws BrokerFailure `not-found`, `invalid` */
  show(address: string): Promise<MailboxInfo>
  /** Also revokes the consent at the provider where that is possible. @throws BrokerFailure `not-found` */
  remove(address: string): Promise<void>
}

export interface NewMailbox {
  address: string
  /** The id of a provider: `microsoft`, `google`, or one of the providers file. */
  provider: string
  /** The person who signs in at the provider, where that is another address. */
  signsInAs?: string | undefined
  /** Nobody consents: the app registration itself may send. */
  appOnly?: boolean | undefined
  /** Adopted as the consent of the mailbox. */
  refreshToken?: string | undefined
  /** Replaces one that is there. */
  replace?: boolean | undefined
}

export interface MailboxInfo {
  readonly address: string
  readonly provider: string
  readonly signsInAs?: string
  /** Whether there is a consent: `lapsed` needs a new one. */
  readonly consent: 'absent' | 'active' | 'lapsed'
  /** Why it lapsed. */
  readonly reason?: string
  /** When what ends first ends: a consent, a client secret, a certificate. */
  readonly endsAt?: Date
}

/** An access token, and where it is good. It does not print itself. */
export interface AccessToken {
  readonly mailbox: string
  /** The user name at the mail server. */
  readonly user: string
  readonly server: {
    readonly host: string
    readonly port: number
    /** `implicit`: TLS from the first octet (nodemailer: `secure: true`). */
    readonly tls: 'starttls' | 'implicit'
  }
  /** By the clock of this machine. */
  readonly expiresAt: Date
  readonly scopes: readonly string[]
  /** The token itself, as nodemailer's `accessToken`. */
  reveal(): string
  /** The SASL response of AUTH XOAUTH2, as base64, for who speaks SMTP themselves. */
  xoauth2(): string
}

export interface BegunConsent {
  readonly mailbox: string
  /** Where the person goes. */
  readonly url: string
  /** Secret; proves later that it is the same browser. */
  readonly browser: string
  /** The provider cannot lead back to your program: the person has to bring the address that the browser ended at. */
  readonly byHand: boolean
}

export interface CompletedConsent {
  readonly mailbox: string
  /** Who signed in, where that is another address. */
  readonly signedInAs?: string
}

/** What every method throws, and `createBroker`. The message may be shown; it holds no secret. */
export interface BrokerFailure extends Error {
  /** Which of the failures in `docs/errors.md`. */
  readonly id: string
  readonly code: BrokerFailureCode
  /** What to do, in a sentence. */
  readonly fix?: string | undefined
  /** When to ask again, in seconds. */
  readonly retryAfterSeconds?: number | undefined
}

export type BrokerFailureCode =
  | 'wrong-credentials'
  | 'forbidden'
  | 'sender-refused'
  | 'consent-needed'
  | 'provider-unavailable'
  | 'provider-setup'
  | 'limit-reached'
  | 'outcome-unknown'
  | 'not-found'
  | 'already-exists'
  | 'invalid'
  | 'configuration'
  | 'store-unavailable'
  | 'internal'

/** Whether an error is one of the broker's. */
export function isBrokerFailure(error: unknown): error is BrokerFailure {
  return error instanceof Failure
}

/**
 * Opens the broker: the same as `postern serve`, without its servers. One process at a time has a data directory;
 * `postern` on the command line is told so while it is open here.
 * @throws BrokerFailure `configuration` with every mistake in the options, or where another process has the data directory;
 * `store-unavailable`
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { log } = options
  const environment = environmentOf(options)
  const reading = await readConfig(environment, ownFiles(process.cwd(), environment))
  if ('mistakes' in reading) throw new MistakenSettings(reading.mistakes)
  const { config } = reading
  return brokerOf(await openInside(config, log ? toLog(log, config.logLevel) : silentLog))
}

/** As the environment of `postern serve` would say it. */
function environmentOf({ dataDir, databaseUrl, key, publicUrl, settings = {} }: BrokerOptions): Environment {
  const foreign = Object.keys(settings).filter((name) => !name.startsWith('POSTERN_'))
  if (foreign.length > 0)
    throw new MistakenSettings(
      foreign.map((name) => `${printable(name)} is not a setting of postern: see .env.example.`),
    )
  const named = {
    POSTERN_DATA_DIR: dataDir,
    POSTERN_DATABASE_URL: databaseUrl,
    POSTERN_KEY: key,
    POSTERN_PUBLIC_URL: publicUrl,
  }
  const given = Object.entries(named).filter(([, value]) => value !== undefined)
  return { ...settings, ...Object.fromEntries(given) }
}

/** `.env` in the folder of a program is the program's own. One that the settings name is read. */
function ownFiles(folder: string, { POSTERN_ENV_FILE: named = '' }: Environment): Files {
  const disk = diskFiles(folder)
  if (named !== '') return disk
  const foreign = resolve(folder, '.env')
  return {
    ...disk,
    read(path) {
      if (path === foreign) throw Object.assign(new Error('not read'), { code: 'ENOENT' })
      return disk.read(path)
    },
  }
}

type Level = LogLine['level']

function toLog(see: (line: LogLine) => void, least: LogLevel): Log {
  const from = logLevels.indexOf(least)
  const at = (more: object): Log => {
    const write = (level: Level) => (fields: object, message: string) => {
      if (logLevels.indexOf(level) < from) return
      // Not what stands beside a line by a symbol: that is for the journal alone.
      const line = { ...Object.fromEntries(Object.entries({ ...more, ...fields })), level, message }
      try {
        see(line)
      } catch {
        // Nothing of the broker fails because somebody cannot be told of it.
      }
    }
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => at({ ...more, ...fields }),
    }
  }
  return at({})
}

/** Who asks, for the journal. */
const by = { name: 'program' }

function brokerOf({ mailboxes, tokens, consent, catalogue, journal, log, close }: BrokerInside): Broker {
  let closing: ReturnType<typeof close> | undefined
  const open = () => {
    if (closing) throw stopping()
  }

  return {
    async accessToken(address, { minLife } = {}) {
      open()
      if (minLife !== undefined && !(Number.isInteger(minLife) && minLife >= 0 && minLife <= 86_400))
        throw new RangeError('minLife must be a whole number of seconds from 0 to 86400')
      const mailbox = await mailboxes.named(address)
      const wanted = minLife === undefined ? {} : { minimumLife: minLife }
      const token = await tokens.accessTokenFor(mailbox, wanted)
      const user = await mailboxes.signInName(mailbox, token)
      const { submission: server } = catalogue.registered(token.grant.providerId)
      log.info(
        { event: 'token.read', mailbox, by: by.name, ...wanted, format: 'library' },
        'an access token was handed out',
      )
      await journal.written()
      return new HandedToken({ mailbox, user, server }, token)
    },
    async beginConsent(address) {
      open()
      const browser = randomBytes(32).toString('base64url')
      const { mailbox, authorizationUrl, byHand } = await consent.begin(
        { mailbox: address },
        new Secret(browser),
      )
      return { mailbox, url: authorizationUrl.href, browser, byHand }
    },
    async completeConsent(callback, browser) {
      open()
      const from = callback.indexOf('?')
      const query = from === -1 ? '?' : callback.slice(from)
      const secret = browser === undefined ? undefined : new Secret(browser)
      const { mailbox, signedInAs } = await consent.completePasted(query, '', secret)
      return { mailbox, ...(signedInAs !== undefined && { signedInAs }) }
    },
    mailboxes: {
      async add(mailbox) {
        open()
        return infoOf(await mailboxes.add(requestOf(mailbox), by))
      },
      async list() {
        open()
        return (await mailboxes.list()).map(infoOf)
      },
      async show(address) {
        open()
        return infoOf(await mailboxes.show(address))
      },
      async remove(address) {
        open()
        await mailboxes.remove(address, by)
      },
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

function requestOf({
  address,
  provider,
  signsInAs,
  appOnly,
  refreshToken,
  replace,
}: NewMailbox): MailboxRequest {
  return {
    ...{ address, provider },
    ...(signsInAs !== undefined && { signsInAs }),
    ...(appOnly !== undefined && { appOnly }),
    ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
    ...(replace !== undefined && { replace }),
  }
}

function infoOf({ address, provider, signsInAs, state, reason, endings = [] }: MailboxStatus): MailboxInfo {
  const ending = endings.find(isToBeSeenTo)
  return {
    address,
    provider,
    ...(signsInAs !== undefined && { signsInAs }),
    consent: state,
    ...(reason !== undefined && { reason }),
    ...(ending && { endsAt: new Date(ending.endsAt) }),
  }
}

/** What is in `#` is shown by nothing. */
class HandedToken implements AccessToken {
  readonly mailbox: string
  readonly user: string
  readonly server: AccessToken['server']
  readonly expiresAt: Date
  readonly scopes: readonly string[]
  readonly #secret: Secret

  constructor(
    { mailbox, user, server }: Pick<AccessToken, 'mailbox' | 'user' | 'server'>,
    { secret, expiresAt, scopes }: HeldToken,
  ) {
    this.mailbox = mailbox
    this.user = user
    this.server = { ...server }
    this.expiresAt = new Date(expiresAt)
    this.scopes = [...scopes]
    this.#secret = secret
  }

  reveal(): string {
    return this.#secret.reveal()
  }

  xoauth2(): string {
    return xoauth2Response(this.user, this.#secret).reveal()
  }
}
