import { once } from 'node:events'
import type * as net from 'node:net'
import { isIP, isIPv6, type Socket } from 'node:net'
import { hostname } from 'node:os'
import * as tls from 'node:tls'
import { type Failure, failure } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import type { Limits } from '../model/limits.ts'
import { type Connect, clientContext, createConnect, type Target } from '../net/connect.ts'
import { createTunnels } from '../net/http-fetch.ts'
import type { ResolvedAddress } from '../net/name-resolver.ts'
import { networkFailure } from '../net/network-failure.ts'
import { explained, seenReply } from '../providers/errors/explained.ts'
import type { ReplyPhase } from '../providers/errors/known-error.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import type { ProviderTap } from '../traces/traces.ts'
import { type Capabilities, parseCapabilities } from '../wire/envelope.ts'
import type { Reply, ReplyLimits } from '../wire/reply.ts'
import {
  ConnectionLost,
  createProviderConnection,
  lossAsFailure,
  type ProviderConnection,
} from './connection.ts'
import { refusal } from './refusal.ts'

/**
 * A connection under TLS on which EHLO was answered, and the capabilities under TLS. Not signed in
 * yet.
 */
export interface Dialled {
  connection: ProviderConnection
  capabilities: Capabilities
}

/**
 * @throws Failure `provider-unavailable`, or `provider-setup` when the server cannot be trusted or
 * has no STARTTLS
 */
export type Dial = (
  target: DialTarget,
  signal: AbortSignal,
  /** Called as each stage is reached. `address`: of the machine, unless a proxy stands between. */
  reached?: (stage: DialStage, address?: string) => void,
  /**
   * An address of the host to avoid: the addresses behind it are tried first, and this one last.
   */
  avoid?: string,
) => Promise<Dialled>

export type DialTarget = Pick<RegisteredProvider, 'submission' | 'proxy' | 'errorFamily'> & {
  tap?: ProviderTap
}

/** `connect`: connected, directly or through the proxy. `tls`: encrypted and verified. */
export type DialStage = 'connect' | 'tls'

interface DialerDeps {
  limits: Pick<Limits, 'upstreamConnectSeconds' | 'upstreamReplySeconds'> & ReplyLimits
  extraCa?: string
  ehloName?: string
  /** One for the whole process, so that its shares hold. */
  connect?: Connect
}

