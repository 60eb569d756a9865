import type { Socket } from 'node:net'
import { type Endpoint, isLoopback } from './endpoint.ts'

/** Sockets that somebody else has opened for us; a server that listens with one takes it for good. */
export interface HandedSockets {
  socketFor(endpoint: Endpoint): Socket | undefined
}

/** Where the web server listens, and on what terms. */
export interface WebListener extends Endpoint {
  /** Other machines may ask without TLS. */
  plainHttp: boolean
}

/** Where the SMTP server listens, and on what terms. */
export interface SmtpListener extends Endpoint {
  /**
   * `starttls`: on request, and recognised when a client begins with it; `none`: there is no
   * certificate.
   */
  tls: 'none' | 'starttls' | 'implicit'
  /** Passwords are taken unencrypted from other machines, too. */
  plainAuth: boolean
  /** TLS 1.0 and 1.1 are spoken as well. */
  oldTls: boolean
  /**
   * In the form of `parseNetwork`: no other address may connect, and each says by the PROXY
   * protocol whom it connects for.
   */
  frontEnds?: readonly string[]
}

/** Whether other machines can reach it, through its front ends perhaps. */
export function isReachable(listener: Endpoint & { frontEnds?: readonly string[] }): boolean {
  return !isLoopback(listener.host) || listener.frontEnds !== undefined
}

/**
 * How many connections the kernel queues that were not accepted yet. When the queue is full, a
 * client waits seconds until its SYN is sent again, so a flood must not fill it between two
 * accepts.
 */
export const backlog = 4096

/** Systems that give an address to one program while another has the same port of all addresses. */
const doubleSystems: readonly NodeJS.Platform[] = ['darwin', 'freebsd', 'openbsd', 'netbsd']

/**
 * Sees before listening what Linux and Windows tell when listening.
 * @throws Error with the code `EADDRINUSE` where another program answers there
 */
export async function requireUnused({ host, port }: Endpoint, platform = process.platform): Promise<void> {
  // One of several processes has its addresses from the first, with the others.
  if (port === 0 || !doubleSystems.includes(platform) || process.send !== undefined) return
  await (await import('../system/macos.ts')).requireFree(host, port)
}

/**
 * Whether a server could not listen because this machine does not have the address, for example
 * without IPv6. Looks at the error and at its causes.
 */
export function isMissingAddress(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return true
  return isMissingAddress(error.cause)
}
