// Sessions of every kind in turn, 20 at a time. Job: `run`, answered when all are over, with how many there were of each kind.
import { closeSession, greet, openSession, sendOne } from './conversation.js'
import { answerJobs } from './jobs.js'
import { makeMessage } from './message.js'

const atOnce = 20
const { wire } = makeMessage(5120)
const wrong = Buffer.from('\u0000bench@example.com\u0000not-the-password').toString('base64')

const kinds = {
  async send(target) {
    const session = await openSession(target)
    await sendOne(session, target, wire)
    await closeSession(session)
  },

  async reset(target) {
    const session = await openSession(target)
    await session.talk.ask(`MAIL FROM:<${target.mailbox}>\r\n`, 250)
    await session.talk.ask('RCPT TO:<someone@example.net>\r\n', 250)
    await session.talk.ask('RSET\r\n', 250)
    await sendOne(session, target, wire)
    await closeSession(session)
  },

  async 'break off in the message'(target) {
    const { talk, socket } = await openSession(target)
    await talk.ask(`MAIL FROM:<${target.mailbox}>\r\n`, 250)
    await talk.ask('RCPT TO:<someone@example.net>\r\n', 250)
    await talk.ask('DATA\r\n', 354)
    socket.write('Subject: half of a message\r\n\r\nIt ends her')
    socket.resetAndDestroy()
  },

  async 'break off in the envelope'(target) {
    const { talk, socket } = await openSession(target)
    await talk.ask(`MAIL FROM:<${target.mailbox}>\r\n`, 250)
    socket.write('RCPT TO:<someone@example.net>\r\n')
    socket.destroy()
  },

  async 'sign in badly'(target) {
    const session = await greet(target)
    await session.talk.ask(`AUTH PLAIN ${wrong}\r\n`, 535)
    await closeSession(session)
  },

  async 'leave at once'(target) {
    const { socket } = await greet(target)
    socket.destroy()
  },
}

/** @param {import('./conversation.js').Target & { do: string, sessions: number }} job */
async function run({ do: _, sessions, ...target }) {
  const began = performance.now()
  const names = Object.keys(kinds)
  const counts = Object.fromEntries(names.map((name) => [name, 0]))
  let next = 0
  const inTurn = async () => {
    while (next < sessions) {
      const name = /** @type {keyof typeof kinds} */ (names[next++ % names.length])
      const localAddress = `127.0.3.${1 + (next % 200)}`
      await kinds[name]({ ...target, localAddress })
      counts[name] = (counts[name] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, inTurn))
  return { seconds: (performance.now() - began) / 1000, kinds: counts }
}

answerJobs({ run })
