import { lookup, Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, systemClock } from '../base/clock.ts'
import { createTurnstile, type Place, type TurnstileLimits } from '../base/fair-queue.ts'

/**
 * What names stand for. The system is asked first, because administrators expect it: hosts file, search domains, whatever nsswitch.conf says. But it holds one of
 * a few threads of the whole process until it answers, so each name is asked for once at a time, and a system that is silent keeps nobody waiting: then the name servers are
 * asked without a thread, and where they are silent, too, the addresses from before serve.
 */
export interface Names {
  /** In the order of the system's preference, never none; an address stands for itself. @throws an Error with the `code` of node:dns, or when the signal fires */
  of(name: string, signal: AbortSignal): Promise<readonly NameAddress[]>
}

export interface NamesNeeds {
  clock?: Pick<Clock, 'monotonic'>
  system?: (name: string) => Promise<readonly NameAddress[]>
  direct?: (name: string, signal: AbortSignal) => Promise<readonly NameAddress[]>
  patience?: Partial<Patience>
}

/** Milliseconds since the question. */
interface Patience {
  /** Until the name servers are asked beside the system. */
  direct: number
  /** Until the addresses from before serve. */
  remembered: number
  /** Until it is given up; less than a token request may take, so that it is the name that gets the blame. */
  all: number
}

const usualPatience: Patience = { direct: 300, remembered: 1000, all: 8000 }

/**
 * libuv lets look-ups have no more than half of its threads, of which there are four by default. An answer takes milliseconds: where a hundred
 * names wait for one, the system is silent, and no name more is added to what it would have to work off.
 */
const line: TurnstileLimits = { running: 2, waitingInLane: 100, waiting: 100 }
const inLine: Place = { lane: '', known: false }

const mostNames = 1000
/** TLS proves who answers at an address; this only bounds how long nobody notices that a name has gone. RFC 8767, section 5. */
const rememberedMilliseconds = 86_400_000

export function createNames(needs: NamesNeeds = {}): Names {
  const { clock = systemClock, system = systemNames, direct = directNames } = needs
  const patience = { ...usualPatience, ...needs.patience }
  const inTurn = createTurnstile(line, () => new SystemBusy())
  const flights = new Map<string, Promise<readonly NameAddress[]>>()
  /** What the system has not answered yet. It may outlive the flight that asked. */
  const asked = new Map<string, Promise<readonly NameAddress[]>>()
  /** Those that were found out longest ago first. */
  const remembered = new Map<string, { found: readonly NameAddress[]; until: number }>()

  function remember(name: string, found: readonly NameAddress[]): readonly NameAddress[] {
    if (found.length === 0) throw nameTrouble('ENOTFOUND', `${name} has no address`)
    remembered.delete(name)
    remembered.set(name, { found, until: clock.monotonic() + rememberedMilliseconds })
    const [oldest] = remembered.keys()
    if (remembered.size > mostNames && oldest !== undefined) remembered.delete(oldest)
    return found
  }

  function fromBefore(name: string): readonly NameAddress[] | undefined {
    const entry = remembered.get(name)
    return entry && clock.monotonic() < entry.until ? entry.found : undefined
  }

  function askSystem(name: string): Promise<readonly NameAddress[]> {
    const underway = asked.get(name)
    if (underway) return underway
    const answer = inTurn(inLine, async () => {
      // Nobody waits for it any more, and others may for its thread.
      if (!flights.has(name)) throw nameTrouble('ECANCELLED', `${name} is not asked for any more`)
      return remember(name, await system(name))
    }).finally(() => asked.delete(name))
    asked.set(name, answer)
    return answer
  }

  async function askDirectly(name: string, signal: AbortSignal): Promise<readonly NameAddress[]> {
    await wait(patience.direct, undefined, { signal, ref: false })
    return remember(name, await direct(name, signal))
  }

  async function find(name: string): Promise<readonly NameAddress[]> {
    const over = new AbortController()
    const { signal } = over
    const before = fromBefore(name)
    const late = <T>(milliseconds: number, value: T) => wait(milliseconds, value, { signal, ref: false })
    const directly = askDirectly(name, signal)
    try {
      return await Promise.race([
        askSystem(name).catch((error) => unlessBusy(error, directly)),
        // That the servers know nothing of it says nothing of the system's other ways.
        directly.catch(() => new Promise<never>(() => {})),
        ...(before ? [late(patience.remembered, before)] : []),
        late(patience.all, undefined).then(() => {
          throw nameTrouble('ETIMEOUT', `nobody says what ${name} stands for`)
        }),
      ])
    } catch (error) {
      if (before) return before
      throw error
    } finally {
      over.abort()
    }
  }

  function depart(name: string): Promise<readonly NameAddress[]> {
    // Not before it is among the flights: that is how it is known whether anybody waits.
    const flight = Promise.resolve()
      .then(() => find(name))
      .finally(() => flights.delete(name))
    flights.set(name, flight)
    return flight
  }

  return {
    async of(name, signal) {
      const family = isIP(name)
      if (family === 4 || family === 6) return [{ address: name, family }]
      const key = name.toLowerCase()
      return unlessAborted(flights.get(key) ?? depart(key), signal)
    },
  }
}

/** So many wait for the system that one more is not asked for there. */
class SystemBusy extends Error {
  readonly code = 'ETOOMANYNAMES'

  constructor() {
    super(`${line.waiting} names wait for the system already`)
  }
}

/** The name servers are the one way left to a name that the system is not asked for. */
async function unlessBusy<T>(error: unknown, otherwise: Promise<T>): Promise<T> {
  if (!(error instanceof SystemBusy)) throw error
  return otherwise.catch(() => {
    throw error
  })
}

async function systemNames(name: string): Promise<NameAddress[]> {
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

function nameTrouble(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}

export interface NameAddress {
  address: string
  family: 4 | 6
}

interface DirectNameSettings {
  /** Absent: those that the system is set to use at that moment. */
  servers?: readonly string[]
  hostsFile?: string
}

const usualHostsFile =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'

/** Doubled with each try. */
const tryMilliseconds = 2000
const tries = 3

/** RFC 8305, section 3: so long one family's answer waits for the other's. */
const otherFamilyMilliseconds = 50

/**
 * Asks the hosts file, and then the name servers from the event loop: no thread is held while they are silent. Of the system's other ways to
 * names it knows nothing.
 * @throws an Error with a `code` of node:dns
 */
export async function directNames(
  name: string,
  signal: AbortSignal,
  { servers, hostsFile = usualHostsFile }: DirectNameSettings = {},
): Promise<NameAddress[]> {
  const listed = inHosts(await readFile(hostsFile, 'utf8').catch(() => ''), name)
  if (listed.length > 0) return listed
  // RFC 6761, section 6.3: no name server is asked for it.
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'].flatMap(asAddress)
  signal.throwIfAborted()
  // A new one each time: it reads which servers there are, and that changes with the network.
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

async function bothFamilies(resolver: Resolver, name: string): Promise<NameAddress[]> {
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

function inHosts(text: string, name: string): NameAddress[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some((one) => one.toLowerCase() === name) ? asAddress(address) : []
  })
}

function asAddress(address: string): NameAddress[] {
  if (isIPv4(address)) return [{ address, family: 4 }]
  return isIPv6(address) ? [{ address, family: 6 }] : []
}
