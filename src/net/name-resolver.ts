import { lookup, Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ConcurrencyLimits, createConcurrencyLimiter, type Ticket } from '../base/async.ts'
import { type Clock, systemClock } from '../base/clock.ts'

/**
 * Resolves host names. The system's resolver (getaddrinfo) is asked first, because administrators
 * expect its hosts file, search domains and nsswitch.conf. It blocks one of the few libuv threads
 * until it answers, so each name is looked up once at a time, and a silent system delays nothing
 * else: then the name servers are asked directly, without a thread, and where these are silent too,
 * the last known addresses are used.
 */
export interface NameResolver {
  /**
   * At least one address, in the order of the system's preference. An IP address resolves to
   * itself.
   * @throws an Error with the `code` of node:dns, or when the signal fires
   */
  resolve(name: string, signal: AbortSignal): Promise<readonly ResolvedAddress[]>
}

export interface NameResolverDeps {
  clock?: Pick<Clock, 'monotonic'>
  system?: (name: string) => Promise<readonly ResolvedAddress[]>
  direct?: (name: string, signal: AbortSignal) => Promise<readonly ResolvedAddress[]>
  patience?: Partial<Patience>
}

/** Milliseconds since the lookup began. */
interface Patience {
  /** Until the name servers are asked as well. */
  direct: number
  /** Until the last known addresses are used. */
  remembered: number
  /**
   * Until the lookup fails; less than a token request may take, so that the error names the lookup.
   */
  all: number
}

const usualPatience: Patience = { direct: 300, remembered: 1000, all: 8000 }

/**
 * libuv gives lookups at most half of its threads, of which there are four by default. An answer
 * takes milliseconds: when a hundred names wait, the system is silent, and no further name is
 * queued.
 */
const line: ConcurrencyLimits = { running: 2, waitingInLane: 100, waiting: 100 }
const inLine: Ticket = { lane: '', known: false }

const mostNames = 1000
/**
 * How long stale addresses are used (RFC 8767, section 5). TLS authenticates the host at an
 * address, so this only bounds how long a deleted name goes unnoticed.
 */
const rememberedMilliseconds = 86_400_000

export function createNameResolver(deps: NameResolverDeps = {}): NameResolver {
  const { clock = systemClock, system = lookupBySystem, direct = lookupDirectly } = deps
  const patience = { ...usualPatience, ...deps.patience }
  const inTurn = createConcurrencyLimiter(line, () => new SystemBusy())
  const inFlight = new Map<string, Promise<readonly ResolvedAddress[]>>()
  /** Lookups that the system has not answered yet. They may outlive the lookup in `inFlight`. */
  const asked = new Map<string, Promise<readonly ResolvedAddress[]>>()
  /** The oldest entry first. */
  const remembered = new Map<string, { found: readonly ResolvedAddress[]; until: number }>()

  function remember(name: string, found: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
    if (found.length === 0) throw lookupError('ENOTFOUND', `${name} has no address`)
    remembered.delete(name)
    remembered.set(name, { found, until: clock.monotonic() + rememberedMilliseconds })
    const [oldest] = remembered.keys()
    if (remembered.size > mostNames && oldest !== undefined) remembered.delete(oldest)
    return found
  }

  function stale(name: string): readonly ResolvedAddress[] | undefined {
    const entry = remembered.get(name)
    return entry && clock.monotonic() < entry.until ? entry.found : undefined
  }

  function askSystem(name: string): Promise<readonly ResolvedAddress[]> {
    const underway = asked.get(name)
    if (underway) return underway
    const answer = inTurn(inLine, async () => {
      // The lookup was abandoned while it queued; its thread is left to others.
      if (!inFlight.has(name)) throw lookupError('ECANCELLED', `${name} is not asked for any more`)
      return remember(name, await system(name))
    }).finally(() => asked.delete(name))
    asked.set(name, answer)
    return answer
  }

  async function askDirectly(name: string, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
    await wait(patience.direct, undefined, { signal, ref: false })
    return remember(name, await direct(name, signal))
  }

  async function find(name: string): Promise<readonly ResolvedAddress[]> {
    const over = new AbortController()
    const { signal } = over
    const last = stale(name)
    const late = <T>(milliseconds: number, value: T) => wait(milliseconds, value, { signal, ref: false })
    const directly = askDirectly(name, signal)
    try {
      return await Promise.race([
        askSystem(name).catch((error) => unlessBusy(error, directly)),
        // The system may know a name that the name servers do not.
        directly.catch(() => new Promise<never>(() => {})),
        ...(last ? [late(patience.remembered, last)] : []),
        late(patience.all, undefined).then(() => {
          throw lookupError('ETIMEOUT', `nobody says what ${name} stands for`)
        }),
      ])
    } catch (error) {
      if (last) return last
      throw error
    } finally {
      over.abort()
    }
  }

  function startLookup(name: string): Promise<readonly ResolvedAddress[]> {
    // Deferred until it is in `inFlight`, which tells `askSystem` that the lookup is wanted.
    const lookup = Promise.resolve()
      .then(() => find(name))
      .finally(() => inFlight.delete(name))
    inFlight.set(name, lookup)
    return lookup
  }

  return {
    async resolve(name, signal) {
      const family = isIP(name)
      if (family === 4 || family === 6) return [{ address: name, family }]
      const key = name.toLowerCase()
      return unlessAborted(inFlight.get(key) ?? startLookup(key), signal)
    },
  }
}

