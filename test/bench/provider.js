// A mail provider and its token endpoint in a process of their own, so that their work is not counted as postern's.
// Accepts one bearer token over STARTTLS, throws every message away, counts them.
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'

const accessToken = process.env.BENCH_ACCESS_TOKEN
const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
  algorithm: 'sha256',
  keySize: 2048,
  extensions: [
    { name: 'basicConstraints', cA: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
      ],
    },
  ],
})

let messages = 0
const context = createSecureContext({ key: certificate.private, cert: certificate.cert })
const smtp = createTcpServer((socket) => {
  socket.setNoDelay(true).on('error', () => {})
  socket.write('220 bench ESMTP\r\n')
  converse(socket, false)
})

// Written for this: a library's server waits 100 ms before its greeting, which would flatter whoever greets seldom.
function converse(socket, encrypted) {
  let held = Buffer.alloc(0)
  let inMessage = false
  socket.on('data', (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (;;) {
      const mark = inMessage ? '\r\n.\r\n' : '\r\n'
      const end = held.indexOf(mark)
      if (end === -1) return
      const line = inMessage ? '' : held.toString('latin1', 0, end)
      held = held.subarray(end + mark.length)
      const verb = line.slice(0, 4).toUpperCase()
      if (inMessage) messages++
      inMessage = verb === 'DATA'
      if (verb === 'STAR') return startTls(socket)
      socket.write(answerTo(verb, line, encrypted))
      if (verb === 'QUIT') socket.end()
    }
  })
}

function startTls(socket) {
  socket.removeAllListeners('data')
  socket.write('220 2.0.0 go ahead\r\n')
  const secured = new TLSSocket(socket, { isServer: true, secureContext: context })
  converse(
    secured.on('error', () => {}),
    true,
  )
}

function answerTo(verb, line, encrypted) {
  switch (verb) {
    case 'EHLO':
      return `250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ${encrypted ? 'AUTH XOAUTH2' : 'STARTTLS'}\r\n`
    case 'AUTH':
      if (line.length === 'AUTH XOAUTH2'.length) return '334 \r\n'
      return signedIn(line.split(' ')[2])
    case 'DATA':
      return '354 go ahead\r\n'
    case 'QUIT':
      return '221 2.0.0 bye\r\n'
    case '':
    case 'MAIL':
    case 'RCPT':
    case 'RSET':
    case 'NOOP':
      return '250 2.0.0 ok\r\n'
    default:
      return signedIn(line)
  }
}

function signedIn(response) {
  const right = Buffer.from(response, 'base64').toString().includes(`auth=Bearer ${accessToken}\u0001`)
  return right ? '235 2.7.0 ok\r\n' : '535 5.7.8 no\r\n'
}

const tokens = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(request.url === '/messages' ? JSON.stringify({ messages }) : tokenAnswer())
})

function tokenAnswer() {
  return JSON.stringify({ access_token: accessToken, token_type: 'Bearer', expires_in: 3600 })
}

smtp.listen(0, '127.0.0.1', () => {
  tokens.listen(0, '127.0.0.1', () => {
    process.send?.({
      smtpPort: smtp.address().port,
      tokenPort: tokens.address().port,
      ca: certificate.cert,
    })
  })
})
process.on('disconnect', () => process.exit())
