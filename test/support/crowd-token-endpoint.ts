import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CrowdTokenEndpoint {
  url: string
  /** The refresh tokens that the mailboxes adopt at first. */
  firstRefreshTokens: readonly string[]
  /** Whose access token it is, while it is good. It was used: its answer was not lost. */
  use(accessToken: string): number | undefined
  rotations(): number
  /** How many lost answers were forgiven. */
  forgiven(): number
  /** Whose refresh token came after its successor was used: these grants are dead. */
  reused(): number[]
  close(): Promise<void>
}

interface Grant {
  refresh: string
  /** The one that was spent last, while its answer may be lost. */
  lastSpent?: string | undefined
  access: Map<string, number>
  newest: string
  isDead: boolean
}

/**
 * A token endpoint for many mailboxes: each refresh token is good for one use. It may come again for as long as nothing of what
 * came of it was used, as answers are lost with whoever asked; after that it ends the grant (RFC 9700, section 4.14.2).
 */
export async function startCrowdTokenEndpoint(
  mailboxes: number,
  lifeSeconds: number,
): Promise<CrowdTokenEndpoint> {
  const fresh = (place: number) => `${place}.${randomBytes(24).toString('base64url')}`
  const placeOf = (token: string) => Number(token.split('.')[0])
  const grants = Array.from({ length: mailboxes }, (_, place): Grant => {
    return { refresh: fresh(place), access: new Map(), newest: '', isDead: false }
  })
  const firstRefreshTokens = grants.map(({ refresh }) => refresh)
  let [rotations, forgiven] = [0, 0]

  function rotate(place: number, given: string): object | undefined {
    const grant = grants[place]
    if (!grant || grant.isDead) return undefined
    if (given === grant.refresh) grant.lastSpent = given
    else if (given === grant.lastSpent) forgiven += 1
    else grant.isDead = true
    if (grant.isDead) return undefined
    rotations += 1
    grant.refresh = fresh(place)
    grant.newest = fresh(place)
    const now = Date.now()
    for (const [token, endsAt] of grant.access) if (endsAt < now) grant.access.delete(token)
    grant.access.set(grant.newest, now + lifeSeconds * 1000)
    return {
      access_token: grant.newest,
      token_type: 'Bearer',
      expires_in: lifeSeconds,
      refresh_token: grant.refresh,
    }
  }

  const server = createServer(async (request, response) => {
    let form = ''
    for await (const chunk of request) form += chunk
    const given = new URLSearchParams(form).get('refresh_token') ?? ''
    const answer = rotate(placeOf(given), given)
    response
      .writeHead(answer ? 200 : 400, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(answer ?? { error: 'invalid_grant' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    firstRefreshTokens,
    use(accessToken) {
      const place = placeOf(accessToken)
      const grant = grants[place]
      if (!grant || (grant.access.get(accessToken) ?? 0) < Date.now()) return undefined
      if (accessToken === grant.newest) grant.lastSpent = undefined
      return place
    },
    rotations: () => rotations,
    forgiven: () => forgiven,
    reused: () => grants.flatMap(({ isDead }, place) => (isDead ? place : [])),
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
