import { BlockList, isIP, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { plainAddress } from '../net/ip.ts'

/** What an authority may issue for: host names, with every name below them, and networks as `address/bits`. */
export type Scope = readonly string[]

/** The object identifier of the extension (RFC 5280, section 4.2.1.10). */
export const nameConstraints = '2.5.29.30'

/** The scope that holds these names: each of them, and the private networks that this machine is in, where its address may become another one. */
export function scopeOf(names: readonly string[]): Scope {
  const hosts = names.filter((name) => isIP(name) === 0).map((name) => name.replace(/^\*\./, ''))
  const addresses = names.filter((name) => isIP(name) !== 0).map(networkAround)
  return [...new Set([...hosts, ...addresses])]
}

/** Whether an authority of this scope may issue for a name (also `*.example.com`) or address. */
export function isInScope(scope: Scope, name: string): boolean {
  if (isIP(name) !== 0) return scope.some((entry) => entry.includes('/') && holds(entry, name))
  const host = name.replace(/^\*\./, '')
  return scope.some((entry) => host === entry || host.endsWith(`.${entry}`))
}

/** The value of the extension: nothing but these. */
export function encodeScope(scope: Scope): Buffer {
  const subtrees = scope.map((entry) => element(sequence, nameOf(entry)))
  return element(sequence, element(permitted, ...subtrees))
}

/** What `encodeScope` has written. Undefined for what cannot be read. */
export function decodeScope(value: Uint8Array): Scope | undefined {
  try {
    const [constraints] = elementsOf(Buffer.from(value))
    const subtrees = elementsOf(constraints?.value).find(({ tag }) => tag === permitted)
    return elementsOf(subtrees?.value).flatMap((subtree) => entryOf(elementsOf(subtree.value)[0]) ?? [])
  } catch {
    return undefined
  }
}

/** No more of a private network than its nearest 256 addresses (IPv6: the /64), and of the Internet nothing but the address itself. */
const nearest = { ipv4: 24, ipv6: 64 }

function networkAround(address: string): string {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((one) => !one.internal && plainAddress(one.address)?.address === address)
  const whole = isIPv4(address) ? 32 : 128
  if (!own || !isPrivate(address)) return `${address}/${whole}`
  const bits = Number(own.cidr?.split('/')[1] ?? whole)
  return `${address}/${Math.max(bits, isIPv4(address) ? nearest.ipv4 : nearest.ipv6)}`
}

/** RFC 1918, and RFC 4193. */
function isPrivate(address: string): boolean {
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].some((block) => holds(block, address))
}

function holds(network: string, address: string): boolean {
  const [first = '', bits = ''] = network.split('/')
  if (isIPv4(first) !== isIPv4(address)) return false
  const family = isIPv4(first) ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(first, Number(bits), family)
  return list.check(address, family)
}

// The tags that are met here (RFC 5280, appendix A.2; X.690): a sequence, the permitted names, a host name and an address with its mask.
const [sequence, permitted, hostTag, addressTag] = [0x30, 0xa0, 0x82, 0x87]

function nameOf(entry: string): Buffer {
  const [address = '', bits] = entry.split('/')
  if (bits === undefined) return element(hostTag, Buffer.from(entry, 'ascii'))
  const octets = octetsOf(address)
  const mask = octets.map((_, place) => 0xff & ~(0xff >> Math.min(8, Math.max(0, Number(bits) - 8 * place))))
  return element(
    addressTag,
    octets.map((octet, place) => octet & (mask[place] ?? 0)),
    mask,
  )
}

function entryOf(name: Element | undefined): string | undefined {
  if (name?.tag === hostTag) return name.value.toString('ascii').toLowerCase()
  const half = (name?.value.length ?? 0) / 2
  if (name?.tag !== addressTag || (half !== 4 && half !== 16)) return undefined
  const [address, mask] = [name.value.subarray(0, half), name.value.subarray(half)]
  const bits = [...mask].reduce((sum, octet) => sum + octet.toString(2).replaceAll('0', '').length, 0)
  const text = half === 4 ? address.join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
  return `${plainAddress(text)?.address ?? text}/${bits}`
}

function octetsOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [front = '', back = ''] = address.split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [first, last] = [groups(front), groups(back)]
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  return Buffer.from([...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

interface Element {
  tag: number
  value: Buffer
}

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value])
  return Buffer.concat([Buffer.from([tag, 0x82, value.length >> 8, value.length & 0xff]), value])
}

/** @throws RangeError when it ends too early */
function elementsOf(der: Buffer = Buffer.alloc(0)): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < der.length; ) {
    const short = der.readUInt8(at + 1)
    const more = short < 0x80 ? 0 : short & 0x7f
    const length = more === 0 ? short : der.readUIntBE(at + 2, more)
    const from = at + 2 + more
    elements.push({ tag: der.readUInt8(at), value: der.subarray(from, from + length) })
    at = from + length
  }
  return elements
}
