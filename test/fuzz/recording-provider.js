import { createServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { converse } from './provider-conversation.js'

/**
 * A mail provider that keeps what it is sent and watches how it is spoken to: TLS before everything, XOAUTH2 with a token
 * that was issued, no octet that is not part of a command or a message.
 *
 * @typedef {object} Kept
 * @property {string} sender
 * @property {string[]} recipients
 * @property {string} content latin1, dot-stuffing undone
 * @property {boolean} told whether the yes to it was sent
 *
 * @typedef {object} ProviderOptions
 * @property {'starttls' | 'implicit'} tls
 * @property {boolean} chunking
 * @property {boolean} pipelining
 * @property {'strict' | 'anything'} ends what it takes for the end of a message
 *
 * @typedef {object} ProviderSurroundings
 * @property {{ key: string, cert: string }} certificate
 * @property {(user: string, token: string) => boolean} accepts
 * @property {(message: Kept) => void} onMessage
 * @property {(fault: string) => void} onFault
 *
 * @param {ProviderOptions} options
 * @param {ProviderSurroundings} surroundings
 * @returns {Promise<{ port: number, close(): void }>}
 */
export async function startRecordingProvider(options, surroundings) {
  const context = createSecureContext(surroundings.certificate)
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    const secure = () => {
      const secured = new TLSSocket(socket, { isServer: true, secureContext: context })
      secured.on('error', () => {})
      converse(secured, {
        ...options,
        ...surroundings,
        greets: options.tls === 'implicit',
        secure: undefined,
      })
    }
    if (options.tls === 'implicit') secure()
    else converse(socket, { ...options, ...surroundings, greets: true, secure })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
