import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuthorizationServer, mailScope } from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'

/** A minimal client of the authorization server, for tests of the counterparts alone: no postern is involved. */
export async function callbackServer() {
  const callbacks: URL[] = []
  const server = createServer((request, response) => {
    callbacks.push(new URL(request.url ?? '/', 'http://localhost'))
    response.end('arrived')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://localhost:${port}/oauth/callback`,
    callbacks,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

export async function authorize(authority: AuthorizationServer, redirectUri: string, login: string) {
  const verifier = randomBytes(32).toString('base64url')
  const url = authorizationUrl(authority, redirectUri, verifier)
  const browser = createBrowser()
  const signIn = await browser.open(url)
  const consent = await browser.submit(signIn, { login, password: 'any' })
  const arrived = await browser.submit(consent)
  const code = arrived.url.searchParams.get('code') ?? ''
  const tokens = await requestToken(authority, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  return { signIn, consent, arrived, tokens }
}

/** The members of a token answer (RFC 6749, sections 5.1 and 5.2) as they came. */
interface TokenAnswer {
  status: number
  access_token?: string
  refresh_token?: string
  id_token?: string
  expires_in?: number
  error?: string
}

export async function requestToken(
  authority: AuthorizationServer,
  parameters: Record<string, string>,
): Promise<TokenAnswer> {
  const { id, secret } = authority.clients.postern
  const response = await fetch(authority.endpoints.token, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

export function authorizationUrl(
  authority: AuthorizationServer,
  redirectUri: string,
  verifier?: string,
): URL {
  const url = new URL(authority.endpoints.authorization)
  const challenge = verifier && createHash('sha256').update(verifier).digest('base64url')
  url.search = new URLSearchParams({
    client_id: authority.clients.postern.id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: `openid email offline_access ${mailScope}`,
    prompt: 'consent',
    state: 'the-state',
    ...(challenge && { code_challenge: challenge, code_challenge_method: 'S256' }),
  }).toString()
  return url
}
