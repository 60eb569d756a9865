// The mail provider's side of SMTP. Written for this: a library's server waits 100 ms before its greeting, which would flatter
// whoever greets seldom.
import { createHash } from 'node:crypto'
import { createMessageReader } from './message-reader.js'

const LF = 0x0a

/**
 * @typedef {object} Shape how the provider behaves on connections that begin from now on
 * @property {boolean} chunking
 * @property {boolean} pipelining
 * @property {boolean} digests the SHA-256 of every message is kept
 * @property {number} roundTripMilliseconds
 * @property {number} allowance how many connections may be signed in at a time
 *
 * @typedef {object} Desk what all connections share
 * @property {(response: string) => boolean} accepts an initial response of XOAUTH2
 * @property {Tally} tally
 *
 * @typedef {object} Tally
 * @property {number} messages
 * @property {number} signedIn at the moment
 * @property {number} mostSignedIn
 * @property {number} refused sign-ins beyond the allowance
 * @property {Map<string, number>} digests how often each message arrived
 */

/** @param {import('node:net').Socket} socket; @param {Shape} shape; @param {Desk} desk; @param {() => void} [startTls] present where TLS is yet to come */
export function serveSmtp(socket, shape, desk, startTls) {
  const { tally } = desk
  let read = readLine
  let line = ''
  let replies = ''
  let signedIn = false
  let expectsResponse = false

  socket.on('data', (chunk) => {
    let at = 0
    while (at !== -1 && at < chunk.length) at = read(chunk, at)
    // What was pipelined is answered in one write.
    if (replies !== '') socket.write(replies, 'latin1')
    replies = ''
  })
  socket.once('close', leave)

  function readLine(chunk, from) {
    const end = chunk.indexOf(LF, from)
    if (end === -1) {
      line += chunk.latin1Slice(from)
      return -1
    }
    const whole = (line + chunk.latin1Slice(from, end)).trimEnd()
    line = ''
    obey(whole)
    const more = end + 1 < chunk.length && read === readLine
    if (!more || shape.pipelining) return end + 1
    // It was not offered (RFC 2920, section 3.1).
    replies += '503 5.5.0 one after the other\r\n'
    return -1
  }

  function obey(command) {
    if (expectsResponse) return signIn(command)
    const verb = command.slice(0, 4).toUpperCase()
    if (verb === 'STAR' && startTls) return beginTls()
    if (verb === 'AUTH' && !startTls) return authenticate(command)
    if (verb === 'BDAT' && signedIn && shape.chunking) return takeChunk(command)
    if (verb === 'DATA' && signedIn) return takeMessage()
    replies += replyTo(verb)
    if (verb !== 'QUIT') return
    leave()
    socket.end(replies, 'latin1')
    replies = ''
  }

  function replyTo(verb) {
    switch (verb) {
      case 'EHLO':
        return capabilities(shape, startTls !== undefined)
      case 'MAIL':
      case 'RCPT':
        return signedIn ? '250 2.1.0 ok\r\n' : '530 5.7.0 sign in first\r\n'
      case 'RSET':
      case 'NOOP':
        return '250 2.0.0 ok\r\n'
      case 'QUIT':
        return '221 2.0.0 bye\r\n'
      default:
        return '502 5.5.1 unknown\r\n'
    }
  }

  function beginTls() {
    socket.removeAllListeners('data')
    socket.write('220 2.0.0 go ahead\r\n')
    startTls?.()
  }

  function authenticate(command) {
    const [, mechanism, response] = command.split(' ')
    if (mechanism?.toUpperCase() !== 'XOAUTH2') replies += '504 5.5.4 XOAUTH2 only\r\n'
    else if (response !== undefined) signIn(response)
    else {
      expectsResponse = true
      replies += '334 \r\n'
    }
  }

  function signIn(response) {
    expectsResponse = false
    if (!desk.accepts(response)) {
      replies += '535 5.7.8 no\r\n'
    } else if (tally.signedIn >= shape.allowance) {
      tally.refused++
      replies += '432 4.3.2 Concurrent connections limit exceeded\r\n'
    } else {
      signedIn = true
      tally.mostSignedIn = Math.max(tally.mostSignedIn, ++tally.signedIn)
      replies += '235 2.7.0 ok\r\n'
    }
  }

  function takeMessage() {
    replies += '354 go ahead\r\n'
    const hash = shape.digests ? createHash('sha256') : undefined
    const readMessage = createMessageReader(hash && ((octets) => hash.update(octets)))
    read = (chunk, from) => {
      const end = readMessage(chunk, from)
      if (end !== -1) accept(hash)
      return end
    }
  }

  function takeChunk(command) {
    const [, size, last] = command.split(' ')
    const hash = shape.digests ? createHash('sha256') : undefined
    let missing = Number(size)
    read = (chunk, from) => {
      const end = Math.min(chunk.length, from + missing)
      missing -= end - from
      hash?.update(chunk.subarray(from, end))
      if (missing === 0) accept(hash)
      return end
    }
    // One chunk holds the whole message; nobody here sends more of them.
    if (last?.toUpperCase() !== 'LAST' || !(missing > 0)) socket.destroy()
  }

  function accept(hash) {
    read = readLine
    tally.messages++
    if (hash) {
      const digest = hash.digest('hex')
      tally.digests.set(digest, (tally.digests.get(digest) ?? 0) + 1)
    }
    replies += '250 2.0.0 accepted\r\n'
  }

  function leave() {
    if (signedIn) tally.signedIn--
    signedIn = false
  }
}

function capabilities({ chunking, pipelining }, beforeTls) {
  const words = ['bench', 'SIZE 157286400']
  if (pipelining) words.push('PIPELINING')
  words.push('8BITMIME', 'ENHANCEDSTATUSCODES')
  if (chunking) words.push('CHUNKING')
  const lines = words.map((word) => `250-${word}\r\n`).join('')
  return `${lines}250 ${beforeTls ? 'STARTTLS' : 'AUTH XOAUTH2'}\r\n`
}
