// A mail provider and its token endpoint in a process of their own, so that their work is not counted as postern's.
// Accepts one bearer token over STARTTLS, throws every message away, counts them.
import { createServer } from 'node:http'
import { generate } from 'selfsigned'
import { SMTPServer } from 'smtp-server'

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
const smtp = new SMTPServer({
  key: certificate.private,
  cert: certificate.cert,
  authMethods: ['XOAUTH2'],
  hidePIPELINING: false,
  onAuth(auth, _session, done) {
    if (auth.accessToken === accessToken) done(null, { user: auth.username })
    else done(null, { data: { status: '401', schemes: 'bearer' } })
  },
  onData(stream, _session, done) {
    stream.on('data', () => {})
    stream.on('end', () => {
      messages++
      done(null, 'OK')
    })
  },
})
smtp.on('error', () => {})

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
      smtpPort: smtp.server.address().port,
      tokenPort: tokens.address().port,
      ca: certificate.cert,
    })
  })
})
process.on('disconnect', () => process.exit())
