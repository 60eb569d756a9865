import type { Clock } from '../base/clock.ts'
import { type Failure, failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { printable, withoutCase } from '../base/text.ts'
import type { Governor, GovernorState, Governors, Pause } from '../governor/governor.ts'
import { namesThatSignIn, type SignInName } from '../mailboxes/sender-policy.ts'
import {
  type Address,
  type AddressKey,
  addressKey,
  isDomainMailbox,
  type KeyedAddress,
  keyCovers,
} from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Mailbox, StoredMailbox } from '../model/mailbox.ts'
import { type ProviderChange, registeredFor } from '../providers/catalogue.ts'
import { explanationOf, withMeaning } from '../providers/errors/explained.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import { sameConnections } from '../providers/registration.ts'
import type { MailboxStore } from '../store/ports.ts'
import type { OpenSignedIn, SignedIn } from './open-signed-in.ts'
import { createPool, type Neighbour, type Pool, type PooledGovernor, type PoolState } from './pool.ts'
import type { ActiveMailbox, HeldBack, SendingState } from './relay.ts'

/**
 * The way of a mailbox to its provider: its pool, its governor, and the name that signs in. Made
 * when the mailbox is first used.
 */
export interface Route {
  mailbox: StoredMailbox
  pool: Pool
  governor: Governor
  /** The name that signs in. The provider counts everything by it. */
  account: string
  /** The provider as it was registered at the last look. */
  provider: RegisteredProvider
  /** Until when the mailbox is not read again, in milliseconds of the monotonic clock. */
  freshUntil: number
}

/** The routes of all mailboxes that were used lately. */
export interface Routes {
  /**
   * The route of the mailbox that covers this address. Reads the mailbox again every few seconds,
   * and follows what has changed.
   * @throws Failure `not-found`, `configuration`
   */
  to(mailbox: KeyedAddress): Promise<Route>
  /** The route of this address as it is, if there is one. */
  peek(key: AddressKey): Route | undefined
  /** As `Relay.drain`. */
  drain(address: Address): void
  /** As `ProviderFollower.providerChanged`: connections end only where they are no good any more. */
  providerChanged(change: ProviderChange): void
  /** As `Relay.state`. */
  state(address: Address): Promise<SendingState>
  /** As `Relay.states`. */
  states(): readonly ActiveMailbox[]
  /** As `Relay.pauses`. */
  pauses(mailbox: HeldBack): Promise<readonly Pause[]>
  /** As `Relay.close`. */
  close(): Promise<void>
}

export interface RoutesDeps {
  catalogue: Catalogue
  mailboxes: Pick<MailboxStore, 'covering' | 'noteAccepted'>
  governors: Governors
  open: OpenSignedIn
  limits: Limits
  clock: Clock
  log: Log
  /** How many mailboxes are kept in memory at once. */
  mostMailboxes?: number
}

const usualMostMailboxes = 5000

/** Changes made here call `drain`. This bounds how long a change made elsewhere goes unnoticed. */
const freshMilliseconds = 5000

export function createRoutes(deps: RoutesDeps): Routes {
  return new MailboxRoutes(deps)
}

class MailboxRoutes implements Routes {
  readonly #deps: RoutesDeps
  readonly #mostMailboxes: number
  /** The least recently used first. */
  readonly #routes = new Map<AddressKey, Route>()
  readonly #groups = new RouteGroups()
  #isClosed = false
  /** Counts the calls of `drain`: what was read before such a call may be stale. */
  #changes = 0