export function createDialer(deps: DialerDeps): Dial {
  const { connect = createConnect() } = deps
  const { limits } = deps
  const secure = createSecureSocket(deps.extraCa)
  const tunnel = createTunnels(deps.extraCa, connect)

  async function withinConnectTime<T>(
    parent: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limit = createTimeLimit(limits.upstreamConnectSeconds, parent)
    return work(limit.signal).finally(limit.clear)
  }

  async function hello(connection: ProviderConnection, name: string, to: DialTarget): Promise<Capabilities> {
    const reply = await connection.command(`EHLO ${name}\r\n`, limits.upstreamReplySeconds)
    if (reply.code !== 250) throw await refused(reply, to, 'ehlo', 'EHLO')
    return parseCapabilities(reply)
  }

  async function greet(connection: ProviderConnection, to: DialTarget): Promise<void> {
    const reply = await connection.greeting(limits.upstreamReplySeconds)
    if (reply.code !== 220) throw await refused(reply, to, 'connect')
  }

  /** RFC 3207. Capabilities before TLS are used for STARTTLS only, and then forgotten. */
  async function upgrade(connection: ProviderConnection, name: string, to: DialTarget): Promise<net.Socket> {
    const before = await hello(connection, name, to)
    if (!before.startTls) throw missingStartTls(to.submission.host)
    const reply: Reply = await connection.command('STARTTLS\r\n', limits.upstreamReplySeconds)
    if (reply.code !== 220) throw await refused(reply, to, 'starttls', 'STARTTLS')
    return connection.detach()
  }

  return async (to, signal, reached = () => {}, avoid) => {
    const { submission, proxy } = to
    const { host, port, tls } = submission
    let current: Pick<ProviderConnection, 'destroy'> | undefined
    const stop = () => current?.destroy()
    signal.addEventListener('abort', stop, { once: true })
    const follow = (socket: net.Socket) => {
      const connection = createProviderConnection(socket, deps.limits, to.tap)
      current = connection
      if (to.tap && 'getCipher' in socket) to.tap.note(tlsOf(socket as tls.TLSSocket))
      return connection
    }
    try {
      // TLS at once (RFC 8314).
      const implicit = tls === 'implicit' ? secure : undefined
      const first = await withinConnectTime(signal, async (limit) => {
        const plain = await (proxy
          ? tunnel(proxy, { host, port }, limit)
          : directly(connect, { host, port }, limit, avoid))
        reached('connect', proxy ? undefined : plain.remoteAddress)
        to.tap?.note(`connected to ${host} at port ${port}${proxy ? ' through a proxy' : ''}`)
        return implicit ? implicit(plain, host, limit) : plain
      })
      const name = deps.ehloName ?? ehloName(hostname(), first.localAddress ?? '127.0.0.1')
      let connection = follow(first)
      await greet(connection, to)
      if (!implicit) {
        const plain = await upgrade(connection, name, to)
        connection = follow(await withinConnectTime(signal, (limit) => secure(plain, host, limit)))
      }
      reached('tls')
      return { connection, capabilities: await hello(connection, name, to) }
    } catch (error) {
      stop()
      const failed = lossAsFailure(error, host)
      to.tap?.note(`no connection to the provider: ${failed.message}`)
      throw failed
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

function tlsOf(socket: tls.TLSSocket): string {
  return `${socket.getProtocol()} with ${socket.getCipher().name}`
}

async function refused(reply: Reply, to: DialTarget, phase: ReplyPhase, what?: string): Promise<Failure> {
  return explained(refusal(reply, to.submission.host, what), seenReply(reply, to, phase))
}

async function directly(
  connect: Connect,
  target: Target,
  signal: AbortSignal,
  avoid: string | undefined,
): Promise<net.Socket> {
  const beginBehind = (found: readonly ResolvedAddress[]) => {
    const position = found.findIndex(({ address }) => address === avoid) + 1
    return [...found.slice(position), ...found.slice(0, position)]
  }
  try {
    return await connect(target, signal, beginBehind)
  } catch (error) {
    if (signal.aborted) throw new ConnectionLost('timed-out', text('lost.connecting-slow'))
    throw networkFailure(error, { host: target.host, kind: 'mail server' }, ` at port ${target.port}`)
  }
}

function missingStartTls(host: string): Failure {
  return failure('upstream.no-starttls', { host })
}

const fullyQualified = /^(?=.{1,255}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i

/**
 * The name for EHLO (RFC 5321, sections 4.1.1.1 and 4.1.3): the machine's name if it is fully
 * qualified, otherwise the address that the connection leaves from. Some providers refuse
 * `localhost` and bare names.
 */
export function ehloName(hostName: string, localAddress: string): string {
  const numeric = /^[\d.]+$/.test(hostName)
  if (fullyQualified.test(hostName) && !numeric && !/\.(local|localdomain)$/i.test(hostName)) return hostName
  const [address = ''] = localAddress.split('%')
  return isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`
}

/**
 * Begins TLS on a connected socket. Chain and name are always verified. Ends with the signal.
 * @throws Failure `provider-setup` (certificate, protocol) or `provider-unavailable`; the socket is
 * destroyed then
 */
type SecureSocket = (plain: Socket, host: string, signal: AbortSignal) => Promise<tls.TLSSocket>

/** `extraCa`: PEM text of certification authorities that are trusted beside the public ones. */
export function createSecureSocket(extraCa?: string): SecureSocket {
  // The newest session of each host: resuming it saves both sides the costly part of the handshake.
  const sessions = new Map<string, Buffer>()

  return async (plain, host, signal) => {
    const session = sessions.get(host)
    const socket = tls.connect({
      socket: plain,
      host,
      // RFC 6066, section 3: an address is not a server name. It is verified all the same, from
      // `host`.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(session ? { session } : {}),
      secureContext: clientContext(extraCa),
      // Said outright, because an environment variable of Node can turn the default around.
      rejectUnauthorized: true,
    })
    socket.on('error', () => {})
    try {
      await once(socket, 'secureConnect', { signal })
    } catch (error) {
      sessions.delete(host)
      socket.destroy()
      plain.destroy()
      if (signal.aborted) throw lossAsFailure(new ConnectionLost('timed-out', text('lost.tls-slow')), host)
      throw networkFailure(error, { host, kind: 'mail server' }, ' during the TLS handshake')
    }
    // Not before the verification: an unverified session must not be kept.
    socket.on('session', (fresh) => sessions.set(host, fresh))
    return socket
  }
}

/** A signal that fires after a time, or with its parent. Call `clear` when the work is done. */
interface TimeLimit {
  signal: AbortSignal
  clear(): void
}

// Not AbortSignal.any with AbortSignal.timeout: some versions of Node let those be collected before
// they fire.
export function createTimeLimit(seconds: number, parent?: AbortSignal): TimeLimit {
  const controller = new AbortController()
  const fire = () => controller.abort()
  const timer = setTimeout(fire, seconds * 1000).unref()
  if (parent?.aborted) fire()
  parent?.addEventListener('abort', fire, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      parent?.removeEventListener('abort', fire)
    },
  }
}
