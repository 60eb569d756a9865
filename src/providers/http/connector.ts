import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { Target } from '../../net/connect.ts'

/** undici's connections by our own way to a socket; TLS over it as `overTls` has it. */
export function connectorBy(
  open: (target: Target) => Promise<Socket>,
  overTls: buildConnector.connector,
): buildConnector.connector {
  return (options, callback) => {
    const { protocol, hostname, port } = options
    open({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }).then(
      (socket) => {
        if (protocol === 'https:') overTls({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}
