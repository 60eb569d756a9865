import { LRUCache } from 'lru-cache'
import * as openid from 'openid-client'
import { printable } from '../../base/address.ts'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import { readUrl } from '../../base/text.ts'
import { WayFailure } from '../../net/way-failure.ts'
import type { HttpFetch } from '../http/http-fetch.ts'
import { isLoopbackHost } from '../http/loopback.ts'
import { isPrivateHost } from '../http/public-address.ts'
import { OutOfReach, type Reach } from '../http/reach.ts'
import { OAuthError } from './oauth-error.ts'

/** What an issuer publishes of itself. */
export interface Published {
  metadata: openid.ServerMetadata
  /** The issuer is somewhere in the Internet: what it publishes must not lead into the house. */
  isPublic: boolean
}

/**
 * Asks issuers for their endpoints, each once at a time whoever wants to know, and again after a second if it failed: those who come together share a failure, and
 * nobody waits for one that is over.
 */
export interface Discoveries {
  /** By OpenID Connect Discovery, or where there is none by RFC 8414. @throws OAuthError when neither can be had, WayFailure when nobody is reached; Failure `configuration` when it leads where it must not */
  of(issuer: string, fetch: HttpFetch): Promise<Published>
}

const failureMilliseconds = 1000
const mostIssuers = 100

export function createDiscoveries({ monotonic }: Pick<Clock, 'monotonic'>): Discoveries {
  // For each way to the issuers: a proxy may reach others than we do.
  const ways = new WeakMap<HttpFetch, LRUCache<string, { published: Promise<Published>; until: number }>>()

  return {
    of(issuer, fetch) {
      const known = ways.get(fetch) ?? new LRUCache({ max: mostIssuers })
      ways.set(fetch, known)
      const last = known.get(issuer)
      if (last && monotonic() < last.until) return last.published
      const entry = { published: publishedBy(issuer, fetch), until: Number.POSITIVE_INFINITY }
      known.set(issuer, entry)
      entry.published.catch(() => {
        entry.until = monotonic() + failureMilliseconds
      })
      return entry.published
    },
  }
}

async function publishedBy(issuer: string, fetch: HttpFetch): Promise<Published> {
  // An issuer in the house may lead wherever it likes; but it has to be there, and not only to seem so to one of two questions.
  const published = await metadataWithin('public', issuer, fetch).then(
    (metadata) => ({ metadata, isPublic: true }),
    async (error: unknown) => {
      if (!(error instanceof OutOfReach)) throw error
      return { metadata: await metadataWithin('private', issuer, fetch), isPublic: false }
    },
  )
  for (const [name, url] of Object.entries(endpointsOf(published.metadata)))
    requireFitting(issuer, name, url, published)
  return published
}

async function metadataWithin(
  reach: Reach,
  issuer: string,
  fetch: HttpFetch,
): Promise<openid.ServerMetadata> {
  const ways = ['oidc', 'oauth2'] as const
  const reasons: string[] = []
  for (const algorithm of ways) {
    try {
      return await metadataBy(algorithm, issuer, (url, request) => fetch(url, { ...request, reach }))
    } catch (error) {
      if (error instanceof Error && error.cause instanceof OutOfReach) throw error.cause
      // The second question would go the same way.
      if (error instanceof Error && error.cause instanceof WayFailure) throw undiscovered(issuer, error.cause)
      reasons.push(reasonOf(error))
    }
  }
  throw new OAuthError(`the endpoints of ${issuer} cannot be discovered: ${[...new Set(reasons)].join('; ')}`)
}

/** The trouble of the way keeps its code and advice. */
function undiscovered(issuer: string, { code, message, fix, cause }: WayFailure): WayFailure {
  const details = { cause, ...(fix !== undefined && { fix }) }
  return new WayFailure(code, `The endpoints of ${issuer} cannot be discovered: ${message}`, details)
}

async function metadataBy(
  algorithm: 'oidc' | 'oauth2',
  issuer: string,
  fetch: HttpFetch,
): Promise<openid.ServerMetadata> {
  const server = new URL(issuer)
  const plain = server.protocol === 'http:' && isLoopbackHost(server.hostname)
  const configuration = await openid.discovery(server, 'postern', {}, openid.None(), {
    algorithm,
    [openid.customFetch]: fetch,
    timeout: 600,
    ...(plain && { execute: [openid.allowInsecureRequests] }),
  })
  return configuration.serverMetadata()
}

/** What is thrown holds the whole answer as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed'
  if (error.cause instanceof OAuthError) return error.cause.message
  if (error instanceof OAuthError) return error.message
  const status = (error.cause as { status?: unknown } | undefined)?.status
  return typeof status === 'number' ? `HTTP status ${status}` : error.message
}

/** Those that postern, or a browser that it sends there, goes to. */
export function endpointsOf(metadata: openid.ServerMetadata) {
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint } = metadata
  const { revocation_endpoint, jwks_uri, userinfo_endpoint } = metadata
  return {
    ...(authorization_endpoint !== undefined && { authorizationEndpoint: authorization_endpoint }),
    ...(token_endpoint !== undefined && { tokenEndpoint: token_endpoint }),
    ...(device_authorization_endpoint !== undefined && {
      deviceAuthorizationEndpoint: device_authorization_endpoint,
    }),
    ...(revocation_endpoint !== undefined && { revocationEndpoint: revocation_endpoint }),
    ...(jwks_uri !== undefined && { jwksUri: jwks_uri }),
    ...(userinfo_endpoint !== undefined && { userinfoEndpoint: userinfo_endpoint }),
  }
}

/** TLS does not end on the way, and the Internet names no place in the house. What a name stands for is seen when it is connected to. */
function requireFitting(issuer: string, name: string, text: string, { isPublic }: Published): void {
  const url = readUrl(text)
  const plain = url?.protocol === 'http:' && new URL(issuer).protocol === 'http:'
  const fits = url && (url.protocol === 'https:' || plain) && url.username === '' && url.password === ''
  if (fits && !(isPublic && isPrivateHost(url.hostname))) return
  const where = url ? printable(`${url.protocol}//${url.host}`) : 'something that is no URL'
  throw new Failure('configuration', `${issuer} publishes as its ${name} ${where}, which it must not`, {
    fix: 'An issuer with https may lead to https only, and one in the Internet to no private address. Check the issuer, or give its endpoints in the providers file.',
  })
}
