import { Socket } from 'node:net'
import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { Config } from '../config/config.ts'
import { announcedUrl, type Endpoint, formatEndpoint } from '../net/endpoint.ts'
import { type HandedSockets, isReachable, type SmtpListener } from '../net/listen.ts'

/*
 * Sockets that a service manager has opened and hands over (sd_listen_fds(3)): file descriptors from
 * 3 on, as many as LISTEN_FDS says, for the process that LISTEN_PID names.
 */

type Purpose = 'smtp' | 'submissions' | 'web' | 'metrics'

/** By `FileDescriptorName=` of the socket's unit. */
const purposes: Readonly<Record<string, Purpose>> = {
  smtp: 'smtp',
  submission: 'smtp',
  submissions: 'submissions',
  smtps: 'submissions',
  web: 'web',
  http: 'web',
  metrics: 'metrics',
}
/** Where none has such a name. */
const byOrder: readonly Purpose[] = ['smtp', 'web', 'submissions', 'metrics']

const firstDescriptor = 3

interface Handed {
  purpose: Purpose
  endpoint: Endpoint
  socket: Socket
}

/** Where a service manager has opened sockets, what postern does with them. */
export interface Takeover extends HandedSockets {
  /**
   * The configuration that listens at these: those for a purpose take the place of all that its
   * setting names.
   * @throws Failure `configuration` where passwords or tokens would cross a network unencrypted
   */
  applyTo(config: Config): Config
}

/**
 * Undefined where nothing is handed over to this process.
 * @throws Failure `configuration` for what cannot be used
 */
export function takeHandedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): Takeover | undefined {
  const { LISTEN_FDS: given = '', LISTEN_PID: owner, LISTEN_FDNAMES: named = '' } = environment
  const count = /^[1-9]\d{0,3}$/.test(given) ? Number(given) : 0
  if (count === 0 || owner !== String(pid)) return undefined
  const names = named === '' ? [] : named.split(':')
  const isNamed = names.some((name) => Object.hasOwn(purposes, name))
  const all = Array.from({ length: count }, (_, index): Handed => {
    const purpose = isNamed ? purposes[names[index] ?? ''] : byOrder[index]
    if (purpose === undefined)
      throw failure('listen.handed-for-what', {
        number: index + 1,
        name: printable(names[index] ?? 'unknown'),
        names: Object.keys(purposes).join(', '),
      })
    return { purpose, ...socketAt(firstDescriptor + index, index + 1) }
  })
  return {
    socketFor: (wanted) =>
      all.find(({ endpoint }) => formatEndpoint(endpoint) === formatEndpoint(wanted))?.socket,
    applyTo: (config) => withHanded(config, all),
  }
}

/** A socket that listens at an address, as whoever listens with it takes it. Nothing is accepted until then. */
function socketAt(descriptor: number, number: number): Omit<Handed, 'purpose'> {
  const socket = attempt(() => new Socket({ fd: descriptor, readable: false, writable: false }))
  const { address: host, port } = (socket?.address() ?? {}) as { address?: string; port?: number }
  if (!socket || host === undefined || port === undefined || socket.remoteAddress !== undefined)
    throw failure('listen.handed-no-tcp', { number })
  return { socket, endpoint: { host, port } }
}

/** Undefined for what is no stream, or is not open at all. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function withHanded(config: Config, all: readonly Handed[]): Config {
  const at = (purpose: Purpose) =>
    all.filter((one) => one.purpose === purpose).map(({ endpoint }) => endpoint)
  const isImplicit = ({ tls }: SmtpListener) => tls === 'implicit'
  const [smtp, submissions, web, metrics] = [at('smtp'), at('submissions'), at('web'), at('metrics')]
  const smtpListen = [
    ...(smtp.length > 0
      ? smtp.map((endpoint) => listenerAt(endpoint, config))
      : config.smtpListen.filter((one) => !isImplicit(one))),
    ...(submissions.length > 0
      ? submissions.map((endpoint) => implicitListenerAt(endpoint, config))
      : config.smtpListen.filter(isImplicit)),
  ]
  for (const endpoint of web) requireWebAllowed(endpoint, config)
  return {
    ...config,
    smtpListen,
    ...(web.length > 0 && { webListen: web, publicUrl: publicUrlAt(web, config) }),
    ...(metrics.length > 0 && { metrics: { ...config.metrics, listen: metrics } }),
  }
}

/** With the words that the setting has behind this address. */
function listenerAt(endpoint: Endpoint, { smtpListen, certificate }: Config): SmtpListener {
  const tls = certificate ? 'starttls' : 'none'
  const known = smtpListen.find((one) => one.tls !== 'implicit' && isSame(one, endpoint))
  const listener = known ?? { ...endpoint, tls, plainAuth: false, oldTls: false }
  if (isReachable(listener) && listener.tls === 'none' && !listener.plainAuth)
    throw failure('listen.handed-unencrypted', {
      address: formatEndpoint(endpoint),
      remedy: 'POSTERN_SMTP_LISTEN, with +plain-auth behind it',
    })
  return listener
}

function implicitListenerAt(endpoint: Endpoint, { smtpListen, certificate }: Config): SmtpListener {
  if (!certificate) throw failure('listen.handed-without-certificate', { address: formatEndpoint(endpoint) })
  const known = smtpListen.find((one) => one.tls === 'implicit' && isSame(one, endpoint))
  return known ?? { ...endpoint, tls: 'implicit', plainAuth: false, oldTls: false }
}

/** What the setting names has been checked with it. */
function requireWebAllowed(endpoint: Endpoint, { webListen, publicUrl }: Config): void {
  const isKnown = webListen.some((one) => isSame(one, endpoint))
  if (isKnown || !isReachable(endpoint) || publicUrl.protocol === 'https:') return
  throw failure('listen.handed-unencrypted', {
    address: formatEndpoint(endpoint),
    remedy: 'POSTERN_WEB_LISTEN, with +plain-http behind it',
  })
}

/** One that the settings name stays; otherwise it is where the pages are. */
function publicUrlAt(web: readonly Endpoint[], { webListen, publicUrl }: Config): URL {
  const announced = announcedUrl(webListen, Number(publicUrl.port))
  return announced.href === publicUrl.href ? announcedUrl(web, web[0]?.port ?? 0) : publicUrl
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return formatEndpoint(one) === formatEndpoint(other)
}
