import { createServer } from 'node:http'

/**
 * Issues access tokens that live for half a minute, and a new refresh token each time, which ends the one before it: so
 * that many a session needs a fresh token, and there are many secrets that might leak.
 *
 * @param {string} mark stands in every token
 * @param {readonly string[]} mailboxes whose first refresh token is `refreshTokenOf(mailbox)`
 */
export async function startTokenEndpoint(mark, mailboxes) {
  /** @type {Map<string, string>} */
  const refreshTokens = new Map(mailboxes.map((mailbox) => [`${mark}-refresh-${mailbox}`, mailbox]))
  /** @type {Map<string, string>} */
  const accessTokens = new Map()
  let issued = 0

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const old = new URLSearchParams(body).get('refresh_token') ?? ''
    const mailbox = refreshTokens.get(old)
    issued++
    const [status, answer] =
      mailbox === undefined ? [400, { error: 'invalid_grant' }] : [200, issue(old, mailbox)]
    response.writeHead(Number(status), { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })

  /** @param {string} old @param {string} mailbox */
  function issue(old, mailbox) {
    refreshTokens.delete(old)
    const refresh = `${mark}-refresh-${mailbox}-${issued}`
    const access = `${mark}-access-${issued}-${'t'.repeat(900)}`
    refreshTokens.set(refresh, mailbox)
    accessTokens.set(access, mailbox)
    return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: 30 }
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    port,
    /** @param {string} mailbox */
    refreshTokenOf: (mailbox) => `${mark}-refresh-${mailbox}`,
    /** @param {string} user @param {string} token */
    accepts: (user, token) => accessTokens.get(token) === user,
    issued: () => issued,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
