// A web program that sends reports from people's mailboxes, with the broker inside: somebody connects a mailbox once at
// http://localhost:3000/, and from then on the program has a token whenever it sends.
//
//   npm install postern nodemailer
//   node program.js

import { createServer } from 'node:http'
import nodemailer from 'nodemailer'
import { createBroker, isBrokerFailure } from 'postern'

const port = Number(process.env.PORT ?? 3000)
const mailbox = process.env.MAILBOX ?? 'reports@example.com'

const broker = await createBroker({
  // Its own, and of one process at a time.
  dataDir: './postern-data',
  publicUrl: `http://localhost:${port}`,
  // The app registrations, by their names in .env.example of postern; its redirect URI is http://localhost:3000/oauth/callback.
  settings: { POSTERN_ENV_FILE: process.env.SETTINGS ?? 'postern.env' },
  log: ({ level, message }) => console.log(`${level}: ${message}`),
})

const known = await broker.mailboxes.list()
if (!known.some(({ address }) => address === mailbox))
  await broker.mailboxes.add({ address: mailbox, provider: process.env.PROVIDER ?? 'microsoft' })

/** Sends one message, with a token that lives long enough for it. */
async function sendReport(to) {
  const token = await broker.accessToken(mailbox, { minLife: 120 })
  const { host, port, tls } = token.server
  const transport = nodemailer.createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: true },
    auth: { type: 'OAuth2', user: token.user, accessToken: token.reveal() },
  })
  await transport.sendMail({ from: mailbox, to, subject: 'Report', text: 'All is well.' })
}

// Who may open these pages is for the sign-in of your program to say.
const routes = {
  'GET /': async () => {
    const { consent, reason } = await broker.mailboxes.show(mailbox)
    const state = reason === undefined ? consent : `${consent}: ${reason}`
    return page(
      200,
      `${mailbox} (${state})`,
      '<form method="post" action="/connect"><button>Connect</button></form>',
    )
  },
  'POST /connect': async () => {
    const { url, browser } = await broker.beginConsent(mailbox)
    const cookie = `consent=${browser}; HttpOnly; SameSite=Lax; Path=/oauth; Max-Age=600`
    return { status: 303, headers: { location: url, 'set-cookie': cookie } }
  },
  'GET /oauth/callback': async (request) => {
    const [, browser] = /(?:^|; )consent=([\w-]+)/.exec(request.headers.cookie ?? '') ?? []
    const done = await broker.completeConsent(request.url, browser)
    return page(200, `${done.mailbox} is connected`)
  },
  'POST /report': async (request) => {
    await sendReport(new URL(request.url, 'http://localhost').searchParams.get('to'))
    return page(200, 'The report is sent')
  },
}

function page(status, heading, more = '') {
  const safe = heading.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const body = `<!doctype html><meta charset="utf-8"><title>Reports</title><h1>${safe}</h1>${more}`
  return { status, headers: { 'content-type': 'text/html', 'referrer-policy': 'no-referrer' }, body }
}

async function answer(request) {
  const [path] = request.url.split('?')
  const route = routes[`${request.method} ${path}`]
  if (!route) return page(404, 'There is no such page')
  try {
    return await route(request)
  } catch (error) {
    if (!isBrokerFailure(error)) return page(500, 'Something went wrong')
    // In words for people, with what to do.
    return page(
      error.code === 'consent-needed' ? 409 : 503,
      [error.message, error.fix].filter(Boolean).join('. '),
    )
  }
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await answer(request)
  response.writeHead(status, headers).end(body)
})
server.listen(port, '127.0.0.1', () => console.log(`ready at http://localhost:${port}/`))

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    server.close()
    server.closeAllConnections()
    // A refresh token that is under way is stored first.
    await broker.close()
  })
