// A crowd of clients that sign in and then say nothing. Jobs: `open`, `count`.
import { openSession } from './conversation.js'
import { answerJobs } from './jobs.js'

const sessionsPerAddress = 50
const atOnce = 32
let open = 0

/** @param {import('./conversation.js').Target & { sessions: number }} job */
async function openAll({ sessions, ...target }) {
  const began = performance.now()
  let next = 0
  const openInTurn = async () => {
    while (next < sessions) {
      const localAddress = `127.0.1.${1 + Math.floor(next++ / sessionsPerAddress)}`
      const { socket } = await openSession({ ...target, localAddress })
      open++
      socket.once('close', () => open--)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, openInTurn))
  return { seconds: (performance.now() - began) / 1000 }
}

answerJobs({ open: openAll, count: () => ({ open }) })