  constructor(deps: RoutesDeps) {
    this.#deps = deps
    deps.governors.sharing?.usedBy((account) => this.#groups.poolsOf(account))
    this.#mostMailboxes = deps.mostMailboxes ?? usualMostMailboxes
  }

  async to({ address, key }: KeyedAddress): Promise<Route> {
    const known = this.#routes.get(key)
    const route =
      known && this.#deps.clock.monotonic() < known.freshUntil ? known : await this.#lookAgain(address, key)
    if (this.#routes.get(key) === route) this.#noteUse(key, route)
    // Checked after the wait above: a call that began before `close` must not open anything after
    // it.
    if (this.#isClosed) throw stopping()
    return route
  }

  peek(key: AddressKey): Route | undefined {
    return this.#routes.get(key)
  }

  drain(address: Address): void {
    this.#changes += 1
    for (const route of this.#routesOf(address)) {
      route.freshUntil = 0
      route.governor.reset()
      route.pool.drain()
    }
  }

  providerChanged({ id, before, after }: ProviderChange): void {
    this.#changes += 1
    for (const route of this.#routes.values()) {
      if (route.provider.id !== id) continue
      route.freshUntil = 0
      if (after) route.provider = after
      if (before && after && sameConnections(before, after)) continue
      route.governor.reset()
      route.pool.drain()
    }
  }

  async state(address: Address): Promise<SendingState> {
    // A look changes nothing: no route is made, mended or dropped here.
    const mailbox = await this.#deps.mailboxes.covering(address)
    if (!mailbox) throw unknownMailbox(address)
    const provider = registeredFor(this.#deps.catalogue, mailbox)
    const route = this.#routes.get(mailbox.key)
    const isSame = route?.provider.id === provider.id
    const governed = isSame
      ? route.governor.state()
      : await this.#deps.governors.look(mailbox.address, provider, accountOf(mailbox))
    const pauses = await Promise.all(governed.pauses.map((pause) => explainedPause(pause, provider, mailbox)))
    return sendingState({ ...governed, pauses }, route?.pool.state())
  }

  states(): readonly ActiveMailbox[] {
    return [...this.#routes.values()].map(({ mailbox, provider, account, governor, pool }) => ({
      mailbox: mailbox.address,
      provider: provider.id,
      account,
      state: sendingState(governor.state(), pool.state()),
    }))
  }

  async pauses({ key, providerId, account }: HeldBack): Promise<readonly Pause[]> {
    // Another name may have been accepted since the list was read.
    const route = this.#routes.get(key)
    const pauses = await this.#deps.governors.pauses(key, providerId, route?.account ?? account)
    if (pauses.length === 0) return pauses
    const provider = this.#deps.catalogue.list().find(({ provider: { id } }) => id === providerId)?.provider
    return Promise.all(pauses.map((pause) => explainedPause(pause, provider, { address: key })))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#routes.values()].map(({ pool }) => pool.close()))
  }

  #noteUse(key: AddressKey, route: Route): void {
    this.#routes.delete(key)
    this.#routes.set(key, route)
  }

  async #lookAgain(address: Address, key: AddressKey): Promise<Route> {
    const changesBefore = this.#changes
    const mailbox = await this.#deps.mailboxes.covering(address)
    if (!mailbox) {
      const gone = this.#routes.get(key)
      gone?.governor.reset()
      gone?.pool.drain()
      throw unknownMailbox(address)
    }
    const provider = registeredFor(this.#deps.catalogue, mailbox)
    const route = this.#routes.get(mailbox.key) ?? (await this.#makeRoute(mailbox, provider))
    const before = route.provider
    if (before.id !== provider.id) {
      route.pool.drain()
      route.governor.reset()
    }
    route.provider = provider
    route.mailbox = mailbox
    this.#groups.put(route)
    await this.#follow(route, accountOf(mailbox), before.id)
    if (this.#changes === changesBefore) route.freshUntil = this.#deps.clock.monotonic() + freshMilliseconds
    return route
  }

  async #makeRoute(mailbox: StoredMailbox, provider: RegisteredProvider): Promise<Route> {
    const { key } = mailbox
    const account = accountOf(mailbox)
    const governor = await this.#deps.governors.of(
      mailbox.address,
      () => this.#routes.get(key)?.provider ?? provider,
      account,
    )
    // Another call may have made the route during the wait.
    const known = this.#routes.get(key)
    if (known) return known
    const route = { mailbox, provider, governor, account, freshUntil: 0 }
    const made: Route = Object.assign(route, { pool: this.#makePool(mailbox.address, () => made) })
    this.#routes.set(key, made)
    this.#groups.put(made)
    this.#evictIdle(key)
    return made
  }

  /**
   * Another name signs in for the mailbox, or it has another provider: what it sends counts there
   * from now on.
   */
  async #follow(route: Route, account: string, providerBefore = route.provider.id): Promise<void> {
    const provider = route.provider.id
    if (route.account === account && provider === providerBefore) return
    const { address, key } = route.mailbox
    const before = route.account
    route.account = account
    const governor = await this.#deps.governors.of(address, () => route.provider, account)
    this.#deps.governors.forget(address, providerBefore, before)
    // During the wait the route may have changed once more, or been forgotten.
    const isSame = route.account === account && route.provider.id === provider
    if (!isSame || this.#routes.get(key) !== route)
      return this.#deps.governors.forget(address, provider, account)
    route.governor = governor
    this.#groups.put(route)
  }

  async #noteAccepted(route: Route, { of }: SignInName): Promise<void> {
    const { mailbox } = route
    if (mailbox.acceptedName === of || namesThatSignIn(mailbox).length === 1) return
    route.mailbox = { ...mailbox, acceptedName: of }
    try {
      await this.#deps.mailboxes.noteAccepted(mailbox.coveredBy ?? mailbox.address, of)
      await this.#follow(route, accountOf(route.mailbox))
    } catch (error) {
      // The next sign-in finds it out again.
      this.#deps.log.warn(
        { event: 'mailbox.name-not-noted', mailbox: mailbox.address, err: error },
        'the name that signed in could not be noted',
      )
    }
  }

