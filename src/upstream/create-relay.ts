import type { Gone } from '../base/async.ts'
import { clientGone, type Failure, failure } from '../base/failure.ts'
import type { Pause, SendPermit } from '../governor/governor.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import type { Address, AddressKey, KeyedAddress } from '../model/address.ts'
import { keyed } from '../model/address.ts'
import type { Connect } from '../net/connect.ts'
import type { ProviderChange, ProviderFollower } from '../providers/catalogue.ts'
import { explained, seenReply } from '../providers/errors/explained.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import type { MailboxStore, ServerCapabilityStore } from '../store/ports.ts'
import type { Taps } from '../traces/traces.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import { isTransient, type Reply, statusOf, wordsOf } from '../wire/reply.ts'
import type { Patience } from './acquire-queue.ts'
import { createPatience, type Ticket, type Wait } from './acquire-queue.ts'
import { createDialer } from './dial.ts'
import type { KnownCapabilities } from './known-capabilities.ts'
import { createKnownCapabilities } from './known-capabilities.ts'
import type { Lease } from './lease.ts'
import { createOpener } from './open-signed-in.ts'
import type {
  ActiveMailbox,
  Begun,
  HeldBack,
  Relay,
  RelayCapabilities,
  SendingState,
  Spent,
  WaitingClient,
} from './relay.ts'
import type { Routes } from './routes.ts'
import { createRoutes, type Route, type RoutesDeps } from './routes.ts'
import type { ChunkRefusals } from './send-message.ts'
import { createChunkRefusals, readArrived } from './send-message.ts'
import { beginTransaction, isUseless } from './transaction.ts'

interface RelayDeps extends Omit<RoutesDeps, 'open'> {
  mailboxes: Pick<MailboxStore, 'covering' | 'noteAccepted' | 'providers'>
  serverCapabilities: ServerCapabilityStore
  tokens: TokenBroker
  /** PEM text of certification authorities that are trusted beside the public ones. */
  extraCa?: string
  /** As in `DialerDeps`. */
  connect?: Connect
  /** Absent: nothing is ever traced. */
  taps?: Pick<Taps, 'isOn' | 'opening'>
  /** What to say in EHLO. Absent: the machine's full name, or its address. */
  ehloName?: string
}

interface Beginning {
  mail: MailCommand
  recipients: readonly RecipientCommand[]
  permit: SendPermit
}

/**
 * The provider's side of postern: a pool of warm connections for each mailbox, and transactions on
 * them.
 */
export function createRelay(deps: RelayDeps): Relay & ProviderFollower {
  return new UpstreamRelay(deps)
}

class UpstreamRelay implements Relay, ProviderFollower {
  readonly #deps: RelayDeps
  readonly #capabilities: KnownCapabilities
  readonly #routes: Routes
  readonly #withoutChunking: ChunkRefusals
  readonly #patience: Patience

