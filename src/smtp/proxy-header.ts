import { isIPv4, isIPv6 } from 'node:net'
import { plainAddress } from '../net/ip.ts'

/**
 * The PROXY header that a front end sends before a connection it forwards, version 1 (text) or 2
 * (binary), by https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt. Parsed strictly: an
 * invalid header gives no address.
 */
export type ProxyHeader =
  /** More octets are needed. */
  | 'unfinished'
  | { mistake: string }
  /**
   * `octets`: the length of the header. Without `client`: the front end connects for itself, as in
   * a health check.
   */
  | { octets: number; client?: string }

/** Recognises both versions: the sender is a front end, and not a client. */
export function isProxyHeader(start: Buffer): boolean {
  const beginning = start.toString('latin1', 0, 5)
  return beginning.toUpperCase() === 'PROXY' || beginning === '\r\n\r\n\0'
}

export const proxyAdvice =
  'A front end announces its clients by the PROXY protocol (HAProxy: send-proxy): put +proxy=ITS-ADDRESS behind this address in the settings, or switch that off there.'

export function readProxyHeader(octets: Buffer): ProxyHeader {
  if (beginsLike(octets, signature)) return readBinary(octets)
  if (beginsLike(octets, word)) return readLine(octets)
  return { mistake: 'no PROXY header came first' }
}

const word = Buffer.from('PROXY ')
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n')

/** The longest line, its CRLF included (section 2.1). */
const longestLine = 107

function beginsLike(octets: Buffer, beginning: Buffer): boolean {
  const length = Math.min(octets.length, beginning.length)
  return octets.subarray(0, length).equals(beginning.subarray(0, length))
}

function readLine(octets: Buffer): ProxyHeader {
  const end = octets.subarray(0, longestLine).indexOf('\r\n')
  if (end === -1) {
    return octets.length < longestLine ? 'unfinished' : { mistake: 'its PROXY line does not end' }
  }
  const line = octets.toString('latin1', 0, end)
  const length = end + 2
  // What follows UNKNOWN is ignored (section 2.1).
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?$/.test(line)) return { octets: length }
  const [, family, source = '', destination = '', ...ports] =
    /^PROXY (TCP4|TCP6) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? []
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6
  if (family === undefined || !isAddress(source) || !isAddress(destination) || !ports.every(isPort)) {
    return { mistake: 'its PROXY line cannot be read' }
  }
  return named(source, length)
}

function isPort(digits: string): boolean {
  return /^(0|[1-9]\d*)$/.test(digits) && Number(digits) <= 65_535
}

const fixedLength = 16
const version = 2
/** TCP over IPv4 and over IPv6, with the length of both addresses and ports (section 2.2). */
const overTcp = { 17: { address: 4, all: 12 }, 33: { address: 16, all: 36 } } as const
/** Unspecified, and UNIX sockets: there is no address, so only the front end is known. */
const withoutAddress: Readonly<Record<number, number>> = { 0: 0, 49: 216 }

function readBinary(octets: Buffer): ProxyHeader {
  if (octets.length < fixedLength) return 'unfinished'
  const [versionAndCommand, kind] = [octets.readUInt8(12), octets.readUInt8(13)]
  const command = versionAndCommand & 0x0f
  if (versionAndCommand >> 4 !== version || command > 1) {
    return { mistake: 'its PROXY header is of no known version or command' }
  }
  const length = octets.readUInt16BE(14)
  const whole = fixedLength + length
  // LOCAL: its addresses are ignored.
  if (command === 0) return octets.length < whole ? 'unfinished' : { octets: whole }
  const tcp = kind === 0x11 || kind === 0x21 ? overTcp[kind] : undefined
  const least = tcp?.all ?? withoutAddress[kind]
  if (least === undefined) return { mistake: 'its PROXY header is about something else than TCP' }
  if (length < least) return { mistake: 'its PROXY header is shorter than the addresses in it' }
  if (octets.length < whole) return 'unfinished'
  // Extensions follow the addresses (section 2.2); none are used.
  return tcp
    ? named(written(octets.subarray(fixedLength, fixedLength + tcp.address)), whole)
    : { octets: whole }
}

function written(address: Buffer): string {
  if (address.length === 4) return address.join('.')
  return Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16)).join(':')
}

function named(address: string, octets: number): ProxyHeader {
  const client = plainAddress(address)?.address
  return client === undefined ? { mistake: 'its PROXY header names no client' } : { octets, client }
}
