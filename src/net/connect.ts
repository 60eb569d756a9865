import { connect as connectSocket, type Socket } from 'node:net'
import { createNameResolver, type NameResolver, type ResolvedAddress } from './name-resolver.ts'

export interface Target {
  host: string
  port: number
}

/**
 * Selects and orders the addresses that may be used. What it throws is what the connection fails
 * with.
 */
export type Choose = (found: readonly ResolvedAddress[]) => readonly ResolvedAddress[]

/**
 * Opens a connection to a name or an address; the caller owns the socket. The addresses of a name
 * are tried in parallel (RFC 8305): the next attempt starts when the one before it has failed or
 * has not answered within the stagger time, and no attempt is given up before another has
 * connected. Node's own `autoSelectFamily` gives each address but the last a quarter of a second,
 * and over a satellite link nothing answers that soon.
 * @throws an Error with Node's `code`; `ETIMEDOUT` when the signal fires
 */
export type Connect = (target: Target, signal: AbortSignal, choose?: Choose) => Promise<Socket>

export interface ConnectDeps {
  names?: NameResolver
  open?: (address: string, port: number) => Socket
  /** Time between the starts of two attempts (RFC 8305, section 5). */
  staggerMilliseconds?: number
}

const usualStagger = 250
/** Addresses behind these are not tried. */
const mostAddresses = 12

export function createConnect(deps: ConnectDeps = {}): Connect {
  const { names = createNameResolver(), open = openSocket, staggerMilliseconds = usualStagger } = deps

  return async ({ host, port }, signal, choose = (found) => found) => {
    // An IPv6 address may stand in brackets, as in a URL (RFC 3986, section 3.2.2).
    const found = await names.resolve(host.replace(/^\[(.*)\]$/, '$1'), signal).catch((error: unknown) => {
      throw signal.aborted ? timedOut() : error
    })
    const addresses = familiesInTurn(choose(found)).slice(0, mostAddresses)
    return new Attempts(addresses, (address) => open(address, port), staggerMilliseconds).first(signal)
  }
}

/**
 * Alternates the families (RFC 8305, section 4): if one is unreachable, the second attempt uses the
 * other.
 */
function familiesInTurn(addresses: readonly ResolvedAddress[]): string[] {
  const [first] = addresses
  const same = addresses.filter(({ family }) => family === first?.family)
  const other = addresses.filter(({ family }) => family !== first?.family)
  return same
    .flatMap((one, index) => [one, ...other.slice(index, index + 1)])
    .concat(other.slice(same.length))
    .map(({ address }) => address)
}

/** Commands are small and each waits for its reply, so Nagle's algorithm would only add delay. */
function openSocket(address: string, port: number): Socket {
  return connectSocket({ host: address, port, noDelay: true })
}

/** The attempts of one connection. */
class Attempts {
  readonly #waiting: string[]
  readonly #open: (address: string) => Socket
  readonly #stagger: number
  readonly #underway = new Set<Socket>()
  readonly #failures: Error[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(addresses: readonly string[], open: (address: string) => Socket, stagger: number) {
    this.#waiting = [...addresses]
    this.#open = open
    this.#stagger = stagger
  }

  first(signal: AbortSignal): Promise<Socket> {
    let stop = () => {}
    const connected = new Promise<Socket>((resolve, reject) => {
      stop = () => reject(timedOut())
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      this.#begin(resolve, reject)
    })
    return connected.finally(() => {
      signal.removeEventListener('abort', stop)
      clearTimeout(this.#timer)
      for (const socket of this.#underway) socket.destroy()
    })
  }

  #begin(resolve: (socket: Socket) => void, reject: (error: Error) => void): void {
    clearTimeout(this.#timer)
    const address = this.#waiting.shift()
    if (address === undefined) return
    const socket = this.#open(address)
    this.#underway.add(socket)
    socket.once('connect', () => {
      this.#underway.delete(socket)
      resolve(socket)
    })
    // This listener stays: an error before the caller has added its own must not end the process.
    socket.on('error', (error) => {
      if (!this.#underway.delete(socket)) return
      this.#failures.push(error)
      if (this.#waiting.length > 0) this.#begin(resolve, reject)
      else if (this.#underway.size === 0) reject(mostTelling(this.#failures))
    })
    this.#timer = setTimeout(() => this.#begin(resolve, reject), this.#stagger)
  }
}

/**
 * Prefers an answer of the other side over the error that this machine has no route to a family.
 */
function mostTelling(failures: readonly Error[]): Error {
  const noRoute = /^E(NETUNREACH|HOSTUNREACH|ADDRNOTAVAIL|AFNOSUPPORT)$/
  const telling = failures.find((error) => !noRoute.test(String(Reflect.get(error, 'code'))))
  return telling ?? failures[0] ?? timedOut()
}

function timedOut(): Error {
  return Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' })
}
