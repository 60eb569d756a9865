import { type Address, addressKey, covers, isDomainMailbox } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { Governor, Governors, Passage } from '../governor/governor.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import type { Connect } from '../net/connect.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import type { MailboxStore } from '../store/ports.ts'
import type { Capabilities } from '../wire/capabilities.ts'
import { statusOf } from '../wire/enhanced-status.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import { isTransient, type Reply } from '../wire/reply.ts'
import { beginTransaction, isUseless } from './begin-transaction.ts'
import { createChunkRefusals } from './chunk-refusals.ts'
import { createDialer } from './dial.ts'
import { intersect } from './offered.ts'
import { createOpener } from './open-signed-in.ts'
import { createPool, type Pool, type PoolState } from './pool.ts'
import type { Begun, Offered, Relay } from './relay.ts'

export interface RelayDependencies {
  catalogue: Catalogue
  mailboxes: Pick<MailboxStore, 'covering'>
  tokens: TokenBroker
  governors: Governors
  limits: Limits
  /** PEM text of certification authorities that are trusted beside the public ones. */
  extraCa?: string
  /** As of `DialerDependencies`. */
  connect?: Connect
  clock: Clock
  log: Log
  /** What to say in EHLO; absent: the machine's full name, or its address. */
  ehloName?: string
  /** How many mailboxes are kept in memory at once. */
  mostMailboxes?: number
}

interface Way {
  pool: Pool
  governor: Governor
  /** As registered when somebody last looked. */
  provider: RegisteredProvider
  /** Until when nobody looks again, in milliseconds of the monotonic clock. */
  freshUntil: number
}

const usualMostMailboxes = 5000

/** Whoever changes a mailbox here says so (`drain`); this bounds what nobody said. */
const freshMilliseconds = 5000

