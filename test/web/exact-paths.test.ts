import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express, Router } from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keys, link, signIn, testServer } from './test-server.ts'

const test = testServer()
const server = createServer(test.webApp)
const folder = testServer({ publicUrl: 'https://www.example.com/postern' })
const folderServer = createServer(folder.webApp)
let cookie = ''

beforeAll(async () => {
  for (const one of [server, folderServer]) await once(one.listen(0, '127.0.0.1'), 'listening')
  cookie = (await signIn(test)).cookie
})
afterAll(() => {
  server.close()
  folderServer.close()
})

/** Every path of the running routers, with values for what is named in it. */
function everyPath(router: Pick<Router, 'stack'>, before = ''): string[] {
  return router.stack.flatMap((layer) => {
    const { rawPath, handle, route } = layer as unknown as Layer
    const paths = [rawPath].flat().filter((path) => !path.includes('*'))
    const below = (path: string) => `${before}${path === '/' && before + path !== '/' ? '' : path}`
    if (route) return paths.map(below)
    return 'stack' in handle
      ? paths.flatMap((path) => everyPath(handle, path === '/' ? before : below(path)))
      : []
  })
}

interface Layer {
  rawPath: string | string[]
  route?: object
  handle: Pick<Router, 'stack'>
}

/** Every router of the running program, those in routers too. */
function everyRouter(router: Router): (Router & { caseSensitive?: boolean; strict?: boolean })[] {
  const inside = router.stack.map(({ handle }) => handle as unknown as Router).filter((one) => 'stack' in one)
  return [router, ...inside.flatMap(everyRouter)]
}

const values: Record<string, string> = {
  address: 'me@example.com',
  link,
  token: 'x'.repeat(43),
  provider: 'example',
  id: 'login-1',
}

const patterns = [...new Set(everyPath((test.webApp as Express).router))]
const paths = patterns.map((path) => path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? name))

/** That which is another page of its own: the mailbox "NEW" is not the form for a new mailbox. */
function isExactPath(path: string): boolean {
  return patterns.some((pattern) =>
    new RegExp(`^${pattern.replace(/:\w+/g, '(?!\\.)[^/\\\\#]+')}$`).test(path),
  )
}

async function status(
  path: string,
  {
    method = 'GET',
    host = 'localhost:8587',
    of = server,
  }: { method?: string; host?: string; of?: typeof server } = {},
): Promise<number> {
  const { port } = of.address() as AddressInfo
  // Neither `fetch` nor supertest sends a path as it is written.
  const headers = { Host: host, Cookie: cookie, Authorization: `Bearer ${keys.admin}` }
  const sent = ask({ host: '127.0.0.1', port, path, method, headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  return response.statusCode
}

const upper = (text: string) => text.toUpperCase()
const encodedAt = (path: string, at: number) =>
  `${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`

function otherSpellings(path: string): string[] {
  const pieces = path.slice(1).split('/')
  const each = pieces.flatMap((piece, at) => {
    const before = pieces.slice(0, at).map((one) => `/${one}`)
    const after = pieces.slice(at + 1).map((one) => `/${one}`)
    return [
      `/${upper(piece)}`,
      `/${upper(piece.slice(0, 1))}${piece.slice(1)}`,
      `//${piece}`,
      `/./${piece}`,
      `/%2e/${piece}`,
      `/x/../${piece}`,
      `/x/%2E%2e/${piece}`,
      `/x%2F..%2F${piece}`,
      `\\${piece}`,
      `%2F${piece}`,
      `%5c${piece}`,
      ...(/^[a-z]/i.test(piece) ? [encodedAt(`/${piece}`, 1)] : []),
    ].map((other) => [...before, other, ...after].join(''))
  })
  const whole = [
    upper(path),
    `${path}/`,
    `${path}//`,
    `${path}%2F`,
    `${path}%2f/`,
    `${path}/.`,
    `${path}/x/..`,
    `${path}#`,
    `${path}#/../..`,
    `${path.replaceAll('/', '\\').replace('\\', '/')}#`,
  ]
  // What does not begin with a slash is no path, and refused before any router.
  return [...new Set([...each, ...whole])].filter((other) => other.startsWith('/') && !isExactPath(other))
}

describe('a path', () => {
  it('a path finds every route, each on an exact router', () => {
    expect(paths.length).toBeGreaterThan(50)
    expect(paths).toEqual(
      expect.arrayContaining(['/', '/healthz', '/api/v1/mailboxes', '/oauth/callback', '/sign-in']),
    )
    for (const { caseSensitive, strict } of everyRouter((test.webApp as Express).router))
      expect([caseSensitive, strict]).toEqual([true, true])
  })

  it.each(paths.filter((path) => path !== '/'))('a path answers %s in no other spelling', async (path) => {
    for (const other of otherSpellings(path)) {
      for (const method of ['GET', 'POST'])
        expect([method, other, await status(other, { method })]).toEqual([method, other, 404])
    }
  })

  it.each([
    ['/postern/healthz', 200],
    ['/healthz', 200],
    ['/postern/api/v1/mailboxes', 200],
    ['/postern/postern/api/v1/mailboxes', 404],
    ['/Postern/api/v1/mailboxes', 404],
    ['/postern/Api/v1/mailboxes', 404],
    ['/postern//api/v1/mailboxes', 404],
    ['//postern/api/v1/mailboxes', 404],
    ['/x/../postern/api/v1/mailboxes', 404],
    ['/%70ostern/api/v1/mailboxes', 404],
    ['/postern\\api\\v1\\mailboxes#', 404],
  ])('a path answers %s with %i below the path of a public address', async (path, expected) => {
    expect(await status(path, { host: 'www.example.com', of: folderServer })).toBe(expected)
  })
})
