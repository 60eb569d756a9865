import { once } from 'node:events'
import { isIP, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { wayFailure } from '../net/way-failure.ts'
import { clientContext } from '../providers/http/trusted-authorities.ts'
import { ConnectionLost, lossAsFailure } from './connection-lost.ts'

/** Puts TLS over a connected socket; chain and name are verified, always. Ends with the signal.
 * @throws Failure `provider-setup` (certificate, protocol) or `provider-unavailable`; the socket is destroyed then */
export type SecureSocket = (plain: Socket, host: string, signal: AbortSignal) => Promise<tls.TLSSocket>

/** `extraCa`: PEM text of certification authorities that are trusted beside the public ones. */
export function createSecureSocket(extraCa?: string): SecureSocket {
  // The newest session of each host: a connection that resumes one saves the provider and us the costly part.
  const sessions = new Map<string, Buffer>()

  return async (plain, host, signal) => {
    const session = sessions.get(host)
    const socket = tls.connect({
      socket: plain,
      host,
      // RFC 6066, section 3: an address is not a server name. It is verified all the same, from `host`.
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
      if (signal.aborted) throw lossAsFailure(new ConnectionLost('timed-out', 'TLS took too long'), host)
      throw wayFailure(error, { host, kind: 'mail server' }, ' during the TLS handshake')
    }
    // Listened for only now: a session from before the verification must not be kept.
    socket.on('session', (fresh) => sessions.set(host, fresh))
    return socket
  }
}
