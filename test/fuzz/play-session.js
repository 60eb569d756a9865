import { connect as connectTcp } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fillIn } from './credentials.js'
import { cut } from './cut.js'

/**
 * @typedef {import('./session-plan.js').SessionPlan} SessionPlan
 *
 * @typedef {object} Segment what went both ways in the clear, or within TLS
 * @property {boolean} greets whether the server speaks first
 * @property {string} sent latin1
 * @property {string} received latin1
 *
 * @typedef {object} Transcript
 * @property {Segment[]} segments
 * @property {boolean} hung the server kept the connection open beyond `hangSeconds`
 * @property {boolean} closedByServer while the client still had it open in both directions
 *
 * @typedef {object} Target
 * @property {number} port
 * @property {ReadonlyMap<string, import('./credentials.js').Login>} logins
 * @property {string | undefined} ca
 */

/** No session may take longer: the idle limit of the stage and the provider's limits are well below. */
const hangSeconds = 30

/**
 * Does what the plan says, over a real socket.
 *
 * @param {SessionPlan} plan
 * @param {Target} target
 * @returns {Promise<Transcript>}
 */
export async function playSession(plan, target) {
  const raw = connectTcp({ port: target.port, host: '127.0.0.1', localAddress: plan.from, noDelay: true })
  const line = attach(raw, true)
  const segments = [line.segment]
  let { socket, wait } = line
  let left = false
  let hung = false
  let closedByServer = false
  const closed = new Promise((resolve) => raw.once('close', () => resolve(undefined)))
  raw.once('end', () => {
    closedByServer = !left
  })
  const deadline = setTimeout(() => {
    hung = true
    raw.destroy()
  }, hangSeconds * 1000)

  for (const step of plan.steps) {
    if (raw.destroyed || raw.readableEnded) break
    if ('tls' in step) await startTls(step.tls)
    else await perform(step)
  }
  left = true
  if (plan.end === 'half-close') socket.end()
  if (plan.end === 'reset') reset()
  else await closed
  clearTimeout(deadline)
  return { segments, hung, closedByServer }

  /** Not waited for: Node does not report the close of every socket that it resets. */
  function reset() {
    // One that is shutting down already cannot be reset, and would stay as it is.
    if (socket.writable && raw.writable) raw.resetAndDestroy()
    socket.destroy()
    raw.destroy()
  }

  /** @param {import('./session-plan.js').Write} step */
  async function perform(step) {
    const segment = /** @type {Segment} */ (segments.at(-1))
    const octets = fillIn(step.octets, target.logins, segment.received.trimEnd().split('\r\n').at(-1) ?? '')
    for (const [index, piece] of cut(octets, step.cuts).entries()) {
      if (index > 0) await nextTurn()
      if (socket.destroyed || !socket.writable) return
      segment.sent += piece.toString('latin1')
      socket.write(piece)
    }
    await wait(step.replies, plan.patience)
  }

  /** @param {'starttls' | 'implicit'} how */
  async function startTls(how) {
    const segment = /** @type {Segment} */ (segments.at(-1))
    // In the middle of anything else a handshake would be noise that cannot be had again.
    if (how === 'starttls' && !/(?:^|\r\n)220 [^\r\n]*\r\n$/.test(segment.received)) return
    if (!target.ca || segments.length > 1 || (how === 'implicit' && segment.sent + segment.received !== ''))
      return
    socket.removeAllListeners('data')
    const secure = connectTls({ socket: raw, ca: target.ca, servername: 'localhost' })
    const next = attach(secure, how === 'implicit')
    await new Promise((resolve) => {
      secure.once('secureConnect', () => resolve(undefined))
      raw.once('close', () => resolve(undefined))
    })
    segments.push(next.segment)
    socket = secure
    wait = next.wait
  }
}

/** @param {import('node:net').Socket} socket @param {boolean} greets */
function attach(socket, greets) {
  /** @type {Segment} */
  const segment = { greets, sent: '', received: '' }
  let seen = 0
  let waitedFor = 0
  let wake = () => {}
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    segment.received += chunk.toString('latin1')
    if (countReplies(segment.received) >= waitedFor) wake()
  })
  for (const event of ['end', 'close']) socket.on(event, () => wake())

  return {
    socket,
    segment,
    /** Until so many more replies have come, the other side has gone, or patience is over. @param {number} replies @param {number} patience */
    async wait(replies, patience) {
      waitedFor = seen + replies
      if (
        replies > 0 &&
        countReplies(segment.received) < waitedFor &&
        !socket.readableEnded &&
        !socket.destroyed
      ) {
        await new Promise((resolve) => {
          const timer = setTimeout(() => resolve(undefined), patience)
          wake = () => {
            clearTimeout(timer)
            resolve(undefined)
          }
        })
      }
      seen = countReplies(segment.received)
    },
  }
}

/** @param {string} received */
function countReplies(received) {
  return received.match(/^\d{3} .*\r\n/gm)?.length ?? 0
}
