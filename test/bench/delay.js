// Distance: a connection that is handed on to another port with the time that a wide network takes.
import { connect } from 'node:net'

/**
 * Half a round trip each way. The handshake of TCP is not delayed on loopback, so its time is added here: over a real network the
 * client knows after one round trip that it is connected, and its last packet of the handshake takes half of one more to reach the
 * server, which then greets. So the server hears of the connection one and a half round trips after loopback says "connected", and what the
 * client sends at once is late by the same.
 *
 * A timer fires up to a millisecond late, so the way is rather longer than asked for; for everybody alike.
 *
 * @param {import('node:net').Socket} near just accepted; nothing was read from it
 */
export function connectFromAfar(near, port, roundTripMilliseconds) {
  const half = roundTripMilliseconds / 2
  near.on('error', () => {})
  setTimeout(() => {
    // Timers of one duration fire in the order in which they were set: the connection is made before anything is sent over it.
    let far
    setTimeout(() => {
      far = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => {})
      if (near.destroyed) far.destroy()
      carry(far, () => near, half)
    }, half)
    carry(near, () => far, half)
  }, roundTripMilliseconds)
}

/** Written to after the delay, by which time there is something to write to. */
function carry(from, to, delay) {
  from.on('data', (chunk) => setTimeout(() => to().write(chunk), delay))
  from.on('end', () => setTimeout(() => to().end(), delay))
  from.on('close', () => setTimeout(() => to().destroySoon(), delay))
}
