import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { domainToASCII } from 'node:url'
import { type Failure, failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { plainAddress } from '../net/ip.ts'

/** A certificate and its private key, both PEM. */
export interface Issued {
  cert: string
  key: string
}

/** The validity period of a certificate. */
export interface Life {
  notBefore: Date
  notAfter: Date
}

// Supported by every device with TLS 1.2, and by most older ones.
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}

/**
 * Creates a certification authority that can issue only server certificates, only within its scope,
 * and no further authorities (RFC 5280, section 4.2.1.9). Otherwise every client that trusts it
 * would believe a thief of its key on behalf of any site.
 */
export async function issueAuthority(commonName: string, scope: Scope, life: Life): Promise<Issued> {
  const x509 = await loadX509()
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }, { O: ['postern'] }],
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // Critical: a client that does not support the extension must not trust this authority (RFC
      // 5280, section 4.2.1.10).
      new x509.Extension(nameConstraints, true, new Uint8Array(encodeScope(scope))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem').concat('\n'), key: privatePem(keys.privateKey) }
}

/**
 * Creates a certificate for a server with these names. The first is the common name, for devices
 * that read nothing else.
 */
export async function issueForServer(
  authority: Issued,
  names: readonly string[],
  life: Life,
): Promise<Issued> {
  const x509 = await loadX509()
  const keys = await newKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags
  const cert = await x509.X509CertificateGenerator.create({
    ...life,
    serialNumber: serialNumber(),
    // RFC 5280, appendix A.1: at most 64 characters.
    subject: [{ CN: [(names[0] ?? 'postern').slice(0, 64)] }],
    issuer: issuer.subject,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      // Both key identifiers: strict clients (Python since 3.13) require them (RFC 5280, section
      // 4.2.1.1).
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { cert: cert.toString('pem').concat('\n'), key: privatePem(keys.privateKey) }
}

/**
 * Creates a self-signed certificate by which a client proves that it has the key. Who shall believe
 * it is given the certificate itself.
 */
export async function issueForClient(commonName: string, life: Life): Promise<Issued> {
  const x509 = await loadX509()
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    serialNumber: serialNumber(),
    name: [{ CN: [commonName.slice(0, 64)] }],
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem').concat('\n'), key: privatePem(keys.privateKey) }
}

/** The scope of an authority; undefined if it was created without a limit. */
export async function scopeOfAuthority({ cert }: Pick<Issued, 'cert'>): Promise<Scope | undefined> {
  const x509 = await loadX509()
  const found = new x509.X509Certificate(cert).getExtension(nameConstraints)
  return found ? decodeScope(new Uint8Array(found.value)) : undefined
}

/** Loaded only to create certificates; serving mail does not need it. */
async function loadX509() {
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  return x509
}

function newKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function importKey(pem: string) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

function privatePem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Positive and unique (RFC 5280, section 4.1.2.2). */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return octets.toString('hex')
}

/**
 * The scope of an authority: host names, including every name below them, and networks as
 * `address/bits`.
 */
export type Scope = readonly string[]

/** The object identifier of the extension (RFC 5280, section 4.2.1.10). */
const nameConstraints = '2.5.29.30'

/**
 * The scope for these names: each of them, and the private networks of this machine, in which its
 * address may change.
 */
export function scopeOf(names: readonly string[]): Scope {
  const hosts = names.filter((name) => isIP(name) === 0).map((name) => name.replace(/^\*\./, ''))
  const addresses = names.filter((name) => isIP(name) !== 0).map(networkAround)
  return [...new Set([...hosts, ...addresses])]
}

/** Whether a name (also `*.example.com`) or address is in the scope. */
export function isInScope(scope: Scope, name: string): boolean {
  if (isIP(name) !== 0) return scope.some((entry) => entry.includes('/') && holds(entry, name))
  const host = name.replace(/^\*\./, '')
  return scope.some((entry) => host === entry || host.endsWith(`.${entry}`))
}

/** Encodes the value of the extension, which permits only the scope. */
export function encodeScope(scope: Scope): Buffer {
  const subtrees = scope.map((entry) => element(sequence, nameOf(entry)))
  return element(sequence, element(permitted, ...subtrees))
}

/** Decodes the output of `encodeScope`; undefined if it cannot be read. */
export function decodeScope(value: Uint8Array): Scope | undefined {
  try {
    const [constraints] = elementsOf(Buffer.from(value))
    const subtrees = elementsOf(constraints?.value).find(({ tag }) => tag === permitted)
    return elementsOf(subtrees?.value).flatMap((subtree) => entryOf(elementsOf(subtree.value)[0]) ?? [])
  } catch {
    return undefined
  }
}

/**
 * At most the nearest 256 addresses of a private network (IPv6: the /64), and only the address
 * itself of a public one.
 */
const nearest = { ipv4: 24, ipv6: 64 }

function networkAround(address: string): string {
  const own = interfaceAddresses().find(
    (one) => !one.internal && plainAddress(one.address)?.address === address,
  )
  const whole = isIPv4(address) ? 32 : 128
  if (!own || !isPrivate(address)) return `${address}/${whole}`
  const bits = Number(own.cidr?.split('/')[1] ?? whole)
  return `${address}/${Math.max(bits, isIPv4(address) ? nearest.ipv4 : nearest.ipv6)}`
}

/** Private addresses (RFC 1918, RFC 4193). */
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

// The tags used here (RFC 5280, appendix A.2; X.690): a sequence, the permitted names, a host name,
// and an address with its mask.
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

/**
 * The names by which clients reach this machine: loopback, its host name (short and long), and its
 * addresses.
 */
export function ownNames(): string[] {
  const name = hostname().toLowerCase()
  const hosts = [name, name.split('.')[0] ?? name].filter(isHostName)
  const interfaces = interfaceAddresses()
  // A link-local address means nothing without its interface (RFC 4007, section 11).
  const reached = interfaces.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
  return [...new Set(['localhost', '127.0.0.1', '::1', ...hosts, ...reached.map(({ address }) => address)])]
}

/**
 * Normalises a host name (also `*.example.com`) or address for a certificate (RFC 5280, section
 * 4.2.1.6).
 * @throws Failure `invalid`
 */
export function certificateName(text: string): string {
  // DNS names have at most 253 octets (RFC 1035, section 2.3.4), and their Unicode form has no more
  // characters.
  if (text.length > longestName) throw noName(text)
  const address = plainAddress(text.replace(/^\[(.*)\]$/, '$1'))
  if (address) return address.address
  const wildcard = text.startsWith('*.') ? '*.' : ''
  const host = domainToASCII(text.slice(wildcard.length)).replace(/\.$/, '').toLowerCase()
  if (isHostName(host)) return wildcard + host
  throw noName(text)
}

const longestName = 255

function noName(text: string): Failure {
  return failure('certificate.no-name', { text: printable(text) })
}

function isHostName(name: string): boolean {
  if (isIP(name) !== 0 || name.length > 253 || /(^|\.)\d+$/.test(name)) return false
  return /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(name)
}

/** @throws Failure where the system hides them, as systemd does without AF_NETLINK */
function interfaceAddresses(): NetworkInterfaceInfo[] {
  try {
    return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  } catch (error) {
    const { code, info } = error as NodeJS.ErrnoException & { info?: { code?: string } }
    throw failure('certificate.interfaces-hidden', { reason: info?.code ?? code ?? 'unknown', cause: error })
  }
}
