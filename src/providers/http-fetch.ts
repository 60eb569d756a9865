import { createSecureContext } from 'node:tls'
import type { Agent, fetch, Response as UndiciResponse } from 'undici'
import { lazy } from '../base/lazy.ts'
import { OAuthError } from './oauth-error.ts'
import { trustedAuthorities } from './trusted-authorities.ts'

/** What openid-client asks of a fetch; any other satisfies it too. */
export type HttpFetch = (url: string, request: HttpRequest) => Promise<Response>

export interface HttpRequest {
  method: string
  headers: Record<string, string>
  body?: unknown
  signal?: AbortSignal | undefined
}

export interface HttpFetchSettings {
  /** PEM text of certification authorities beside the system's. */
  extraCa?: string | undefined
  /** For a whole request: name, connection, TLS, answer. */
  timeoutSeconds: number
}

/** No token answer, error or set of keys comes near this. */
const longestBody = 65_536

/**
 * The one way to providers' HTTPS endpoints: certificates are always checked, redirects are never followed (a token request carries
 * secrets for one address), and time and size are bounded, after decompression.
 * Trouble on the way is thrown as OAuthError.
 */
export function createHttpFetch({ extraCa, timeoutSeconds }: HttpFetchSettings): {
  fetch: HttpFetch
  close(): Promise<void>
} {
  let agent: Agent | undefined
  const load = lazy(async () => {
    const undici = await loadUndici(extraCa, timeoutSeconds)
    agent = undici.agent
    return undici
  })

  async function bounded(url: string, { method, headers, body, signal }: HttpRequest): Promise<Response> {
    const { fetch, agent: dispatcher } = await load()
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000)
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(body !== undefined && body !== null && { body: String(body) }),
        redirect: 'manual',
        dispatcher,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      })
      return await wholeResponse(response)
    } catch (error) {
      throw inWords(error, url, timeoutSeconds)
    }
  }

  return {
    fetch: bounded,
    async close() {
      await agent?.destroy()
    },
  }
}

interface Undici {
  fetch: typeof fetch
  agent: Agent
}

/** Megabytes of code and of certificates, which a postern that has no token to ask for yet does without. */
async function loadUndici(extraCa: string | undefined, timeoutSeconds: number): Promise<Undici> {
  const { Agent, fetch } = await import('undici')
  const ca = trustedAuthorities(extraCa)
  const agent = new Agent({
    // Read once: hundreds of certificates would otherwise be parsed for each connection.
    connect: {
      timeout: timeoutSeconds * 1000,
      secureContext: createSecureContext({ ...(ca && { ca: [...ca] }), minVersion: 'TLSv1.2' }),
    },
  })
  return { fetch, agent }
}

/** undici's answer as Node's own `Response`, read to the end. */
async function wholeResponse(response: UndiciResponse): Promise<Response> {
  const { status } = response
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels the stream, and with it the connection.
    if (size > longestBody) throw new OAuthError('the provider sent too long an answer', { status })
    chunks.push(chunk)
  }
  const init = { status, headers: [...response.headers] as [string, string][] }
  return new Response(withoutBody(status) ? null : Buffer.concat(chunks), init)
}

/** Statuses for which `Response` takes no body. */
function withoutBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function inWords(error: unknown, url: string, timeoutSeconds: number): OAuthError {
  if (error instanceof OAuthError) return error
  const { host } = new URL(url)
  if (error instanceof Error && error.name === 'TimeoutError')
    return new OAuthError(`${host} did not answer within ${timeoutSeconds} seconds`)
  return new OAuthError(`${host} cannot be reached${codeOf(error)}`)
}

/** Node's code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`) says what to look for; messages may quote what was sent. */
function codeOf(error: unknown): string {
  const codes = [error, (error as { cause?: unknown } | undefined)?.cause].map(
    (from) => (from as { code?: unknown } | undefined)?.code,
  )
  const code = codes.find((found) => typeof found === 'string')
  return code === undefined ? '' : ` (${String(code)})`
}
