// The client's side of SMTP, as an old program speaks it: straight to the provider (STARTTLS, XOAUTH2) or to postern
// (plain, AUTH PLAIN). One command after the other, each waits for its reply.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'

/**
 * @typedef {object} Target
 * @property {string} [host] 127.0.0.1 by default
 * @property {number} port
 * @property {string} auth mechanism and initial response
 * @property {string} mailbox the sender
 * @property {string} [ca] PEM text; with it STARTTLS comes first
 * @property {boolean} [tlsAtOnce] instead, TLS from the first octet
 * @property {string} [localAddress] where the connection comes from
 */

// Nobody waits for ever: a socket on which nothing happens for so long is closed.
const patienceMilliseconds = 30_000
const pieceOctets = 65_536
const [LF, SPACE, ZERO] = [0x0a, 0x20, 0x30]

/**
 * A conversation: `ask` writes and resolves when the reply has the expected code.
 *
 * @typedef {ReturnType<typeof converse>} Talk
 * @typedef {{ talk: Talk, socket: import('node:net').Socket }} Session
 *
 * @param {import('node:net').Socket} socket
 */
export function converse(socket) {
  /** @type {Buffer | undefined} */
  let held
  /** @type {{ expected: number, resolve(code: number): void, reject(error: Error): void }} */
  let waiting = { expected: 0, resolve() {}, reject() {} }
  const onData = (/** @type {Buffer} */ chunk) => {
    const octets = held === undefined ? chunk : Buffer.concat([held, chunk])
    const code = finalCode(octets)
    held = code === undefined ? octets : undefined
    if (code === waiting.expected) waiting.resolve(code)
    else if (code !== undefined) waiting.reject(new Error(`got ${octets.toString('latin1').trimEnd()}`))
  }
  const onError = (/** @type {Error} */ error) => waiting.reject(error)
  const onClose = () => waiting.reject(new Error('connection closed'))
  socket.on('data', onData).on('error', onError).on('close', onClose)
  return {
    /** @param {string | Buffer | undefined} octets @param {number} expected @returns {Promise<number>} */
    ask(octets, expected) {
      return new Promise((resolve, reject) => {
        waiting = { expected, resolve, reject }
        if (typeof octets === 'string') socket.write(octets, 'latin1')
        else if (octets !== undefined) writeInPieces(socket, octets)
      })
    },
    leave: () => socket.off('data', onData),
  }
}

/** The code of a reply that is whole. */
function finalCode(octets) {
  const end = octets.length
  if (end < 5 || octets[end - 1] !== LF) return undefined
  const line = octets.lastIndexOf(LF, end - 2) + 1
  if (octets[line + 3] !== SPACE) return undefined
  return (octets[line] - ZERO) * 100 + (octets[line + 1] - ZERO) * 10 + octets[line + 2] - ZERO
}

/** As fast as the other side takes it. */
function writeInPieces(socket, octets) {
  let at = 0
  const more = () => {
    while (at < octets.length) {
      const piece = octets.subarray(at, at + pieceOctets)
      at += piece.length
      if (!socket.write(piece) && at < octets.length) return socket.once('drain', more)
    }
  }
  more()
}

/** Connects, and says hello. @param {Target} target */
export async function greet({ host = '127.0.0.1', port, localAddress, ca, tlsAtOnce }) {
  const plain = connectTcp({ port, host, localAddress }).setNoDelay(true)
  const socket = tlsAtOnce ? secured(plain, ca) : plain
  const talk = converse(socket)
  socket.setTimeout(patienceMilliseconds, () => socket.destroy())
  try {
    await talk.ask(undefined, 220)
    await talk.ask('EHLO bench\r\n', 250)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return { talk, socket }
}

/** A session that is signed in. @param {Target} target */
export async function openSession(target) {
  let { talk, socket } = await greet(target)
  try {
    if (target.ca && !target.tlsAtOnce) {
      await talk.ask('STARTTLS\r\n', 220)
      talk.leave()
      socket = await untilSecure(secured(socket, target.ca))
      talk = converse(socket)
      await talk.ask('EHLO bench\r\n', 250)
    }
    await talk.ask(`AUTH ${target.auth}\r\n`, 235)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return { talk, socket }
}

// Authorities are read once, which flatters the direct way a little. No TLS session is resumed: a program that starts anew for
// each message has none.
const contexts = new Map()

/** @param {import('node:net').Socket} socket @param {string | undefined} ca */
function secured(socket, ca) {
  if (!contexts.has(ca)) contexts.set(ca, createSecureContext({ ca }))
  return connectTls({ socket, secureContext: contexts.get(ca), servername: 'localhost' })
}

/** @param {import('node:tls').TLSSocket} socket @returns {Promise<import('node:tls').TLSSocket>} */
function untilSecure(socket) {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', reject)
    socket.once('close', () => reject(new Error('connection closed')))
  })
}

/**
 * @param {Session} session
 * @param {Pick<Target, 'mailbox'>} target
 * @param {Buffer} wire the message with its end
 */
export async function sendOne({ talk }, { mailbox }, wire) {
  await talk.ask(`MAIL FROM:<${mailbox}>\r\n`, 250)
  await talk.ask('RCPT TO:<someone@example.net>\r\n', 250)
  await talk.ask('DATA\r\n', 354)
  await talk.ask(wire, 250)
}

export async function closeSession({ talk, socket }) {
  await talk.ask('QUIT\r\n', 221)
  socket.destroy()
}
