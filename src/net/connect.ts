import { connect as connectSocket, type Socket } from 'node:net'
import { createNames, type NameAddress, type Names } from './names.ts'

export interface Target {
  host: string
  port: number
}

/** Which of the addresses that were found may be used, in which order. What it throws is what the connection fails with. */
export type Choose = (found: readonly NameAddress[]) => readonly NameAddress[]

/**
 * Opens a connection to a name or an address, which belongs to the caller then. The addresses of a name are tried side by side: one begins when the one before it has failed or has not answered
 * for a moment, and none that was begun is given up before another has connected (RFC 8305). Node's own way gives each but the last a
 * quarter of a second, and by satellite nothing answers that soon.
 * @throws an Error with Node's `code`; `ETIMEDOUT` when the signal fires
 */
export type Connect = (target: Target, signal: AbortSignal, choose?: Choose) => Promise<Socket>

export interface ConnectNeeds {
  names?: Names
  open?: (address: string, port: number) => Socket
  /** RFC 8305, section 5: between the beginnings of two attempts. */
  staggerMilliseconds?: number
}

const usualStagger = 250
/** A name of more addresses has none better behind these. */
const mostAddresses = 12

export function createConnect(needs: ConnectNeeds = {}): Connect {
  const { names = createNames(), open = openSocket, staggerMilliseconds = usualStagger } = needs

  return async ({ host, port }, signal, choose = (found) => found) => {
    // As in a URL (RFC 3986, section 3.2.2).
    const found = await names.of(host.replace(/^\[(.*)\]$/, '$1'), signal).catch((error: unknown) => {
      throw signal.aborted ? timedOut() : error
    })
    const addresses = familiesInTurn(choose(found)).slice(0, mostAddresses)
    return new Attempts(addresses, (address) => open(address, port), staggerMilliseconds).first(signal)
  }
}

/** RFC 8305, section 4: where one family leads nowhere, the other's turn comes with the second attempt. */
function familiesInTurn(addresses: readonly NameAddress[]): string[] {
  const [first] = addresses
  const same = addresses.filter(({ family }) => family === first?.family)
  const other = addresses.filter(({ family }) => family !== first?.family)
  return same
    .flatMap((one, index) => [one, ...other.slice(index, index + 1)])
    .concat(other.slice(same.length))
    .map(({ address }) => address)
}

/** Commands are small and each waits for its reply: Nagle's algorithm would only add delay. */
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
    // It stays: an error between two owners is nobody's, and must not end the process.
    socket.on('error', (error) => {
      if (!this.#underway.delete(socket)) return
      this.#failures.push(error)
      if (this.#waiting.length > 0) this.#begin(resolve, reject)
      else if (this.#underway.size === 0) reject(mostTelling(this.#failures))
    })
    this.#timer = setTimeout(() => this.#begin(resolve, reject), this.#stagger)
  }
}

/** That this machine has no way to one family says less than what the other answered. */
function mostTelling(failures: readonly Error[]): Error {
  const noWay = /^E(NETUNREACH|HOSTUNREACH|ADDRNOTAVAIL|AFNOSUPPORT)$/
  const telling = failures.find((error) => !noWay.test(String(Reflect.get(error, 'code'))))
  return telling ?? failures[0] ?? timedOut()
}

function timedOut(): Error {
  return Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' })
}
