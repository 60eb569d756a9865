// The load generator. One job a process message; answers with what it measured.
import { closeSession, openSession, sendOne } from './conversation.js'

/** The milliseconds of each message, from its connection on where it has one of its own. */
async function client(job, messages) {
  const each = []
  let session = job.newConnections ? undefined : await openSession(job)
  for (let sent = 0; sent < messages; sent++) {
    const began = performance.now()
    session ??= await openSession(job)
    await sendOne(session, job)
    if (job.newConnections) {
      await closeSession(session)
      session = undefined
    }
    each.push(performance.now() - began)
  }
  if (session !== undefined) await closeSession(session)
  return each
}

process.on('message', async (job) => {
  const began = performance.now()
  try {
    const share = Math.ceil(job.messages / job.clients)
    const clients = await Promise.all(Array.from({ length: job.clients }, () => client(job, share)))
    process.send?.({ milliseconds: performance.now() - began, each: clients.flat() })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
