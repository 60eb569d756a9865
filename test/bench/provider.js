// A mail provider and its token endpoint in a process of their own, so that their work is not counted as postern's. Takes XOAUTH2 under
// TLS only, throws every message away, counts them. Jobs: `open`, `shape`, `count`.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { connectFromAfar } from './delay.js'
import { answerJobs } from './jobs.js'
import { serveSmtp } from './provider-conversation.js'
import { createTokenEndpoint } from './provider-tokens.js'

/** @type {import('./provider-conversation.js').Shape} */
const usual = {
  chunking: true,
  pipelining: true,
  digests: false,
  roundTripMilliseconds: 0,
  allowance: Number.POSITIVE_INFINITY,
}
let shape = usual
let tally = emptyTally()
let tokens
let context
const open = new Set()

function emptyTally() {
  return { messages: 0, signedIn: 0, mostSignedIn: 0, refused: 0, digests: new Map() }
}

answerJobs({
  /** Port 0 lets the system choose. */
  async open({ smtpPort = 0, implicitPort = 0, tokenPort = 0, key, cert, ...terms }) {
    context = createSecureContext({ key, cert })
    tokens = createTokenEndpoint(terms)
    return {
      smtpPort: await openDoor(greet, smtpPort),
      implicitPort: await openDoor(secure, implicitPort),
      tokenPort: await listen(tokens.server, tokenPort),
    }
  },

  /** From now on, for everybody: whoever is connected is cut off, and the counts begin anew. */
  shape({ do: _, ...changes }) {
    for (const socket of open) socket.destroy()
    shape = { ...usual, ...changes }
    tally = emptyTally()
  },

  /** What was counted since the last time. */
  count() {
    const counted = { ...tally, digests: Object.fromEntries(tally.digests), ...tokens.count() }
    Object.assign(tally, emptyTally(), { signedIn: tally.signedIn, mostSignedIn: tally.signedIn })
    return counted
  },
})

function follow(socket) {
  open.add(socket)
  return socket
    .setNoDelay(true)
    .on('error', () => {})
    .once('close', () => open.delete(socket))
}

/** Whoever comes from afar is carried to a second server behind it. @returns {Promise<number>} the port */
async function openDoor(serve, port) {
  const nearPort = await listen(
    createServer((socket) => serve(follow(socket))),
    0,
  )
  const receive = (socket) => {
    const { roundTripMilliseconds } = shape
    if (roundTripMilliseconds === 0) serve(socket)
    else connectFromAfar(socket, nearPort, roundTripMilliseconds)
  }
  return listen(
    createServer((socket) => receive(follow(socket))),
    port,
  )
}

function greet(socket) {
  socket.write('220 bench ESMTP\r\n')
  serveSmtp(socket, shape, desk(), () => serveSmtp(encrypted(socket), shape, desk()))
}

/** TLS from the first octet. */
function secure(socket) {
  const secured = encrypted(socket)
  secured.once('secure', () => secured.write('220 bench ESMTP\r\n'))
  serveSmtp(secured, shape, desk())
}

function encrypted(socket) {
  return new TLSSocket(socket, { isServer: true, secureContext: context }).on('error', () => {})
}

/** Connections that were cut off count where they began. */
function desk() {
  return { accepts: tokens.accepts, tally }
}

async function listen(server, port) {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
