import { isIP, isIPv4 } from 'node:net'
import { type Endpoint, formatEndpoint, parseEndpoint } from '../net/endpoint.ts'
import type { SmtpListener, WebListener } from '../net/listen.ts'
import { networks, type Parse, type Parsed } from './setting.ts'

/**
 * Where the SMTP server listens: endpoints with words behind them, such as
 * `192.0.2.10:2587+plain-auth+old-tls`. Whether there is a certificate shows only together with
 * other settings.
 */
export function listeners(tls: 'starttls' | 'implicit'): Parse<readonly SmtpListener[]> {
  return (text) => {
    const value: SmtpListener[] = []
    for (const entry of text.split(',')) {
      const parsed = listener(entry.trim(), tls)
      if ('must' in parsed) return parsed
      if (value.some((other) => collide(other, parsed.value))) return eachOnce
      value.push(parsed.value)
    }
    return { value }
  }
}

/** As `listeners` reads it. */
export function formatListener(listener: SmtpListener): string {
  const { plainAuth, oldTls, frontEnds = [] } = listener
  const words = [plainAuth && '+plain-auth', oldTls && '+old-tls']
  const proxies = frontEnds.map((network) => `+proxy=${network}`)
  return [formatEndpoint(listener), ...words.filter((word) => word !== false), ...proxies].join('')
}

/** Where the web server listens: endpoints, some with `+plain-http` behind them. */
export const webListeners: Parse<readonly WebListener[]> = (text) => {
  const value: WebListener[] = []
  for (const entry of text.split(',')) {
    const [address = '', ...words] = entry.trim().split('+')
    const endpoint = parseEndpoint(address)
    if (endpoint === undefined) return { must: listOfEndpoints }
    if (words.some((word) => word !== 'plain-http')) {
      return { must: 'have no words but +plain-http behind an address' }
    }
    if (value.some((other) => collide(other, endpoint))) return eachOnce
    value.push({ ...endpoint, plainHttp: words.length > 0 })
  }
  return { value }
}

/** As `webListeners` reads it. */
export function formatWebListener(listener: WebListener): string {
  return `${formatEndpoint(listener)}${listener.plainHttp ? '+plain-http' : ''}`
}

/** Whether the two cannot both be listened on. Port 0 is a different port every time. */
export function collide(left: Endpoint, right: Endpoint): boolean {
  if (left.port === 0 || left.port !== right.port) return false
  return covers(left.host, right.host) || covers(right.host, left.host)
}

/**
 * `::` takes IPv4 as well, as Node.js listens on it. What a name stands for shows only when it is
 * listened on.
 */
function covers(host: string, other: string): boolean {
  if (host === '::') return isIP(other) !== 0
  if (host === '0.0.0.0') return isIPv4(other)
  return host.toLowerCase() === other.toLowerCase()
}

const listOfEndpoints = 'be a list of host:port or [IPv6]:port, such as 127.0.0.1:2587,[::1]:2587'
const eachOnce = {
  must: 'name each address once (0.0.0.0 stands for every IPv4 address, [::] for every address)',
}

const frontEndWord = /^proxy(?:=|$)/

function listener(entry: string, tls: SmtpListener['tls']): Parsed<SmtpListener> {
  const [address = '', ...words] = entry.split('+')
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) return { must: listOfEndpoints }
  if (tls === 'implicit' && words.includes('plain-auth')) {
    return { must: 'not have +plain-auth: nothing is unencrypted there' }
  }
  const frontEndWords = words.filter((word) => frontEndWord.test(word))
  const others = words.filter((word) => !frontEndWords.includes(word))
  if (others.some((word) => word !== 'plain-auth' && word !== 'old-tls')) {
    const known = `${tls === 'implicit' ? '' : '+plain-auth, '}+old-tls and +proxy=NETWORK`
    return { must: `have no words but ${known} behind an address` }
  }
  const frontEnds = frontEndsIn(frontEndWords)
  if ('must' in frontEnds) return frontEnds
  const [plainAuth, oldTls] = [words.includes('plain-auth'), words.includes('old-tls')]
  return { value: { ...endpoint, tls, plainAuth, oldTls, ...frontEnds.value } }
}

/** Each `proxy=` has one network: a comma stands between listeners. */
function frontEndsIn(words: readonly string[]): Parsed<Pick<SmtpListener, 'frontEnds'>> {
  if (words.length === 0) return { value: {} }
  const given = words.map((word) => word.slice('proxy='.length))
  const parsed = networks(given.join(','), '')
  if ('value' in parsed) return { value: { frontEnds: parsed.value } }
  // A front end says who the client is, so its address must be known.
  return {
    must: 'name each front end behind +proxy=, by its address or its network (not every address there is), such as 0.0.0.0:2587+proxy=192.0.2.7+proxy=10.1.0.0/16',
  }
}
