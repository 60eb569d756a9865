import { createHmac } from 'node:crypto'
import { systemClock } from '../../src/base/clock.ts'
import type { Failure } from '../../src/base/failure.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { AuthMethods } from '../../src/credentials/credential-index.ts'
import { requireItself, type SignIns } from '../../src/credentials/sign-ins.ts'
import type { Submitter } from '../../src/mailboxes/sender-policy.ts'
import { type Address, addressKey, keyed } from '../../src/model/address.ts'
import type { Limits } from '../../src/model/limits.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { SmtpListener } from '../../src/net/listen.ts'
import type { Credentials } from '../../src/sasl/mechanisms.ts'
import { createSmtpServer, type SmtpServer, type SmtpServerDeps } from '../../src/smtp/smtp-server.ts'
import { secureContexts } from '../../src/tls/certificates.ts'
import { defaultLimits } from './default-limits.ts'
import { failureAs } from './made-failure.ts'
import { createRecordingRelay, type RecordingRelay } from './recording-relay.ts'

/** A server on a free port, with a few logins and a provider's side that records. */
export interface SmtpStage {
  server: SmtpServer
  relay: RecordingRelay
  /** The first of its addresses. */
  endpoint: Endpoint
  addresses: readonly Endpoint[]
}

export type StageSettings = Partial<Omit<SmtpServerDeps, 'limits' | 'relay' | 'listen'>> & {
  limits?: Partial<Limits>
  /** What is not said of a listener is as the settings have it by default. */
  listen?: readonly Partial<SmtpListener>[]
  /** PEM; with it every listener has STARTTLS, unless it says something else. */
  tls?: { cert: string; key: string }
  /** What clients are offered beside PLAIN and LOGIN; nothing without it. */
  offers?: Partial<AuthMethods>
  /** User names whose login has ended since they signed in. */
  ended?: ReadonlySet<string>
}

/**
 * `me@example.com`, `two@example.com` (two mailboxes) and `ü@example.com`; `scanner`, a short name with a password that is not ASCII; and
 * `fax`, whose sender is replaced. All but the scanner have the password `right`. `me@example.com` also has an API key, `api-key`.
 */
export const stageSubmitters: readonly Submitter[] = [
  { ...submitterOf('me@example.com', ['me@example.com'], ['*@example.org']), login: 'me-1' },
  submitterOf('two@example.com', ['two@example.com', 'second@example.com'], []),
  submitterOf('ü@example.com', ['ü@example.com'], []),
  submitterOf('scanner', ['me@example.com'], []),
  { ...submitterOf('fax', ['me@example.com'], []), rewriteSender: true },
]

/** Who is let in without a password, where that is offered, and sends as its mailbox or as `hall@example.com`. */
const passwordless = submitterOf('hall-printer', ['me@example.com'], ['hall@example.com'])

export async function openSmtpServer(settings: StageSettings = {}): Promise<SmtpStage> {
  const relay = createRecordingRelay()
  const log: Log = settings.log ?? silentLog
  const { tls, listen = [{}], ...others } = settings
  const byDefault = tls === undefined && settings.certificates === undefined ? 'none' : 'starttls'
  const usual = { host: '127.0.0.1', port: 0, tls: byDefault, plainAuth: false, oldTls: false } as const
  const server = createSmtpServer({
    signIns: createStageSignIns(settings.offers, settings.ended),
    clock: systemClock,
    ...(tls && { certificates: { contextFor: secureContexts(tls) } }),
    ...others,
    listen: listen.map((listener) => ({ ...usual, ...listener })),
    log,
    relay,
    limits: { ...defaultLimits, ...settings.limits },
  })
  const addresses = await server.start()
  const [endpoint] = addresses
  if (endpoint === undefined) throw new Error('the server listens nowhere')
  return { server, relay, endpoint, addresses }
}

/** The logins above, and `offered` as what a client may use beside PLAIN and LOGIN. */
export function createStageSignIns(
  offered: Partial<AuthMethods> = {},
  ended: ReadonlySet<string> = new Set(),
): SignIns {
  const offers = { cramMd5: false, bearer: false, withoutPassword: false, ...offered }
  return {
    async check(credentials) {
      const name = credentials.userName || 'me@example.com'
      const submitter = stageSubmitters.find(({ userName }) => userName === name)
      if (submitter === undefined || !isRight(credentials)) throw wrongCredentials()
      if (credentials.kind === 'password' && credentials.actsAs !== undefined)
        requireItself(submitter, credentials.actsAs)
      return submitter
    },
    async authorize(sender) {
      if (!offers.withoutPassword) throw wrongCredentials()
      if (['', 'me@example.com', 'hall@example.com'].includes(sender)) return passwordless
      throw failureAs('sender-refused', `No login without a password may send as ${sender} from here`, {
        fix: `Allow it with: postern login allow hall --sender ${sender}`,
      })
    },
    async revalidate({ userName }) {
      if (ended.has(userName)) throw wrongCredentials()
    },
    limitsOf: ({ limits }) => limits,
    loggable: (userName) => ({ userName, mailboxes: [] }),
    authMethods: () => offers,
  }
}

function isRight(credentials: Credentials): boolean {
  const password = credentials.userName === 'scanner' ? 'Grüße' : 'right'
  switch (credentials.kind) {
    case 'password':
      return credentials.password.reveal() === password
    case 'cram-md5':
      return credentials.digest === createHmac('md5', password).update(credentials.challenge).digest('hex')
    case 'bearer':
      return credentials.token.reveal() === 'api-key'
  }
}

function wrongCredentials(): Failure {
  return failureAs('wrong-credentials', 'Wrong user name or password')
}

function submitterOf(userName: string, addresses: Address[], senders: Address[]): Submitter {
  const mailboxes = addresses.map((address) => ({ ...keyed(address), aliases: [] }))
  return { userName, mailboxes, senders: senders.map(addressKey), rewriteSender: false }
}
