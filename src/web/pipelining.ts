import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

/** Browsers and proxies ask one after the other; a program that does not (RFC 9112, section 9.3.2) has so many answers under way. */
const mostAtOnce = 16

/** Ends a connection that asks without waiting for answers: thousands of requests fit into what arrives at once, and all would be begun. */
export function limitPipelining(app: RequestListener): RequestListener {
  const underway = new WeakMap<Socket, number>()

  return (request, response) => {
    const { socket } = request
    // What had arrived before its end is still read to its own.
    if (socket.destroyed) return
    const count = (underway.get(socket) ?? 0) + 1
    if (count > mostAtOnce) {
      socket.destroy()
      return
    }
    underway.set(socket, count)
    response.once('close', () => underway.set(socket, (underway.get(socket) ?? 1) - 1))
    app(request, response)
  }
}
