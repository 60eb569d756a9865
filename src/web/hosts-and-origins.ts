import type { RequestHandler } from 'express'
import { filled } from '../base/failure.ts'
import { isFromCommand } from './command-server.ts'
import { HttpRefusal, sendProblem } from './http-errors.ts'

const noHosts: readonly string[] = []
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** The names that this server answers to, and the origins that its own pages have. */
export interface HostAllowList {
  allowsHost(host: string | undefined): boolean
  /**
   * Whether this is an origin of our own pages at this `Host`, as a browser writes it (RFC 6454,
   * section 6.2).
   */
  allowsOrigin(origin: string, host: string | undefined): boolean
  isPublic(host: string | undefined): boolean
  /**
   * Whether this is the name of the administration pages; the public name, if they have none of
   * their own.
   */
  isPages(host: string | undefined): boolean
}

export interface WebAddresses {
  /** Where people consent. No trailing slash in its path. */
  publicUrl: URL
  /** Where the administration pages are: the same address, or one with another host name. */
  pagesUrl: URL
  /** All that loopback names are answered with is at these, too. */
  readonly furtherHosts?: readonly string[] | undefined
}

/**
 * Exact names with exact ports: the public address, that of the pages, and the loopback names with
 * each open port. Against DNS rebinding: a page of another site whose name points to 127.0.0.1
 * still sends its own name.
 * @param addresses their further hosts are asked for with each request; another array means others
 * @param ports called for each request, because the system may choose ports when the server opens;
 * returns a new array when they have changed
 */
export function createHostAllowList(addresses: WebAddresses, ports: () => readonly number[]): HostAllowList {
  const { publicUrl, pagesUrl } = addresses
  const further = () => addresses.furtherHosts ?? noHosts
  const [isPublic, isPages] = [isOneOf(hostsOf(publicUrl)), isOneOf(hostsOf(pagesUrl))]
  let known = { ports: ports(), hosts: further() }
  let localHosts = hostsAt(known.ports, known.hosts)
  const isFurther = (host: string) =>
    further().some((name) => host.toLowerCase() === name || host.toLowerCase().startsWith(`${name}:`))
  const isLocal = (host: string): boolean => {
    if (ports() !== known.ports || further() !== known.hosts) {
      known = { ports: ports(), hosts: further() }
      localHosts = hostsAt(known.ports, known.hosts)
    }
    return localHosts.has(host.toLowerCase())
  }

  return {
    isPublic,
    isPages,
    allowsHost: (host) => isPublic(host) || isPages(host) || (host !== undefined && isLocal(host)),
    allowsOrigin(origin, host) {
      if (isPublic(host) && origin === publicUrl.origin) return true
      if (isPages(host) && origin === pagesUrl.origin) return true
      if (host === undefined || !isLocal(host)) return false
      // A proxy may stand before a further name.
      return (
        origin === `http://${host.toLowerCase()}` ||
        (isFurther(host) && origin === `https://${host.toLowerCase()}`)
      )
    },
  }
}

/** Refuses requests for other hosts before any routing: 421 (RFC 9110, section 15.5.20). */
export function checkHost(list: HostAllowList, publicUrl: URL): RequestHandler {
  return (request, response, next) => {
    // No browser connects to the server of the command.
    if (isFromCommand(request)) return next()
    // RFC 9112, section 3.2: exactly one Host; section 3.2.2: an absolute target would override it.
    const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    const plain = hosts.length === 1 && request.url.startsWith('/')
    if (plain && list.allowsHost(request.headers.host)) return next()

    const refusal = new HttpRefusal(421, filled('web.other-name', { address: publicUrl.href }))
    if (request.url.startsWith('/api/')) return sendProblem(response, refusal)
    response.status(421).type('text/plain').send(`${refusal.message}. ${refusal.fix}\n`)
  }
}

function isOneOf(hosts: readonly string[]) {
  return (host: string | undefined) => host !== undefined && hosts.includes(host.toLowerCase())
}

function hostsOf(url: URL): string[] {
  if (url.port !== '') return [url.host]
  return [url.hostname, `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`]
}

function hostsAt(ports: readonly number[], further: readonly string[]): Set<string> {
  const names = [...loopbackNames, ...further.filter((name) => !hasPort(name))]
  const bare = further.filter((name) => !hasPort(name)).flatMap((name) => [name, `${name}:80`, `${name}:443`])
  const own = ports.flatMap((port) => names.flatMap((name) => withPort(name, port)))
  return new Set([...own, ...bare, ...further])
}

function hasPort(name: string): boolean {
  return /:\d+$/.test(name.replace(/^\[.*\]/, ''))
}

function withPort(name: string, port: number): string[] {
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]
}

/**
 * Refuses a form that another site's page sent (CSRF). Browsers name the origin of a form in
 * `Sec-Fetch-Site` (to trustworthy addresses) and in `Origin`; a request with neither comes from a
 * program, which does not send a person's cookies by accident.
 * @throws HttpRefusal 403
 */
export function sameOrigin(list: HostAllowList): RequestHandler {
  return (request, _response, next) => {
    const site = request.get('sec-fetch-site')
    const origin = request.get('origin')
    const ownSite = site === undefined || site === 'same-origin'
    // Browsers send an opaque origin for a page with a strict referrer policy; then only
    // Sec-Fetch-Site tells where it comes from.
    const ownOrigin =
      origin === undefined ||
      (origin === 'null' && site === 'same-origin') ||
      list.allowsOrigin(origin, request.headers.host)
    if (ownSite && ownOrigin) return next()
    throw new HttpRefusal(403, filled('web.form-of-other-site'))
  }
}
