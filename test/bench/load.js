// The load generator: sends messages as an old client would, either straight to the provider (STARTTLS, XOAUTH2)
// or to postern (plain, AUTH PLAIN). One job a process message; answers with what it measured.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

const body = Buffer.from(`Subject: bench\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(64)}.\r\n`)

/** A conversation: `ask` writes and resolves with the code of the reply. */
function converse(socket) {
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

async function openSession(job) {
  let socket = connectTcp(job.port, '127.0.0.1').setNoDelay(true)
  let talk = converse(socket)
  await talk.ask(undefined, 220)
  await talk.ask('EHLO bench\r\n', 250)
  if (job.ca) {
    await talk.ask('STARTTLS\r\n', 220)
    talk.leave()
    socket = connectTls({ socket, ca: job.ca, servername: 'localhost' })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    talk = converse(socket)
    await talk.ask('EHLO bench\r\n', 250)
  }
  await talk.ask(`AUTH ${job.auth}\r\n`, 235)
  return { talk, socket }
}

async function sendOne({ talk }, job) {
  await talk.ask(`MAIL FROM:<${job.mailbox}>\r\n`, 250)
  await talk.ask('RCPT TO:<someone@example.net>\r\n', 250)
  await talk.ask('DATA\r\n', 354)
  await talk.ask(body, 250)
}

async function closeSession({ talk, socket }) {
  await talk.ask('QUIT\r\n', 221)
  socket.destroy()
}

async function client(job, messages) {
  if (job.newConnections) {
    for (let sent = 0; sent < messages; sent++) {
      const session = await openSession(job)
      await sendOne(session, job)
      await closeSession(session)
    }
    return
  }
  const session = await openSession(job)
  for (let sent = 0; sent < messages; sent++) await sendOne(session, job)
  await closeSession(session)
}

process.on('message', async (job) => {
  const began = performance.now()
  try {
    const each = Math.ceil(job.messages / job.clients)
    await Promise.all(Array.from({ length: job.clients }, () => client(job, each)))
    process.send?.({ milliseconds: performance.now() - began, messages: each * job.clients })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
