import { readFileSync } from 'node:fs'
import { BlockList, connect as connectSocket, type Socket } from 'node:net'
import tls, { createSecureContext, type SecureContext } from 'node:tls'
import { plainAddress } from './ip.ts'
import { createNameResolver, type NameResolver, type ResolvedAddress } from './name-resolver.ts'
import { HttpError } from './network-failure.ts'

export interface Target {
  host: string
  port: number
}

/**
 * Selects and orders the addresses that may be used. What it throws is what the connection fails
 * with.
 */
type Choose = (found: readonly ResolvedAddress[]) => readonly ResolvedAddress[]

/**
 * Opens a connection to a name or an address; the caller owns the socket. The addresses of a name
 * are tried in parallel (RFC 8305): the next attempt starts when the one before it has failed or
 * has not answered within the stagger time, and no attempt is given up before another has
 * connected. Node's own `autoSelectFamily` gives each address but the last a quarter of a second,
 * and over a satellite link nothing answers that soon.
 * @throws an Error with Node's `code`; `ETIMEDOUT` when the signal fires
 */
export type Connect = (target: Target, signal: AbortSignal, choose?: Choose) => Promise<Socket>

interface ConnectDeps {
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

/** The addresses that a request may go to: only public ones, or only others. */
export type Reach = 'public' | 'private'

/** The host is outside of the request's reach; nothing was sent. */
export class OutOfReach extends HttpError {
  constructor(host: string, reach: Reach) {
    super(
      reach === 'public'
        ? `${host} is at a private address, to which a public issuer must not lead`
        : `${host} is at a public address`,
    )
    this.name = 'OutOfReach'
  }
}

/**
 * Checks a literal address or a name that is private by itself. Other names are checked by
 * `addressesWithin` when they are resolved, or by the proxy.
 * @throws OutOfReach
 */
export function requireWithin(reach: Reach, hostname: string): void {
  const isPrivate = isPrivateHost(hostname)
  const isAddress = plainAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (reach === 'public' ? isPrivate : isAddress && !isPrivate) throw new OutOfReach(hostname, reach)
}

/**
 * Keeps the resolved addresses that are within reach, so the connection goes to an address that was
 * checked.
 */
export function addressesWithin(reach: Reach, hostname: string): Choose {
  return (found) => {
    const within = found.filter(({ address }) => isPublicAddress(address) === (reach === 'public'))
    if (within.length === 0) throw new OutOfReach(hostname, reach)
    return within
  }
}

// The registries of special addresses (RFC 6890): this host, private, shared, loopback, link-local
// (which includes the metadata services of clouds), protocol assignments, documentation,
// benchmarks, multicast, reserved.
const specialIpv4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]
const specialIpv6 = [
  ...['::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2001:db8::/32', '2002::/16', '3fff::/20'],
  ...['5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]

const special = new BlockList()
for (const block of specialIpv4) {
  const [address = '', bits] = block.split('/')
  special.addSubnet(address, Number(bits), 'ipv4')
  // NAT64 (RFC 6052): the same networks behind a gateway's prefix.
  special.addSubnet(`64:ff9b::${address}`, 96 + Number(bits), 'ipv6')
}
for (const block of specialIpv6) {
  const [address = '', bits] = block.split('/')
  special.addSubnet(address, Number(bits), 'ipv6')
}

/** Whether a text is a public IP address. False for anything that is not an IP address. */
export function isPublicAddress(text: string): boolean {
  const plain = plainAddress(text)
  return plain !== undefined && !special.check(plain.address, plain.family)
}

/**
 * Whether a URL's host (as `URL.hostname` normalises it) is a private address or a loopback name.
 * Other names are known only after they are resolved.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  if (isLoopbackHost(name)) return true
  const bare = name.replace(/^\[|\]$/g, '')
  return plainAddress(bare) !== undefined && !isPublicAddress(bare)
}

/**
 * Whether a URL host (as `URL.hostname` normalises it) is on this machine: plain HTTP is allowed
 * only there.
 */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '[::1]' || isLoopbackIpv4(bare)
}

/**
 * All of 127.0.0.0/8 (RFC 1122, section 3.2.1.3). The URL parser has already expanded short and
 * hexadecimal forms.
 */
function isLoopbackIpv4(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host)
}

// Created once and shared by all TLS clients: hundreds of certificates would otherwise be parsed,
// and kept, for each.
let made: { extraCa: string | undefined; context: SecureContext } | undefined

/**
 * The authorities that every TLS client trusts: those built into Node, those of the system, and the
 * extra ones. TLS 1.2 is the minimum.
 * @param extraCa PEM text
 */
export function clientContext(extraCa: string | undefined): SecureContext {
  if (!made || made.extraCa !== extraCa) {
    const context = createSecureContext({ ca: everyAuthority(extraCa), minVersion: 'TLSv1.2' })
    made = { extraCa, context }
  }
  return made.context
}

/** @param bundles paths of the system's authorities, for versions of Node that cannot list them */
export function everyAuthority(extraCa?: string, bundles = systemBundles): string[] {
  const all = [...nodeAuthorities(bundles), ...certificatesOf(extraCa ?? '')]
  // A certificate in two lists is parsed once, even if its lines are broken differently.
  return [...new Map(all.map((pem) => [pem.replace(/\s/g, ''), pem])).values()]
}

/**
 * Node 22.15 and later list the authorities of the system. For older versions they are read from
 * the usual paths.
 */
function nodeAuthorities(bundles: readonly string[]): readonly string[] {
  // The types of the oldest supported Node lack it.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] }
  if (getCACertificates) return [...getCACertificates('default'), ...getCACertificates('system')]
  return [...tls.rootCertificates, ...systemAuthorities(bundles)]
}

// Debian, Alpine and Arch; Fedora and Red Hat; SUSE; BSD and macOS.
const systemBundles: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

function systemAuthorities(bundles: readonly string[]): string[] {
  for (const path of bundles) {
    try {
      return certificatesOf(readFileSync(path, 'utf8'))
    } catch {
      // Try the next path.
    }
  }
  return []
}

function certificatesOf(pem: string): string[] {
  return pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]+-----END (TRUSTED )?CERTIFICATE-----/g) ?? []
}
