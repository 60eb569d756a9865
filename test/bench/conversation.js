// The client's side of SMTP, as an old program speaks it: straight to the provider (STARTTLS, XOAUTH2) or to postern
// (plain, AUTH PLAIN).
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

/**
 * @typedef {object} Target
 * @property {number} port on 127.0.0.1
 * @property {string} auth mechanism and initial response
 * @property {string} mailbox the sender
 * @property {string} [ca] PEM text; with it STARTTLS comes first
 * @property {string} [localAddress] where the connection comes from
 */

// Nobody waits for ever: a socket on which nothing happens for so long is closed.
const patienceMilliseconds = 30_000

const body = Buffer.from(`Subject: bench\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(64)}.\r\n`)

/** A conversation: `ask` writes and resolves when the reply has the expected code. */
export function converse(socket) {
  let held = ''
  let waiting = { resolve() {}, reject() {} }
  const onData = (chunk) => {
    held += chunk.toString('latin1')
    const end = /(?:^|\r\n)(\d{3}) [^\r\n]*\r\n$/.exec(held)
    if (!end) return
    held = ''
    waiting.resolve(Number(end[1]))
  }
  socket.on('data', onData)
  socket.on('error', (error) => waiting.reject(error))
  socket.on('close', () => waiting.reject(new Error('connection closed')))
  return {
    ask(octets, expected) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (octets !== undefined) socket.write(octets)
      }).then((code) => {
        if (code !== expected) throw new Error(`got ${code} instead of ${expected}`)
      })
    },
    leave: () => socket.off('data', onData),
  }
}

/** Connects, and says hello. @param {Target} target */
export async function greet({ port, localAddress }) {
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress }).setNoDelay(true)
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
    if (target.ca) {
      await talk.ask('STARTTLS\r\n', 220)
      talk.leave()
      socket = connectTls({ socket, ca: target.ca, servername: 'localhost' })
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
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

/** One message of 5 KB. @param {Target} target */
export async function sendOne({ talk }, { mailbox }) {
  await talk.ask(`MAIL FROM:<${mailbox}>\r\n`, 250)
  await talk.ask('RCPT TO:<someone@example.net>\r\n', 250)
  await talk.ask('DATA\r\n', 354)
  await talk.ask(body, 250)
}

export async function closeSession({ talk, socket }) {
  await talk.ask('QUIT\r\n', 221)
  socket.destroy()
}
