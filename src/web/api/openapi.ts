import { z } from 'zod'
import { type Answers, answers } from '../../api/answers.ts'
import { type Need, type Operation, operations, tokenExchange } from '../../api/operations.ts'

type Json = z.core.JSONSchema.BaseSchema
type Part = Readonly<Record<string, unknown>>

let made: Answers['OpenApiDocument'] | undefined

/** The API as an OpenAPI 3.1 document, made from the schemas that check what comes and type what goes. */
export function openApiDocument(version: string): Answers['OpenApiDocument'] {
  made ??= {
    openapi: '3.1.1',
    info: {
      title: 'postern',
      version,
      summary: 'Access tokens for mailboxes, and everything that the pages can do',
      description:
        'Errors are problem documents (RFC 9457), those of authentication as RFC 6750. Their `failure` and `code` are stable. Times are ISO 8601, and answers are never cached.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Beside this document, whatever the name of the server is.
    servers: [{ url: '../v1' }],
    security: [{ apiKey: [] }],
    tags: [...new Set(Object.keys(operations).map(tagOf))].map((name) => ({ name })),
    paths: { ...pathsOf(Object.entries<Operation>(operations)), '/token': exchangePath },
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key (`postern api-key add`), in the header alone. Its scopes are `read`, `admin`, `token:ADDRESS` and `send:ADDRESS`; `admin` includes all others.',
        },
      },
      schemas: schemas(),
      responses: problems,
    },
  }
  return made
}

function pathsOf(all: readonly (readonly [name: string, operation: Operation])[]): Part {
  const paths: Record<string, Part> = {}
  for (const [name, operation] of all) {
    const [method = '', path = ''] = name.split(' ')
    const template = templateOf(path)
    paths[template] = { ...paths[template], [method.toLowerCase()]: operationPart(name, path, operation) }
  }
  return paths
}

function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}')
}

function operationPart(name: string, path: string, operation: Operation): Part {
  const { needs, summary, query, body, gives } = operation
  const parameters = [
    ...pathParameters(path),
    ...(query ? queryParameters(query) : []),
    ...(gives.list === undefined ? [] : [ifNoneMatch]),
  ]
  return {
    operationId: idOf(name),
    tags: [tagOf(name)],
    summary,
    security: [{ apiKey: scopesOf(needs) }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: {
          'application/json': { schema: inputSchema(body) },
          ...(operation.readsBody && { 'message/rfc822': {} }),
        },
      },
    }),
    responses: { ...successes(operation), ...problemsOf(name, path, operation) },
  }
}

function idOf(name: string): string {
  const words = name.replaceAll(':', 'by ').match(/[a-z]+/gi) ?? []
  const [verb = '', ...rest] = words.map((word) => word.toLowerCase())
  return verb + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** The list that an operation is about. */
function tagOf(name: string): string {
  return /\/([a-z-]+)/.exec(name)?.[1] ?? ''
}

function scopesOf(needs: Need): string[] {
  if (needs === 'any') return []
  if (needs === 'send') return ['send:ADDRESS']
  return [needs === 'token' ? 'token:{address}' : needs]
}

const pathDescriptions: Readonly<Record<string, string>> = {
  address: 'The address of a mailbox, or `*@example.com` for a whole domain, percent-encoded.',
  id: 'As the list has it.',
}

function pathParameters(path: string): Part[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, description: pathDescriptions[name] },
    schema: { type: 'string', minLength: 1 },
  }))
}

function queryParameters(query: z.ZodType): Part[] {
  const { properties = {}, required = [] } = inputSchema(query)
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }))
}

const ifNoneMatch: Part = {
  ...{ name: 'If-None-Match', in: 'header', required: false },
  description: 'The `ETag` of the list as it is known.',
  schema: { type: 'string' },
}

function successes({ gives }: Operation): Part {
  const { status = [200], json, list, lines, file, text, location } = gives
  const content = {
    ...(json && { 'application/json': { schema: referenceTo(json) } }),
    ...(text && { 'text/plain': { schema: { type: 'string' } } }),
    ...(lines && { 'application/x-ndjson': { schema: referenceTo(lines) } }),
    ...(file !== undefined && { [file]: {} }),
  }
  const answer = {
    description: lines ? 'JSON lines, each of this schema, as they come' : 'Done',
    ...(location && { headers: { Location: header('The path of what was made') } }),
    ...(list !== undefined && { headers: { ETag: header('What `If-None-Match` takes') } }),
    ...(Object.keys(content).length > 0 && { content }),
  }
  const unchanged = { 304: { description: 'The list is as it was' } }
  return { ...Object.fromEntries(status.map((one) => [one, answer])), ...(list !== undefined && unchanged) }
}

