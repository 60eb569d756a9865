import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RotatingTokenEndpoint {
  url: string
  /** The refresh token that a mailbox adopts at first. */
  firstRefreshToken: string
  currentAccessToken(): string
  rotations(): number
  /** A spent refresh token came a second time: from then on the grant is dead. */
  reused(): boolean
  close(): Promise<void>
}

/** A token endpoint that forgives nothing: each refresh token is good for one use, and a second use ends the grant (RFC 9700, section 4.14.2). */
export async function startRotatingTokenEndpoint(): Promise<RotatingTokenEndpoint> {
  const fresh = () => randomBytes(24).toString('base64url')
  const firstRefreshToken = fresh()
  const current = { refresh: firstRefreshToken, access: '' }
  let rotations = 0
  let reused = false

  const server = createServer(async (request, response) => {
    let form = ''
    for await (const chunk of request) form += chunk
    const refreshToken = new URLSearchParams(form).get('refresh_token')
    if (refreshToken !== current.refresh) reused = true
    response.setHeader('content-type', 'application/json').setHeader('cache-control', 'no-store')
    if (reused) {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }))
      return
    }
    rotations++
    current.refresh = fresh()
    current.access = fresh()
    const answer = { access_token: current.access, token_type: 'Bearer', expires_in: 3600 }
    response.end(JSON.stringify({ ...answer, refresh_token: current.refresh }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    firstRefreshToken,
    currentAccessToken: () => current.access,
    rotations: () => rotations,
    reused: () => reused,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
