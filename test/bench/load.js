// The load generator. Jobs: `prepare`, `send`, `herd`.
import { closeSession, openSession, sendOne } from './conversation.js'
import { answerJobs } from './jobs.js'
import { makeMessage, numbered } from './message.js'

// Whatever is between us and the provider may be slow: the rate is known after this time, too.
const usualMilliseconds = 10_000
let message

answerJobs({
  prepare({ octets }) {
    message = makeMessage(octets)
    return { octets: message.content.length, digest: message.digest }
  },
  send,
  herd,
})

/**
 * @typedef {object} Sending
 * @property {number} clients at a time
 * @property {number} messages in all
 * @property {boolean | 'half'} newConnections each message has a connection of its own; or those of every other client
 * @property {number} mostMilliseconds no message is begun after so long
 * @property {boolean} numberThem each message has a number, and its digest is told
 * @property {boolean} countFailures they end nothing
 */

/** @param {Sending & import('./conversation.js').Target} job */
async function send(job) {
  message ??= makeMessage(5120)
  const began = performance.now()
  const end = began + (job.mostMilliseconds ?? usualMilliseconds)
  const run = { each: [], digests: [], failures: [], next: 0, end }
  const clients = Array.from({ length: job.clients }, (_, client) => sendInTurn(job, run, client))
  await Promise.all(clients)
  const { each, digests, failures } = run
  return { milliseconds: performance.now() - began, each, digests, failures }
}

async function sendInTurn(job, run, client) {
  const newConnections = job.newConnections === 'half' ? client % 2 === 0 : job.newConnections
  let session
  // However slow the others are, each client sends one.
  for (let sent = 0; run.next < job.messages && (sent === 0 || performance.now() < run.end); sent++) {
    const number = run.next++
    const { wire, digest } = job.numberThem ? numbered(message, number) : message
    const began = performance.now()
    try {
      session ??= await openSession(job)
      await sendOne(session, job, wire)
      if (job.numberThem) run.digests.push(digest)
      if (newConnections) await closeSession(session)
    } catch (error) {
      if (!job.countFailures) throw error
      run.failures.push(String(error))
    }
    if (newConnections) session = undefined
    // The milliseconds of a message, from its connection on where it has one of its own, to the reply to QUIT.
    run.each.push(performance.now() - began)
  }
  if (session !== undefined) await closeSession(session)
}

/** Everybody at once; they leave when all have been answered. */
/** @param {import('./conversation.js').Target & { clients: number }} job */
async function herd({ clients, ...target }) {
  const began = performance.now()
  const signIns = await Promise.allSettled(Array.from({ length: clients }, () => openSession(target)))
  const milliseconds = performance.now() - began
  const sessions = signIns.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  const failures = signIns.flatMap((one) => (one.status === 'rejected' ? String(one.reason) : []))
  for (const { socket } of sessions) socket.destroy()
  return { milliseconds, accepted: sessions.length, failures }
}