  constructor(deps: RelayDeps) {
    const { tokens, limits, clock, log } = deps
    const openSignedIn = createOpener({ dial: createDialer(deps), tokens, limits, log, taps: deps.taps })
    this.#deps = deps
    this.#capabilities = createKnownCapabilities(deps)
    this.#routes = createRoutes({
      ...deps,
      open: async (asked, signal) => {
        const signedIn = await openSignedIn(asked, signal)
        this.#capabilities.heard(asked.provider, signedIn.capabilities)
        return signedIn
      },
    })
    this.#withoutChunking = createChunkRefusals(clock)
    this.#patience = createPatience(limits, clock)
  }

  async verify(mailbox: KeyedAddress): Promise<void> {
    const { pool } = await this.#routes.to(mailbox)
    await pool.ensureReady()
  }

  async tryNow(address: Address): Promise<void> {
    const { governor, pool } = await this.#routes.to(keyed(address))
    governor.reset()
    await pool.ensureReady()
  }

  async begin(
    mailbox: KeyedAddress,
    mail: MailCommand,
    recipients: readonly RecipientCommand[],
    login: string,
    client?: WaitingClient,
  ): Promise<Begun> {
    const route = await this.#routes.to(mailbox)
    const spent = client?.spent ?? { provider: '', waiting: 0, atProvider: 0 }
    spent.provider = route.provider.id
    const bounds = client?.program && (await this.#deps.governors.program(client.program))
    const mailboxPermit = route.governor.permit(mail.sender, login, client?.source)
    const permit = bounds ? bounds.over(mailboxPermit) : mailboxPermit
    const wait = client && this.#patience.begins(client, login)
    try {
      const reserveLater = permit.reserve(recipients.length)
      if (reserveLater) await reserveLater()
      const beginning = { mail, recipients, permit }
      const begun = await this.#beginOn(route, beginning, login, { client, wait, spent })
      if (!begun.transaction) permit.end('not-sent')
      return begun
    } catch (error) {
      permit.end('not-sent')
      throw error
    } finally {
      wait?.ended(client?.gone.aborted ? 'hung-up' : 'answered')
    }
  }

  capabilities(mailbox?: AddressKey): RelayCapabilities {
    return this.#capabilities.of(mailbox === undefined ? undefined : this.#routes.peek(mailbox)?.provider)
  }

  refreshCapabilities(): Promise<void> {
    return this.#capabilities.refresh()
  }

  drain(mailbox: Address): void {
    this.#routes.drain(mailbox)
  }

  providerChanged(change: ProviderChange): void {
    this.#routes.providerChanged(change)
  }

  state(mailbox: Address): Promise<SendingState> {
    return this.#routes.state(mailbox)
  }

  states(): readonly ActiveMailbox[] {
    return this.#routes.states()
  }

  pauses(mailbox: HeldBack): Promise<readonly Pause[]> {
    return this.#routes.pauses(mailbox)
  }

  async close(): Promise<void> {
    await this.#routes.close()
    await this.#capabilities.close()
  }

  /** @param wait absent: postern itself sends, and has no deadline of its own */
  async #beginOn(
    { pool, governor, provider }: Route,
    { mail, recipients, permit }: Beginning,
    login: string,
    { client, wait, spent }: { client?: WaitingClient | undefined; wait?: Wait | undefined; spent: Spent },
  ): Promise<Begun> {
    const { host } = provider.submission
    const gone = client?.gone
    const { limits, clock } = this.#deps
    const withoutChunking = this.#withoutChunking
    const context = { host, limits, withoutChunking, chunking: provider.chunking, clock, spent }
    const seconds = wait?.seconds ?? limits.leaseWaitSeconds
    const until = clock.monotonic() + seconds * 1000
    const hurried = seconds < limits.leaseWaitSeconds
    // All warm connections may have died at the same moment. The one after them is new.
    for (let deaths = 0; deaths <= provider.limits.connections; deaths += 1) {
      const lease = await this.#acquire(
        pool,
        { lane: login, retry: deaths > 0, seconds, until, hurried, gone },
        spent,
      )
      lease.connection.tap = client?.tap
      if (gone !== undefined) await lookOnceMore(lease, gone)
      const begun = await beginTransaction(lease, mail, recipients, context, permit)
      if (begun === 'dead') continue
      const [first] = begun.replies
      // A new connection that accepts the sign-in and then no mail. Opening another one for each
      // message would be a sign-in for each.
      if (!lease.warm && first && isUseless(first))
        governor.connectBreaker.failed(await useless(provider, first), 0, 'mail')
      return begun
    }
    throw failure('upstream.closed-before-reply', { host })
  }

  async #acquire(pool: Route['pool'], ticket: Ticket, spent: Spent): Promise<Lease> {
    const since = this.#deps.clock.monotonic()
    try {
      return await pool.acquire(ticket)
    } finally {
      spent.waiting += this.#deps.clock.monotonic() - since
    }
  }
}

/**
 * Nothing leaves for a client that has gone. Where it had to wait for the connection, what has
 * arrived meanwhile is read first.
 * @throws Failure `invalid`; the lease is given back
 */
async function lookOnceMore(lease: Lease, gone: Gone): Promise<void> {
  if (lease.waited) await readArrived()
  if (!gone.aborted) return
  lease.release(0)
  throw clientGone()
}

/**
 * 421 passes by itself. A server that wants a sign-in after the sign-in is a matter of its set-up.
 */
function useless(provider: RegisteredProvider, reply: Reply): Promise<Failure> {
  const id = isTransient(reply) ? 'upstream.no-mail-for-now' : 'upstream.no-mail-after-sign-in'
  const { host } = provider.submission
  const refused = failure(id, { host, status: statusOf(reply), said: wordsOf(reply) })
  return explained(refused, seenReply(reply, provider, 'mail'))
}
