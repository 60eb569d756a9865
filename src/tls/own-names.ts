import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { domainToASCII } from 'node:url'
import { printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { plainAddress } from '../net/ip.ts'

/** What clients call this machine: loopback, its host name (short and long), and the addresses that others reach. */
export function ownNames(): string[] {
  const name = hostname().toLowerCase()
  const hosts = [name, name.split('.')[0] ?? name].filter(isHostName)
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  // A link-local address means nothing without its interface (RFC 4007, section 11).
  const reached = interfaces.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
  return [...new Set(['localhost', '127.0.0.1', '::1', ...hosts, ...reached.map(({ address }) => address)])]
}

/**
 * A host name (also `*.example.com`) or address in the form that certificates hold (RFC 5280, section 4.2.1.6).
 * @throws Failure `invalid`
 */
export function certificateName(text: string): string {
  // A name of DNS has no more than 253 octets (RFC 1035, section 2.3.4), and Unicode's form of it no more characters.
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
  return new Failure('invalid', `"${printable(text)}" is neither a host name nor an address`, {
    fix: 'Name it as the device does: mail.example.com, or 192.0.2.10.',
  })
}

function isHostName(name: string): boolean {
  if (isIP(name) !== 0 || name.length > 253 || /(^|\.)\d+$/.test(name)) return false
  return /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(name)
}