  /**
   * A domain has any number of addresses. A route without use is dropped; using it again costs a
   * new connection.
   */
  #evictIdle(but: string): void {
    if (this.#routes.size <= this.#mostMailboxes) return
    for (const [key, route] of this.#routes) {
      if (key === but || route.pool.busy()) continue
      route.pool.drain()
      this.#routes.delete(key)
      this.#groups.remove(route)
      this.#deps.governors.forget(key, route.provider.id, route.account)
      if (this.#routes.size <= this.#mostMailboxes) return
    }
  }

  #makePool(mailbox: Address, current: () => Route): Pool {
    const { limits, clock, log } = this.#deps
    const { sharing } = this.#deps.governors
    return createPool({
      open: (signal) => this.#openFor(current(), mailbox, signal),
      governor: governorNow(() => current().governor),
      neighbours: () => this.#groups.neighboursOf(current()),
      ...(sharing && { changed: () => sharing.changed(this.#groups.accountOf(current())) }),
      messagesPerConnection: () => current().provider.limits.messagesPerConnection,
      limits,
      clock,
      log: log.child({ mailbox }),
    })
  }

  async #openFor(route: Route, mailbox: Address, signal: AbortSignal): Promise<SignedIn> {
    const { provider, governor } = route
    // Later attempts get one try each: the wait between them was long enough to reach another
    // machine.
    const secondTry = !governor.connectBreaker.refused()
    const asked = { mailbox, provider, names: namesThatSignIn(route.mailbox), secondTry }
    const signedIn = await this.#deps.open(asked, signal)
    void this.#noteAccepted(route, signedIn.name)
    return signedIn
  }

  #routesOf(mailbox: Address): Route[] {
    const own = addressKey(mailbox)
    if (isDomainMailbox(own))
      return [...this.#routes].flatMap(([key, route]) => (keyCovers(own, key) ? [route] : []))
    const route = this.#routes.get(own)
    return route ? [route] : []
  }
}

/** The name that is tried first, unless another is known to be accepted. */
function accountOf(mailbox: Mailbox): string {
  return namesThatSignIn(mailbox)[0].name
}

/**
 * What a pool needs of a governor. The governor changes when another name signs in for the mailbox.
 */
function governorNow(current: () => Governor): PooledGovernor {
  return {
    connections: () => current().connections(),
    delay: (ahead) => current().delay(ahead),
    recordSend: () => current().recordSend(),
    get connectBreaker() {
      return current().connectBreaker
    },
  }
}

const nothingOpen: PoolState = { open: 0, inUse: 0, waiting: 0 }

function sendingState(governed: GovernorState, { open, inUse, waiting } = nothingOpen): SendingState {
  return { ...governed, connections: { ...governed.connections, open, inUse }, waiting }
}

/** With what is known of the reply that it comes of. What failed while a connection was opened is explained already. */
async function explainedPause(
  pause: Pause,
  provider: Pick<Provider, 'errorFamily'> | undefined,
  { address: mailbox }: { address: Address },
): Promise<Pause> {
  const { said, failure, reason } = pause
  const { status } = failure?.values ?? {}
  if (failure === undefined || failure.known || said === undefined || typeof status !== 'string') return pause
  const [code, enhanced] = status.split(' ')
  const found = await explanationOf(
    {
      layer: 'reply',
      family: provider?.errorFamily ?? 'any',
      code: Number(code),
      ...(enhanced !== undefined && { status: enhanced }),
      text: said,
    },
    { mailbox },
  )
  if (!found) return pause
  const words = withMeaning(reason.replace(/\.$/, ''), found)
  return {
    ...pause,
    reason: `${printable(words, 298)}.`,
    fix: found.fix,
    failure: { ...failure, known: found.known },
  }
}

function unknownMailbox(address: Address): Failure {
  return failure('mailbox.unknown', { mailbox: address })
}

/** What the grouping of routes needs to know of a route. */
interface GroupedRoute {
  account: string
  provider: { id: string }
  pool: Neighbour
}

const none: readonly Neighbour[] = []

/** Groups the mailboxes that one name signs in for at one provider. Most are alone. */
class RouteGroups {
  readonly #groups = new Map<string, Set<GroupedRoute>>()
  readonly #keys = new Map<GroupedRoute, string>()

  /** The route is new, or its name or provider has changed. */
  put(route: GroupedRoute): void {
    const key = `${route.provider.id} ${withoutCase(route.account)}`
    if (this.#keys.get(route) === key) return
    this.remove(route)
    this.#keys.set(route, key)
    this.#groups.set(key, (this.#groups.get(key) ?? new Set()).add(route))
  }

  remove(route: GroupedRoute): void {
    const key = this.#keys.get(route) ?? ''
    const group = this.#groups.get(key)
    group?.delete(route)
    if (group?.size === 0) this.#groups.delete(key)
    this.#keys.delete(route)
  }

  /** Provider and name that signs in. */
  accountOf(route: GroupedRoute): string {
    return this.#keys.get(route) ?? ''
  }

  poolsOf(account: string): readonly Neighbour[] {
    const group = this.#groups.get(account)
    return group ? [...group].map(({ pool }) => pool) : none
  }

  neighboursOf(route: GroupedRoute): readonly Neighbour[] {
    const group = this.#groups.get(this.#keys.get(route) ?? '')
    // Called for each message.
    if (!group || group.size === 1) return none
    return [...group].filter((other) => other !== route).map(({ pool }) => pool)
  }
}