/** The provider's side of postern: a pool of warm connections for each mailbox, and transactions on them. */
export function createRelay(dependencies: RelayDependencies): Relay {
  const { catalogue, mailboxes, governors, limits, clock, log } = dependencies
  const { mostMailboxes = usualMostMailboxes } = dependencies
  const open = createOpener({ dial: createDialer(dependencies), tokens: dependencies.tokens, limits, log })
  /** The longest unused first. */
  const ways = new Map<string, Way>()
  /** What each provider's own EHLO offered last, by provider id. */
  const heard = new Map<string, Capabilities>()
  /** What follows from it, by provider id, and under the empty one for all together: asked for twice by each message. */
  const offers = new Map<string, Offered>()
  const withoutChunking = createChunkRefusals(clock)
  let closed = false
  /** Counts the calls of `drain`: what was read before one may be old. */
  let changes = 0

  async function wayOf(address: Address): Promise<Way> {
    const key = addressKey(address)
    const known = ways.get(key)
    const way = known && clock.monotonic() < known.freshUntil ? known : await lookAgain(address)
    if (ways.get(key) === way) noteUse(key, way)
    // Asked after the wait above: what began before `close` must not open anything after it.
    if (closed) throw stopping()
    return way
  }

  function noteUse(key: string, way: Way): void {
    ways.delete(key)
    ways.set(key, way)
  }

  async function lookAgain(address: Address): Promise<Way> {
    const changesBefore = changes
    const mailbox = await mailboxes.covering(address)
    if (!mailbox) {
      ways.get(addressKey(address))?.pool.drain()
      throw unknownMailbox(address)
    }
    const provider = catalogue.registered(mailbox.providerId)
    const key = addressKey(mailbox.address)
    const way = ways.get(key) ?? (await makeWay(mailbox.address, provider))
    if (way.provider.id !== provider.id) {
      way.pool.drain()
      way.governor.reset()
    }
    way.provider = provider
    if (changes === changesBefore) way.freshUntil = clock.monotonic() + freshMilliseconds
    return way
  }

  async function makeWay(mailbox: Address, provider: RegisteredProvider): Promise<Way> {
    const key = addressKey(mailbox)
    const current = () => ways.get(key)?.provider ?? provider
    const governor = await governors.of(mailbox, current)
    // Somebody else may have been here during the wait.
    const made = ways.get(key) ?? {
      provider,
      governor,
      freshUntil: 0,
      pool: makePool(mailbox, governor, current),
    }
    ways.set(key, made)
    makeRoom(key)
    return made
  }

  /** A domain has any number of addresses. One that nobody sends through costs a new connection when somebody does again. */
  function makeRoom(but: string): void {
    if (ways.size <= mostMailboxes) return
    for (const [key, { pool }] of ways) {
      if (key === but || pool.busy()) continue
      pool.drain()
      ways.delete(key)
      governors.forget(key)
      if (ways.size <= mostMailboxes) return
    }
  }

  function makePool(mailbox: Address, governor: Governor, current: () => RegisteredProvider): Pool {
    return createPool({
      async open(signal) {
        const provider = current()
        const signedIn = await open(mailbox, provider, signal)
        heard.set(provider.id, signedIn.capabilities)
        offers.clear()
        return signedIn
      },
      governor,
      messagesPerConnection: () => current().limits.messagesPerConnection,
      limits,
      clock,
      log: log.child({ mailbox }),
    })
  }

  function waysOf(mailbox: Address): Way[] {
    if (isDomainMailbox(mailbox))
      return [...ways].filter(([key]) => covers(mailbox, key)).map(([, way]) => way)
    const way = ways.get(addressKey(mailbox))
    return way ? [way] : []
  }

  function allRegistered(): Provider[] {
    return catalogue.list().flatMap(({ provider, registered }) => (registered ? [provider] : []))
  }

  function offeredBy(providers: readonly Provider[]): Offered {
    return intersect(providers.map((provider) => heard.get(provider.id) ?? provider.offers))
  }

  async function beginOn(
    { pool, governor, provider }: Way,
    mail: MailCommand,
    recipients: readonly RecipientCommand[],
    login: string,
    passage: Passage,
  ): Promise<Begun> {
    const { host } = provider.submission
    const context = { host, limits, withoutChunking, chunking: provider.chunking }
    const until = clock.monotonic() + limits.leaseWaitSeconds * 1000
    // Every warm connection may have died in the same moment; the one after them is new.
    for (let deaths = 0; deaths <= provider.limits.connections; deaths += 1) {
      const lease = await pool.lease({ lane: login, again: deaths > 0, until })
      const begun = await beginTransaction(lease, mail, recipients, context, passage)
      if (begun === 'dead') continue
      const [first] = begun.replies
      // A new connection that takes no mail at all: another one for each message would be a sign-in for each.
      if (!lease.warm && first && isUseless(first)) governor.openings.failed(useless(host, first), 0)
      return begun
    }
    throw new Failure('provider-unavailable', `${host} closes every connection before its first reply`, {
      fix: 'Try again later.',
    })
  }

  return {
    async verify(address) {
      const { pool } = await wayOf(address)
      await pool.prove()
    },
    async begin(address, mail, recipients, login, source) {
      const way = await wayOf(address)
      const passage = way.governor.admit(mail.sender, login, source)
      try {
        passage.reserve(recipients.length)
        const begun = await beginOn(way, mail, recipients, login, passage)
        if (!begun.transaction) passage.end('not-sent')
        return begun
      } catch (error) {
        passage.end('not-sent')
        throw error
      }
    },
    offered(address) {
      const own = address === undefined ? undefined : ways.get(addressKey(address))?.provider
      const key = own?.id ?? ''
      const known = offers.get(key) ?? offeredBy(own ? [own] : allRegistered())
      offers.set(key, known)
      return known
    },
    drain(address) {
      changes += 1
      for (const way of waysOf(address)) {
        way.freshUntil = 0
        way.governor.reset()
        way.pool.drain()
      }
    },
    async state(address) {
      // Nothing is made, mended or dropped for somebody who only looks.
      const mailbox = await mailboxes.covering(address)
      if (!mailbox) throw unknownMailbox(address)
      const provider = catalogue.registered(mailbox.providerId)
      const way = ways.get(addressKey(mailbox.address))
      const { open, inUse, waiting } = way?.pool.state() ?? nothingOpen
      const isSame = way?.provider.id === provider.id
      const governed = isSame ? way.governor.state() : await governors.look(mailbox.address, provider)
      return { ...governed, connections: { ...governed.connections, open, inUse }, waiting }
    },
    async close() {
      closed = true
      await Promise.all([...ways.values()].map(({ pool }) => pool.close()))
    },
  }
}

const nothingOpen: PoolState = { open: 0, inUse: 0, waiting: 0 }

/** 421 passes by itself; one that wants a sign-in after the sign-in does not. */
function useless(host: string, reply: Reply): Failure {
  const code = isTransient(reply) ? 'provider-unavailable' : 'provider-setup'
  return new Failure(code, `${host} takes the sign-in and then no mail (${statusOf(reply)})`, {
    fix: 'Check that the account may send mail at the provider.',
  })
}

function unknownMailbox(address: Address): Failure {
  return new Failure('not-found', `There is no mailbox ${address}`, {
    fix: 'Add it with "postern mailbox add".',
  })
}
