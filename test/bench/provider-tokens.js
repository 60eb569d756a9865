// The provider's token endpoint: gives access tokens, and knows which ones are good.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { bearer } from './credentials.js'

/**
 * @param {object} terms
 * @param {string} terms.mailbox
 * @param {string} terms.refreshToken the first one
 * @param {string} terms.accessToken good from the beginning, for whoever talks to the provider directly
 * @param {boolean} terms.rotating each refresh token is good for one use, and a second use ends the grant (RFC 9700, section 4.14.2)
 * @param {number} terms.answerMilliseconds
 * @param {boolean} [terms.anyMailbox] the token of the one mailbox is good for all
 */
export function createTokenEndpoint({
  mailbox,
  refreshToken,
  accessToken,
  rotating,
  answerMilliseconds,
  anyMailbox = false,
}) {
  const good = new Set([bearer(mailbox, accessToken)])
  const state = { requests: 0, dead: false, current: refreshToken }

  const server = createServer(async (request, response) => {
    state.requests++
    let form = ''
    for await (const chunk of request) form += chunk
    setTimeout(answer, answerMilliseconds, response, new URLSearchParams(form).get('refresh_token'))
  })

  function answer(response, spent) {
    response.setHeader('content-type', 'application/json').setHeader('cache-control', 'no-store')
    if (spent !== state.current) state.dead ||= rotating
    if (state.dead || spent !== state.current) {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }))
      return
    }
    response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3600, ...next() }))
  }

  function next() {
    if (!rotating) return { access_token: accessToken }
    state.current = randomBytes(24).toString('base64url')
    const fresh = randomBytes(accessToken.length / 2).toString('hex')
    good.add(bearer(mailbox, fresh))
    return { access_token: fresh, refresh_token: state.current }
  }

  return {
    server,
    accepts: (response) => good.has(response) || (anyMailbox && tokenIn(response) === accessToken),
    /** The requests since the last time. */
    count() {
      const tokenRequests = state.requests
      state.requests = 0
      return { tokenRequests, grantAlive: !state.dead }
    },
  }
}

/** Of an initial response of XOAUTH2. */
function tokenIn(response) {
  const [, second = ''] = Buffer.from(response, 'base64').toString('utf8').split('\u0001')
  return second.slice('auth=Bearer '.length)
}