const problem = (description: string, headers: Part = {}): Part => ({
  description,
  ...(Object.keys(headers).length > 0 && { headers }),
  content: { 'application/problem+json': { schema: referenceTo('Problem') } },
})

function header(description: string): Part {
  return { description, schema: { type: 'string' } }
}

const retryAfter = { 'Retry-After': header('After how many seconds it is worth another try') }
const challenge = { 'WWW-Authenticate': header('The challenge of RFC 6750, section 3') }

/** Everything that can go wrong, described once. */
const problems = {
  Invalid: problem('What was sent is not right. Every mistake is named'),
  Unauthorised: problem('The API key is missing, unknown, revoked or expired', challenge),
  Forbidden: problem('The API key does not have the scope for this', challenge),
  NotFound: problem('There is no such thing'),
  Conflict: problem('Not in the present state: a consent or a setting is missing, or it is there already'),
  TooSlow: problem('The request took longer than 60 seconds to come'),
  TooLarge: problem('The body is too large'),
  NoJson: problem('The body is not JSON'),
  Waiting: problem('Too many wrong keys came from this source, or a limit is reached', retryAfter),
  SetUp: problem('The provider says that its set-up is not right'),
  Unavailable: problem('The provider or the store cannot be reached now', retryAfter),
  Problem: problem('Any other failure'),
} as const

function problemsOf(name: string, path: string, { needs, query, body }: Operation): Part {
  const isRead = name.startsWith('GET') && needs !== 'token'
  const [named, takes] = [path.includes(':'), body !== undefined]
  return {
    ...(((named && path.includes(':address')) || query || takes) && { 400: reference('Invalid') }),
    401: reference('Unauthorised'),
    ...(needs !== 'any' && { 403: reference('Forbidden') }),
    ...(named && { 404: reference('NotFound') }),
    ...(!isRead && { 409: reference('Conflict') }),
    ...(takes && { 408: reference('TooSlow'), 413: reference('TooLarge'), 415: reference('NoJson') }),
    429: reference('Waiting'),
    ...(!isRead && { 502: reference('SetUp') }),
    503: reference('Unavailable'),
    default: reference('Problem'),
  }
}

function reference(name: keyof typeof problems): Part {
  return { $ref: `#/components/responses/${name}` }
}

/** Beside the API, and with the errors of OAuth. */
const exchangePath: Part = {
  post: {
    servers: [{ url: '../../oauth2' }],
    operationId: 'exchangeToken',
    tags: ['mailboxes'],
    summary: 'An access token of a mailbox for an API key, by token exchange (RFC 8693)',
    description: 'The API key is the subject token, and no header is needed.',
    security: [],
    requestBody: {
      required: true,
      content: { 'application/x-www-form-urlencoded': { schema: inputSchema(tokenExchange) } },
    },
    responses: {
      200: {
        description: 'Done',
        content: { 'application/json': { schema: referenceTo('ExchangedToken') } },
      },
      ...Object.fromEntries([400, 413, 429, 502, 503].map((status) => [status, oauthError()])),
      default: oauthError(),
    },
  },
}

function oauthError(): Part {
  return {
    description: 'What is wrong. With 429 and 503: after how many seconds another try is worth it',
    headers: retryAfter,
    content: { 'application/json': { schema: referenceTo('OAuthError') } },
  }
}

function referenceTo(name: keyof Answers): Part {
  return { $ref: `#/components/schemas/${name}` }
}

function schemas(): Part {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries<z.ZodType>(answers)) registry.add(schema, { id })
  const named = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(named.schemas).map(([name, schema]) => [name, bare(schema)]))
}

function inputSchema(schema: z.ZodType): Json {
  return bare(z.toJSONSchema(schema, { io: 'input' }))
}

/** Without what says the dialect, which is that of the document. */
function bare({ $schema: _dialect, $id: _id, ...schema }: Json): Json {
  return schema
}
