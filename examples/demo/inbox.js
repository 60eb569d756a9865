import { createServer } from 'node:http'
import { escapeHtml, page } from './html.js'

/**
 * A page that lists what the mail provider has received; it reloads itself.
 * @param {{ port?: number, messages: import('./mail-provider.js').Received[] }} options
 */
export async function startInbox({ port = 0, messages }) {
  const server = createServer((request, response) => {
    const found = request.url === '/'
    response.writeHead(found ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-store',
    })
    response.end(
      found ? inboxPage(messages) : page('Nothing here', '<p>The inbox is <a href="/">there</a>.</p>'),
    )
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())

  return {
    url: `http://127.0.0.1:${address.port}/`,
    /** @returns {Promise<void>} */
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** @param {import('./mail-provider.js').Received[]} messages */
function inboxPage(messages) {
  const items = messages.toReversed().map(
    (message) => `<p><b>${escapeHtml(message.sender)}</b> to ${escapeHtml(message.recipients.join(', '))}
<span class="note">signed in with XOAUTH2 as ${escapeHtml(message.account)}, ${message.at.toLocaleTimeString()}</span></p>
<pre>${escapeHtml(message.raw.subarray(0, 20_000).toString())}</pre>`,
  )
  const reload = '<meta http-equiv="refresh" content="3">'
  const empty = '<p class="note">No message yet. This page looks again every three seconds.</p>'
  return page(`Inbox (${messages.length})`, items.join('\n') || empty).replace('<title>', `${reload}<title>`)
}
