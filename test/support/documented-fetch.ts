import { expect } from 'vitest'

/*
 * Loaded before each test file: whatever a test asks of the API by `fetch`, in a journey through a whole postern too,
 * is held against the OpenAPI document. The document is made with the first such answer.
 */

// Files that share a process load this one after the other: each stands on the same.
const shared = globalThis as { plainFetch?: typeof fetch }
shared.plainFetch ??= globalThis.fetch
const { plainFetch } = shared

globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init)
  const { pathname, search } = new URL(input instanceof Request ? input.url : input)
  const [, path] = /\/api\/v1(\/.*)$/.exec(pathname) ?? []
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  // A stream, which somebody reads as it comes, is none to wait for.
  if (path !== undefined && /^$|json$|^text\/plain$/.test(type)) {
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toLowerCase()
    const text = await response
      .clone()
      .text()
      .catch(() => undefined)
    const { undocumented } = await import('../web/documented.ts')
    const { status } = response
    const headers = Object.fromEntries(response.headers)
    if (text !== undefined && !isOfOthers(status))
      expect(
        undocumented(method, `${path}${search}`, { status, type, text, headers }),
        `${method} ${path}`,
      ).toEqual([])
  }
  return response
}

/** Refused before anything of the API was asked: by another name, or the wrong path. */
function isOfOthers(status: number): boolean {
  return status === 421
}
