import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RegisteredProvider } from '../../src/providers/provider.ts'

export interface ScriptedAnswer {
  status?: number
  headers?: Record<string, string>
  json?: unknown
  /** Instead of `json`: the body as it stands. */
  text?: string
  /** The connection is cut instead of answered. */
  cut?: boolean
  /** The answer waits for this. */
  after?: Promise<unknown>
}

export interface TokenRequest {
  path: string
  form: Record<string, string>
  headers: IncomingHttpHeaders
}

/** A token endpoint on loopback that says what the test scripts, in order, and keeps what it was sent. */
export async function startTokenEndpoint() {
  const script: ScriptedAnswer[] = []
  const requests: TokenRequest[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const form = Object.fromEntries(new URLSearchParams(body))
    requests.push({ path: request.url ?? '', form, headers: request.headers })
    const answer = script.shift() ?? { status: 500, text: 'nothing scripted' }
    await answer.after
    if (answer.cut) return void request.socket.destroy()
    const json = { 'content-type': 'application/json' }
    response.writeHead(answer.status ?? 200, { ...(answer.text === undefined && json), ...answer.headers })
    response.end(answer.text ?? JSON.stringify(answer.json))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    answer: (...answers: ScriptedAnswer[]) => void script.push(...answers),
    unusedAnswers: () => script.length,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type TokenEndpoint = Awaited<ReturnType<typeof startTokenEndpoint>>

/** The body of a good answer (RFC 6749, section 5.1). */
export function tokens(accessToken: string, more: object = {}): { json: object } {
  return { json: { access_token: accessToken, token_type: 'Bearer', expires_in: 3600, ...more } }
}

/** A registered provider whose endpoints are at this origin; it asks for no ID token. */
export function providerAt(
  origin: string,
  changes: Partial<RegisteredProvider['oauth']> = {},
): RegisteredProvider {
  return {
    id: 'local',
    name: 'Local',
    supportStatus: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: ['authorization-code'],
    oauth: {
      authorizationEndpoint: `${origin}/authorize`,
      tokenEndpoint: `${origin}/token`,
      scopes: ['mail', 'offline_access'],
      mailScopes: ['mail'],
      applicationScopes: [],
      authorizationParameters: {},
      authorizationResponseIss: false,
      clientAuthentication: 'none',
      ...changes,
    },
    submission: { host: 'smtp.example', port: 587, tls: 'starttls' },
    mechanisms: ['XOAUTH2'],
    limits: { connections: 2 },
    chunking: 'auto',
    refreshMarginSeconds: 0,
    knownCapabilities: {
      eightBitMime: true,
      smtpUtf8: false,
      dsn: false,
      enhancedStatusCodes: true,
      pipelining: true,
      chunking: false,
    },
    registration: { clientId: 'postern', clientSecrets: [] },
  }
}
