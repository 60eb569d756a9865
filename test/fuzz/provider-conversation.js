import { setTimeout as pause } from 'node:timers/promises'
import { findForbidden, messageEnds, withoutStuffing } from './message-ends.js'
import { readOrders } from './provider-orders.js'

/**
 * @typedef {import('./recording-provider.js').ProviderOptions & import('./recording-provider.js').ProviderSurroundings & {
 *   greets: boolean, secure: (() => void) | undefined }} Conversation `secure`: begins TLS; undefined when it is on
 *
 * @param {import('node:net').Socket} socket
 * @param {Conversation} options
 */
export function converse(socket, options) {
  let held = ''
  let busy = false
  let signedIn = false
  /** @type {{ sender: string, recipients: string[] } | undefined} */
  let envelope
  /** @type {{ by: 'command' | 'response' | 'data' } | { by: 'chunk', octets: number }} */
  let reading = { by: 'command' }

  const onData = (chunk) => {
    held += chunk.toString('latin1')
    if (!busy) void work()
  }
  socket.on('data', onData)
  if (options.greets) socket.write('220 fuzz.example ESMTP\r\n')

  /** Takes what is there, piece by piece. */
  async function work() {
    busy = true
    while (!socket.destroyed && (await takeOne())) {
      // Until nothing whole is left.
    }
    busy = false
  }

  /** @returns {Promise<boolean>} whether something was taken */
  async function takeOne() {
    if (reading.by === 'data') return takeData()
    if (reading.by === 'chunk') return takeChunk(reading.octets)
    const end = held.indexOf('\r\n')
    if (end === -1) return false
    const line = held.slice(0, end)
    held = held.slice(end + 2)
    if (/[^ -~\x80-\xff]/.test(line)) fault(`a command with a control character: ${JSON.stringify(line)}`)
    if (reading.by === 'response') await signIn(line)
    else await command(line)
    return true
  }

  /** @param {string} line */
  async function command(line) {
    const verb = /^[A-Z]+/.exec(line)?.[0] ?? ''
    if (held !== '' && verb !== 'BDAT' && !options.pipelining)
      fault(`${verb} was pipelined, which is not offered`)
    if (!options.secure && !signedIn && /^(MAIL|RCPT|DATA|BDAT)/.test(verb))
      fault(`${verb} before the sign-in`)
    if (options.secure && !/^(EHLO|STARTTLS|QUIT)$/.test(verb)) fault(`${verb} without TLS`)
    const perform = commands[verb]
    if (perform) return perform(line)
    fault(`what is no command: ${JSON.stringify(line.slice(0, 200))}`)
    return say('500 5.5.1 Unknown')
  }

  /** @type {Record<string, (line: string) => unknown>} */
  const commands = {
    EHLO: () =>
      say(`250-fuzz.example\r\n${offers()}250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE 150000`),
    NOOP: () => say('250 2.0.0 OK'),
    RSET() {
      envelope = undefined
      return say('250 2.0.0 OK')
    },
    QUIT: () => socket.end('221 2.0.0 Bye\r\n'),
    async STARTTLS() {
      if (!options.secure) return say('503 5.5.1 TLS is on')
      if (held !== '') fault('something stood behind STARTTLS')
      socket.off('data', onData)
      await say('220 2.0.0 Go on')
      return options.secure()
    },
    AUTH: async (line) => {
      const response = /^AUTH XOAUTH2(?: (\S+))?$/.exec(line)
      if (!response) return fault(`a sign-in that was not offered: ${line.slice(0, 20)}`)
      if (response[1] !== undefined) return signIn(response[1])
      reading = { by: 'response' }
      return say('334 ')
    },
    MAIL(line) {
      const path = /^MAIL FROM:<(.*)>(?: [!-~ ]*)?$/.exec(line)
      if (!path) fault(`a MAIL that cannot be read: ${line}`)
      if (envelope) fault('MAIL within a transaction')
      envelope = { sender: path?.[1] ?? '', recipients: [] }
      return say('250 2.1.0 OK')
    },
    async RCPT(line) {
      const path = /^RCPT TO:<(.+)>(?: [!-~ ]*)?$/.exec(line)?.[1]
      if (path === undefined) fault(`a RCPT that cannot be read: ${line}`)
      if (!envelope) return say('503 5.5.1 MAIL first')
      const order = readOrders([path ?? ''])
      await delay(order)
      if (order.dropAt === 'recipient') return drop(order)
      if (order.recipient) return say(order.recipient)
      envelope.recipients.push(path ?? '')
      return say('250 2.1.5 OK')
    },
    DATA() {
      if (!envelope || envelope.recipients.length === 0) return say('554 5.5.1 No valid recipients')
      const order = readOrders(envelope.recipients)
      if (order.dropAt === 'data') return drop(order)
      if (order.data) return say(order.data)
      reading = { by: 'data' }
      return say('354 Go on')
    },
    BDAT(line) {
      const size = /^BDAT (\d+) LAST$/.exec(line)?.[1]
      if (size === undefined || !options.chunking) return fault(`a BDAT that was not offered: ${line}`)
      reading = { by: 'chunk', octets: Number(size) }
      return undefined
    },
  }

  function offers() {
    const on = [
      options.pipelining && 'PIPELINING',
      options.chunking && 'CHUNKING',
      options.secure ? 'STARTTLS' : 'AUTH XOAUTH2',
    ]
    return on.map((offer) => (offer ? `250-${offer}\r\n` : '')).join('')
  }

  /** @param {string} response */
  function signIn(response) {
    reading = { by: 'command' }
    const text = Buffer.from(response, 'base64').toString('utf8')
    const [user = '', auth = '', ...rest] = text.split('\x01')
    const wellFormed = user.startsWith('user=') && auth.startsWith('auth=Bearer ') && rest.join('|') === '|'
    signedIn = wellFormed && options.accepts(user.slice(5), auth.slice(12))
    return say(signedIn ? '235 2.7.0 OK' : '535 5.7.8 No')
  }

  async function takeData() {
    if (held === '') return false
    const order = readOrders(envelope?.recipients ?? [])
    if (order.dropAt === 'in-message') return drop(order)
    const end = messageEnds[options.ends](held)
    if (!end && order.early === undefined) return false
    if (order.early !== undefined) {
      envelope = undefined
      await say(order.early)
      return drop({})
    }
    const data = held.slice(0, end?.length)
    held = held.slice(end?.next)
    await keep(data, withoutStuffing(data), order)
    return true
  }

  /** @param {number} octets */
  async function takeChunk(octets) {
    if (held.length < octets) return false
    const content = held.slice(0, octets)
    held = held.slice(octets)
    if (!envelope || envelope.recipients.length === 0) {
      reading = { by: 'command' }
      await say('554 5.5.1 No valid recipients')
      return true
    }
    const order = readOrders(envelope.recipients)
    if (order.dropAt === 'data' || order.dropAt === 'in-message') return drop(order)
    await keep(content, content, { ...order, message: order.data ?? order.early ?? order.message })
    return true
  }

  /**
   * @param {string} sent as it came
   * @param {string} content
   * @param {import('./provider-orders.js').Order} order
   */
  async function keep(sent, content, order) {
    const { sender, recipients } = envelope ?? { sender: '', recipients: [] }
    reading = { by: 'command' }
    envelope = undefined
    if (findForbidden(sent) !== -1)
      fault(`a bare CR, a bare LF or a NUL: ${JSON.stringify(sent.slice(0, 400))}`)
    if (sent !== '' && !sent.endsWith('\r\n'))
      fault(`a last line without its end: ${JSON.stringify(sent.slice(-40))}`)
    if (order.dropAt === 'end') return drop(order)
    await delay(order)
    if (order.message) {
      await say(order.message)
      return order.message.startsWith('421') && drop({})
    }
    options.onMessage({ sender, recipients, content, told: order.dropAt !== 'kept' && !order.delay })
    return order.dropAt === 'kept' ? drop(order) : say('250 2.0.0 Kept')
  }

  /** @param {import('./provider-orders.js').Order} order */
  function delay(order) {
    return order.delay ? pause(order.delay, undefined, { ref: false }) : undefined
  }

  /** @param {import('./provider-orders.js').Order} order */
  function drop({ dying }) {
    // Nothing that comes while the last octets leave is listened to.
    socket.off('data', onData).resume()
    held = ''
    if (dying) socket.write(dying)
    socket.destroySoon()
    return false
  }

  /** @param {string} text */
  async function say(text) {
    if (!socket.destroyed) socket.write(`${text}\r\n`)
  }

  /** @param {string} what */
  function fault(what) {
    options.onFault(`the provider was sent ${what}`)
  }
}
