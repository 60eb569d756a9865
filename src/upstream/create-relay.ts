import { type Address, addressKey, covers, isDomainMailbox } from '../base/address.ts'
import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { clientGone, Failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { Governor, Governors, Passage } from '../governor/governor.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import { namesThatSignIn, type SignInName } from '../mailboxes/existing-mailbox.ts'
import type { Connect } from '../net/connect.ts'
import type { Catalogue, RegisteredProvider } from '../providers/provider.ts'
import type { HeardOfferStore, Mailbox, MailboxStore } from '../store/ports.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import { isTransient, type Reply, statusOf } from '../wire/reply.ts'
import { createDialer } from './dial.ts'
import { createKnownOffers } from './known-offers.ts'
import type { Lease } from './lease.ts'
import { createOpener } from './open-signed-in.ts'
import { createPatience, type Wait } from './patience.ts'
import { createPool, type Neighbour, type Pool, type PooledGovernor, type PoolState } from './pool.ts'
import type { Begun, Relay } from './relay.ts'
import { createChunkRefusals, readArrived } from './send-message.ts'
import { beginTransaction, isUseless } from './transaction.ts'

interface RelayDependencies {
  catalogue: Catalogue
  mailboxes: Pick<MailboxStore, 'covering' | 'noteAccepted' | 'providers'>
  heardOffers: HeardOfferStore
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
  mailbox: Mailbox
  pool: Pool
  governor: Governor
  /** What signs in, and what the provider counts all of it by. */
  account: string
  /** As registered when somebody last looked. */
  provider: RegisteredProvider
  /** Until when nobody looks again, in milliseconds of the monotonic clock. */
  freshUntil: number
}

interface Beginning {
  mail: MailCommand
  recipients: readonly RecipientCommand[]
  passage: Passage
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
  const offers = createKnownOffers(dependencies)
  const groups = createWayGroups()
  const withoutChunking = createChunkRefusals(clock)
  const patience = createPatience(limits, clock)
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
      const gone = ways.get(addressKey(address))
      gone?.governor.reset()
      gone?.pool.drain()
      throw unknownMailbox(address)
    }
    const provider = catalogue.registered(mailbox.providerId)
    const key = addressKey(mailbox.address)
    const way = ways.get(key) ?? (await makeWay(mailbox, provider))
    const before = way.provider
    if (before.id !== provider.id) {
      way.pool.drain()
      way.governor.reset()
    }
    way.provider = provider
    way.mailbox = mailbox
    groups.put(way)
    await follow(way, accountOf(mailbox), before.id)
    if (changes === changesBefore) way.freshUntil = clock.monotonic() + freshMilliseconds
    return way
  }

  async function makeWay(mailbox: Mailbox, provider: RegisteredProvider): Promise<Way> {
    const key = addressKey(mailbox.address)
    const account = accountOf(mailbox)
    const governor = await governors.of(mailbox.address, () => ways.get(key)?.provider ?? provider, account)
    // Somebody else may have been here during the wait.
    const known = ways.get(key)
    if (known) return known
    const way = { mailbox, provider, governor, account, freshUntil: 0 }
    const made: Way = Object.assign(way, { pool: makePool(mailbox.address, () => made) })
    ways.set(key, made)
    groups.put(made)
    makeRoom(key)
    return made
  }

  /** Another name signs in for it, or at another provider: what it sends counts as that one's from now on. */
  async function follow(way: Way, account: string, providerBefore = way.provider.id): Promise<void> {
    const provider = way.provider.id
    if (way.account === account && provider === providerBefore) return
    const { address } = way.mailbox
    const before = way.account
    way.account = account
    const governor = await governors.of(address, () => way.provider, account)
    governors.forget(address, providerBefore, before)
    // During the wait it may have become yet another one, or been forgotten.
    const isSame = way.account === account && way.provider.id === provider
    if (!isSame || ways.get(addressKey(address)) !== way) return governors.forget(address, provider, account)
    way.governor = governor
    groups.put(way)
  }

  async function noteAccepted(way: Way, { of }: SignInName): Promise<void> {
    const { mailbox } = way
    if (mailbox.acceptedName === of || namesThatSignIn(mailbox).length === 1) return
    way.mailbox = { ...mailbox, acceptedName: of }
    try {
      await mailboxes.noteAccepted(mailbox.coveredBy ?? mailbox.address, of)
      await follow(way, accountOf(way.mailbox))
    } catch (error) {
      // It is found out again.
      log.warn({ mailbox: mailbox.address, err: error }, 'the name that signed in could not be noted')
    }
  }

  /** A domain has any number of addresses. One that nobody sends through costs a new connection when somebody does again. */
  function makeRoom(but: string): void {
    if (ways.size <= mostMailboxes) return
    for (const [key, way] of ways) {
      if (key === but || way.pool.busy()) continue
      way.pool.drain()
      ways.delete(key)
      groups.remove(way)
      governors.forget(key, way.provider.id, way.account)
      if (ways.size <= mostMailboxes) return
    }
  }

  function makePool(mailbox: Address, current: () => Way): Pool {
    return createPool({
      async open(signal) {
        const way = current()
        const { provider, governor } = way
        // Later tries look alone: the wait between them has been long enough for a machine to be another one.
        const secondTry = !governor.openings.refused()
        const asked = { mailbox, provider, names: namesThatSignIn(way.mailbox), secondTry }
        const signedIn = await open(asked, signal)
        offers.heard(provider, signedIn.capabilities)
        void noteAccepted(way, signedIn.name)
        return signedIn
      },
      governor: governorNow(() => current().governor),
      neighbours: () => groups.neighboursOf(current()),
      messagesPerConnection: () => current().provider.limits.messagesPerConnection,
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

  /** @param wait absent: postern itself, which is patient */
  async function beginOn(
    { pool, governor, provider }: Way,
    { mail, recipients, passage }: Beginning,
    login: string,
    { gone, wait }: { gone?: Gone | undefined; wait?: Wait | undefined },
  ): Promise<Begun> {
    const { host } = provider.submission
    const context = { host, limits, withoutChunking, chunking: provider.chunking }
    const seconds = wait?.seconds ?? limits.leaseWaitSeconds
    const until = clock.monotonic() + seconds * 1000
    const hurried = seconds < limits.leaseWaitSeconds
    // Every warm connection may have died in the same moment; the one after them is new.
    for (let deaths = 0; deaths <= provider.limits.connections; deaths += 1) {
      const lease = await pool.lease({ lane: login, again: deaths > 0, seconds, until, hurried, gone })
      if (gone !== undefined && lease.waited) await lookOnceMore(lease, gone)
      const begun = await beginTransaction(lease, mail, recipients, context, passage)
      if (begun === 'dead') continue
      const [first] = begun.replies
      // A new connection that takes no mail at all: another one for each message would be a sign-in for each.
      if (!lease.warm && first && isUseless(first)) governor.openings.failed(useless(host, first), 0, 'mail')
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
    async tryNow(address) {
      const { governor, pool } = await wayOf(address)
      governor.reset()
      await pool.prove()
    },
    async begin(address, mail, recipients, login, client) {
      const way = await wayOf(address)
      const passage = way.governor.admit(mail.sender, login, client?.source)
      const wait = client && patience.begins(client, login)
      try {
        passage.reserve(recipients.length)
        const beginning = { mail, recipients, passage }
        const begun = await beginOn(way, beginning, login, { gone: client?.gone, wait })
        if (!begun.transaction) passage.end('not-sent')
        return begun
      } catch (error) {
        passage.end('not-sent')
        throw error
      } finally {
        wait?.ended(client?.gone.aborted ? 'hung-up' : 'answered')
      }
    },
    offered: (address) =>
      offers.offered(address === undefined ? undefined : ways.get(addressKey(address))?.provider),
    refreshOffers: offers.refresh,
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
      const governed = isSame
        ? way.governor.state()
        : await governors.look(mailbox.address, provider, accountOf(mailbox))
      return { ...governed, connections: { ...governed.connections, open, inUse }, waiting }
    },
    async close() {
      closed = true
      await Promise.all([...ways.values()].map(({ pool }) => pool.close()))
      await offers.close()
    },
  }
}

/** The name that is tried first, until another is known to be accepted. */
function accountOf(mailbox: Mailbox): string {
  return namesThatSignIn(mailbox)[0].name
}

/** For a pool, whose mailbox may turn out to be another name's. */
function governorNow(current: () => Governor): PooledGovernor {
  return {
    connections: () => current().connections(),
    delay: (ahead) => current().delay(ahead),
    departed: () => current().departed(),
    get openings() {
      return current().openings
    },
  }
}

/** A client may have gone while it waited. One that did not has just been read. @throws Failure `invalid`; the lease is given back */
async function lookOnceMore(lease: Lease, gone: Gone): Promise<void> {
  await readArrived()
  if (!gone.aborted) return
  lease.giveBack(0)
  throw clientGone()
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

/** What stands between a mailbox and its provider, as far as it has to do with who else signs in by the same name there. */
interface GroupedWay {
  account: string
  provider: { id: string }
  pool: Neighbour
}

/** The mailboxes that one name signs in for at one provider: most are alone. */
interface WayGroups {
  /** It is new, or its name or provider is another. */
  put(way: GroupedWay): void
  remove(way: GroupedWay): void
  neighboursOf(way: GroupedWay): readonly Neighbour[]
}

const nobody: readonly Neighbour[] = []

function createWayGroups(): WayGroups {
  const groups = new Map<string, Set<GroupedWay>>()
  const keys = new Map<GroupedWay, string>()

  function remove(way: GroupedWay): void {
    const key = keys.get(way) ?? ''
    const group = groups.get(key)
    group?.delete(way)
    if (group?.size === 0) groups.delete(key)
    keys.delete(way)
  }

  return {
    put(way) {
      const key = `${way.provider.id} ${addressKey(way.account)}`
      if (keys.get(way) === key) return
      remove(way)
      keys.set(way, key)
      groups.set(key, (groups.get(key) ?? new Set()).add(way))
    },
    remove,
    neighboursOf(way) {
      const group = groups.get(keys.get(way) ?? '')
      // Asked at each message.
      if (!group || group.size === 1) return nobody
      return [...group].filter((other) => other !== way).map(({ pool }) => pool)
    },
  }
}
