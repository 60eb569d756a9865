import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RotatingTokenEndpoint {
  url: string
  /** The refresh token that a mailbox adopts at first. */
  firstRefreshToken: string
  currentAccessToken(): string
  rotations(): number
  /** What differs in the next good answers, one after the other. */
  answerOddly(...oddities: Oddity[]): void
  /** Says `invalid_grant` to everybody, and ends nothing. */
  refuse(refuses: boolean): void
  /** What happens between the rotation and the answer that tells of it. */
  beforeAnswer(act: () => unknown): void
  /** A spent refresh token came a second time: from then on the grant is dead. */
  reused(): boolean
  /** The access token was used: its answer was not lost. */
  seen(accessToken: string): void
  /** How many lost answers were forgiven. */
  forgiven(): number
  close(): Promise<void>
}

export interface Oddity {
  status?: number
  body: Record<string, unknown>
}

interface Terms {
  /** A spent refresh token may come again for as long as nothing of what came of it was used. */
  forgivesLostAnswers?: boolean
  /** A request has arrived, and is not answered yet. */
  onRequest?: () => void
}

/** A token endpoint that forgives nothing: each refresh token is good for one use, and a second use ends the grant (RFC 9700, section 4.14.2). */
export async function startRotatingTokenEndpoint({
  forgivesLostAnswers = false,
  onRequest = () => {},
}: Terms = {}): Promise<RotatingTokenEndpoint> {
  const fresh = () => randomBytes(24).toString('base64url')
  const firstRefreshToken = fresh()
  const current = { refresh: firstRefreshToken, access: '' }
  /** The one that was spent last, while its answer may be lost. */
  let lastSpent: string | undefined
  let rotations = 0
  let forgiven = 0
  let reused = false
  let refuses = false
  let act: () => unknown = () => {}
  const oddities: Oddity[] = []

  const server = createServer(async (request, response) => {
    onRequest()
    let form = ''
    for await (const chunk of request) form += chunk
    const fields = new URLSearchParams(form)
    const refreshToken = fields.get('refresh_token')
    response.setHeader('content-type', 'application/json').setHeader('cache-control', 'no-store')
    // As many providers answer a client that the token was not given to (RFC 6749, section 5.2).
    if (refuses || fields.get('client_id') !== 'postern') {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }))
      return
    }
    if (refreshToken === current.refresh) lastSpent = current.refresh
    else if (forgivesLostAnswers && refreshToken === lastSpent) forgiven++
    else reused = true
    if (reused) {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }))
      return
    }
    rotations++
    current.refresh = fresh()
    current.access = fresh()
    const answer = { access_token: current.access, token_type: 'Bearer', expires_in: 3600 }
    await act()
    const { status = 200, body } = oddities.shift() ?? { body: {} }
    response.writeHead(status).end(JSON.stringify({ ...answer, refresh_token: current.refresh, ...body }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    firstRefreshToken,
    currentAccessToken: () => current.access,
    rotations: () => rotations,
    answerOddly: (...these) => void oddities.push(...these),
    refuse(all) {
      refuses = all
    },
    beforeAnswer(then) {
      act = then
    },
    reused: () => reused,
    seen(accessToken) {
      if (accessToken === current.access) lastSpent = undefined
    },
    forgiven: () => forgiven,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
