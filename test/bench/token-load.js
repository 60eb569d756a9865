// Scripts that ask for tokens, over connections that stay open. Job: `ask`.
import { connect } from 'node:net'
import { answerJobs } from './jobs.js'

const patienceMilliseconds = 30_000

answerJobs({
  async ask({ connections, requests, port, apiKey, mailbox }) {
    const request = Buffer.from(
      `GET /api/v1/mailboxes/${encodeURIComponent(mailbox)}/token HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${apiKey}\r\n\r\n`,
      'latin1',
    )
    const run = { left: requests }
    const began = performance.now()
    await Promise.all(Array.from({ length: connections }, () => askInTurn(port, request, run)))
    return { requests, milliseconds: performance.now() - began }
  },
})

function askInTurn(port, request, run) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const next = () => {
      if (run.left-- > 0) socket.write(request)
      else socket.end(() => resolve(undefined))
    }
    socket.setTimeout(patienceMilliseconds, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject).on('close', () => reject(new Error('connection closed')))
    socket.on('connect', next).on('data', (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      if (!isWhole(held)) return
      if (held.indexOf('HTTP/1.1 200', 0, 'latin1') !== 0) return reject(new Error(held.toString('latin1')))
      held = Buffer.alloc(0)
      next()
    })
  })
}

function isWhole(answer) {
  const head = answer.indexOf('\r\n\r\n', 0, 'latin1')
  if (head === -1) return false
  const length = /content-length: (\d+)/i.exec(answer.latin1Slice(0, head))?.[1]
  return answer.length >= head + 4 + Number(length)
}
