import { type Address, isDomainMailbox, parseAddress } from '../base/address.ts'
import { Secret } from '../base/secret.ts'
import { readUrl, withoutEnding } from '../base/text.ts'
import { isLoopback } from './endpoint.ts'
import type { Parse } from './setting.ts'

/** Kept as a secret: many services know whoever posts by the address alone. */
export const webhookUrl: Parse<Secret> = (text) => {
  const url = readUrl(text.trim())
  const bare = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(bare)))
    return url.username === '' && url.password === ''
      ? { value: new Secret(url.href) }
      : { must: 'hold no user name and no password' }
  return { must: 'be an address that begins with https:// (http:// is only for loopback)' }
}

/** HMAC-SHA256 rests on it alone. */
export const sharedSecret: Parse<Secret> = (text) => {
  if (text.startsWith('whsec_')) {
    const key = text.slice(6)
    const octets = Buffer.from(key, 'base64')
    if (octets.length < 16 || withoutEnding(octets.toString('base64'), '=') !== withoutEnding(key, '='))
      return { must: 'be at least 16 octets as base64 behind whsec_' }
  }
  if (text.length < 16 || /^the-output-of/.test(text)) {
    return { must: 'be at least 16 characters of your own; `openssl rand -base64 24` prints such a text' }
  }
  return { value: new Secret(text) }
}

export const mailAddress: Parse<Address> = (text) => {
  const address = readAddress(text)
  return address === undefined ? { must: 'be one mail address' } : { value: address }
}

export const mailAddresses: Parse<readonly Address[]> = (text) => {
  const addresses = text.split(',').map(readAddress)
  const read = addresses.filter((address) => address !== undefined)
  return read.length === addresses.length
    ? { value: read }
    : { must: 'be mail addresses, with commas between them' }
}

/** Kept as a secret: what a command needs to get somewhere often stands in its arguments. */
export const commandLine: Parse<Secret> = (text) => {
  if (text.includes('\0') || text.trim() === '') return { must: 'be a command line' }
  return { value: new Secret(text.trim()) }
}

function readAddress(text: string): Address | undefined {
  try {
    const address = parseAddress(text.trim())
    return isDomainMailbox(address) ? undefined : address
  } catch {
    return undefined
  }
}