/** Too many lookups wait for the system. */
class SystemBusy extends Error {
  readonly code = 'ETOOMANYNAMES'

  constructor() {
    super(`${line.waiting} names wait for the system already`)
  }
}

/** Falls back to the name servers for a name that the system was not asked for. */
async function unlessBusy<T>(error: unknown, otherwise: Promise<T>): Promise<T> {
  if (!(error instanceof SystemBusy)) throw error
  return otherwise.catch(() => {
    throw error
  })
}

async function lookupBySystem(name: string): Promise<ResolvedAddress[]> {
  const found = await lookup(name, { all: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

function lookupError(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}

export interface ResolvedAddress {
  address: string
  family: 4 | 6
}

interface DirectLookupDeps {
  /** Absent: those that the system is configured to use at that moment. */
  servers?: readonly string[]
  hostsFile?: string
}

const usualHostsFile =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'

/** Doubled with each try. */
const tryMilliseconds = 2000
const tries = 3

/** How long the answer of one family waits for the other's (RFC 8305, section 3). */
const otherFamilyMilliseconds = 50

/**
 * Looks a name up in the hosts file and then at the name servers, from the event loop: no thread is
 * held while they are silent. The system's other sources of names are not asked.
 * @throws an Error with a `code` of node:dns
 */
export async function lookupDirectly(
  name: string,
  signal: AbortSignal,
  { servers, hostsFile = usualHostsFile }: DirectLookupDeps = {},
): Promise<ResolvedAddress[]> {
  const listed = inHosts(await readFile(hostsFile, 'utf8').catch(() => ''), name)
  if (listed.length > 0) return listed
  // No name server is asked for it (RFC 6761, section 6.3).
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'].flatMap(asAddress)
  signal.throwIfAborted()
  // A new one each time, because it reads the configured servers, which change with the network.
  const resolver = new Resolver({ timeout: tryMilliseconds, tries })
  if (servers) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await bothFamilies(resolver, name)
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

async function bothFamilies(resolver: Resolver, name: string): Promise<ResolvedAddress[]> {
  const families = [resolver.resolve6(name), resolver.resolve4(name)]
  try {
    await Promise.any(families)
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
  const late = wait(otherFamilyMilliseconds, [], { ref: false })
  const found = await Promise.all(families.map((one) => Promise.race([one.catch(() => []), late])))
  return found.flat().flatMap(asAddress)
}

function inHosts(text: string, name: string): ResolvedAddress[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some((one) => one.toLowerCase() === name) ? asAddress(address) : []
  })
}

function asAddress(address: string): ResolvedAddress[] {
  if (isIPv4(address)) return [{ address, family: 4 }]
  return isIPv6(address) ? [{ address, family: 6 }] : []
}

/**
 * The hosts that take the mail of a domain. None where none is found: it is good for suggestions
 * only.
 */
export async function mxHostsOf(domain: string): Promise<string[]> {
  try {
    // A suggestion is not worth a long wait for a silent name server.
    return (await new Resolver({ timeout: 1500, tries: 2 }).resolveMx(domain)).map(({ exchange }) => exchange)
  } catch {
    return []
  }
}
