import { Secret } from '../base/secret.ts'
import { readUrl, withoutEnding } from '../base/text.ts'
import { type Address, isDomainMailbox, parseAddress } from '../model/address.ts'
import { isLoopback } from '../net/endpoint.ts'
import { type HttpProxy, parseProxy } from '../net/http-fetch.ts'
import { parseNetwork } from '../net/ip.ts'
import {
  type ReadText,
  readCredential,
  readMicrosoftSecret,
  readTenant,
} from '../providers/file/credentials.ts'
import { parseKeys } from '../store/key-ring.ts'

/**
 * One setting: its name, how it is read, and the sentence that documents it. `.env.example`,
 * `postern config`, and the check for unknown names are all made from the same table of these.
 */
export interface Setting<T> {
  name: string
  /** As it would be written; absent: no value by default. */
  default?: string
  /** What a filled-in line looks like, for a setting without a default. */
  sample?: string
  /** One sentence, as it stands in `.env.example`. */
  sentence: string
  /** Also given as `…_FILE`; its value is never shown. */
  secret: boolean
  parse: Parse<T>
}

/** Reads a value. Relative paths count from the working directory. */
export type Parse<T> = (text: string, workingDirectory: string) => Parsed<T>

/**
 * Either the value, or what it must be: the end of a sentence that begins "POSTERN_X is "…", but
 * must ".
 */
export type Parsed<T> = { value: T } | { must: string }

export type ValueOf<S> = S extends Setting<infer T> ? T : never

/** A setting that always has a value. */
export function setting<T>(name: string, byDefault: string, parse: Parse<T>, sentence: string): Setting<T> {
  return { name, default: byDefault, sentence, secret: false, parse }
}

/** A setting without a default. */
export function optional<T>(
  name: string,
  sample: string,
  parse: Parse<T>,
  sentence: string,
): Setting<T | undefined> {
  return { name, sample, sentence, secret: false, parse }
}

/** As `optional`, for a value that is never shown. */
export function secret<T>(
  name: string,
  sample: string,
  parse: Parse<T>,
  sentence: string,
): Setting<T | undefined> {
  return { ...optional(name, sample, parse, sentence), secret: true }
}

/** A whole number within bounds, written in digits only. */
export function wholeNumber(least: number, most: number): Parse<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return { value }
    return { must: `be a whole number from ${least} to ${most}` }
  }
}

export function oneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
  return (text) => {
    const value = choices.find((choice) => choice === text)
    return value === undefined ? { must: `be one of ${choices.join(', ')}` } : { value }
  }
}

/** The address that browsers use: https, or http where no network is crossed. */
export const publicUrl: Parse<URL> = (text) => {
  const url = readUrl(text)
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    return { must: 'be a web address such as https://postern.example.com, without ? or #' }
  }
  if (url.username !== '' || url.password !== '') return { must: 'hold no user name and no password' }
  const bare = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol === 'http:' && !isLoopback(bare)) {
    // Authorization codes and the session cookie pass through it (RFC 9700, section 2.6).
    return { must: 'begin with https:// (http:// is only for localhost, 127.0.0.1 and [::1])' }
  }
  url.pathname = withoutEnding(url.pathname, '/')
  return { value: url }
}

/** A directory (tenant) of Microsoft Entra. */
export const tenant: Parse<string> = (text) => parsed(readTenant(text))

/** Addresses and CIDR blocks with commas between them, each in the form of `parseNetwork`. */
export const networks: Parse<readonly string[]> = (text) => {
  try {
    const value = text.split(',').map((network) => parseNetwork(network))
    // With /0 a header from any address would be believed.
    if (!value.some((network) => network.endsWith('/0'))) return { value }
    return { must: 'name the proxies, not every address there is' }
  } catch {
    return { must: 'be addresses or networks, such as 127.0.0.1,10.0.0.0/8' }
  }
}

/** Ids of providers, with commas between them. */
/** As browsers and programs write them in the header `Host`. */
export const hostNames: Parse<readonly string[]> = (text) => {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const isName = (name: string) =>
    /^([a-z0-9_]([a-z0-9_.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(name)
  return names.every(isName)
    ? { value: names }
    : { must: 'be names or addresses, each with or without a port, with commas between them' }
}

export const providerIds: Parse<readonly string[]> = (text) => {
  const ids = text.split(',').map((id) => id.trim())
  if (ids.every((id) => /^[a-z0-9][a-z0-9-]{0,63}$/.test(id))) return { value: ids }
  return { must: 'be ids of providers, such as microsoft,google' }
}

/** A client identifier as the provider shows it. */
export const clientId: Parse<string> = (text) => parsed(readCredential(text))

/** A day by its date: its first moment in UTC, so that no warning comes too late. */
export const day: Parse<Date> = (text) => {
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  if (date && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return { value: date }
  return { must: 'be a day such as 2027-11-30' }
}

export const proxy: Parse<HttpProxy> = (text) => parseProxy(text)

export const microsoftSecret: Parse<Secret> = (text) => asSecret(parsed(readMicrosoftSecret(text)))

export const clientSecret: Parse<Secret> = (text) => asSecret(parsed(readCredential(text)))

/** Every one of these mistakes says what the value must be. */
function parsed(read: ReadText): Parsed<string> {
  return 'mistake' in read ? { must: read.mistake.message.replace(/^must /, '') } : read
}

function asSecret(read: Parsed<string>): Parsed<Secret> {
  return 'must' in read ? read : { value: new Secret(read.value) }
}

/** 32 octets, in one of the forms that people's tools print. */
export const sealingKey: Parse<Secret> = (text) => {
  if (parseKeys(text) !== undefined) return { value: new Secret(text) }
  return { must: 'be 32 octets as base64 or hexadecimal; `openssl rand -base64 32` prints such a key' }
}

/** Of PostgreSQL. A secret: a password often stands in it. */
export const databaseUrl: Parse<Secret> = (text) => {
  const url = readUrl(text)
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol))
    return {
      must: 'be the address of a PostgreSQL database, such as postgres://postern:your-password@db.example.com/postern',
    }
  const mode = url.searchParams.get('sslmode') ?? 'verify-full'
  if (!['disable', 'require', 'verify-ca', 'verify-full'].includes(mode))
    return { must: 'have no other sslmode than disable and verify-full' }
  return { value: new Secret(text) }
}

/** A secret: for many services, the address alone gives the right to post. */
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

/** A name that people are shown. */
export const displayName: Parse<string> = (text) => {
  const value = text.trim()
  if (value !== '' && value.length <= 100 && !/\p{C}/u.test(value)) return { value }
  return { must: 'be a name of at most 100 characters' }
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
