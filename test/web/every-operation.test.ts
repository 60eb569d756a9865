import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Operation, type OperationName, operations } from '../../src/api/operations.ts'
import { createLimitedServer } from '../../src/web/listen.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { type Answered, undocumented } from './documented.ts'
import { askedAt, operationNames, rightRequests, rightServer } from './right-requests.ts'
import { keys } from './test-server.ts'

/*
 * Each operation of the API, whatever it is: what is asked here follows from its schemas, and every answer is held
 * against the OpenAPI document. A new operation is here by itself.
 */

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Asked {
  what: string
  /** One of these. */
  statuses: readonly number[]
  method?: string
  /** In the place of the right one. */
  path?: string
  key?: string | undefined
  type?: string
  body?: string
  headers?: readonly string[]
}

async function listening() {
  const test = await rightServer({ listen: [{ host: '127.0.0.1', port: 0 }] })
  const [endpoint] = await test.server.start()
  closing.push(() => test.server.stop())
  return { test, port: endpoint?.port ?? 0 }
}

function takesJson(name: OperationName): boolean {
  return /^(POST|PATCH) /.test(name)
}

/** What can be wrong with a request for it, and at the end the right one. */
function requestsFor(name: OperationName): Asked[] {
  const { query, body, readsBody }: Operation = operations[name]
  const { path } = askedAt(name)
  const right = rightRequests[name]
  const isNamed = name.includes(':')
  return [
    { what: 'no key', statuses: [401], key: undefined },
    { what: 'an unknown key', statuses: [401], key: 'unknown' },
    { what: 'another method', statuses: [405], method: 'PUT' },
    { what: 'a longer path', statuses: [404, 405], path: `${path}/more/of/it` },
    ...(isNamed ? [{ what: 'a path that is not encoded', statuses: [400], path: `${path}%zz` }] : []),
    // Some services in memory know everything by any name, and what is ended twice is ended.
    ...(isNamed ? [{ what: 'a name with a NUL', statuses: [200, 204, 400, 404], path: `${path}%00` }] : []),
    { what: 'a long path', statuses: [200, 204, 400, 404, 405], path: `${path}${'x'.repeat(6000)}` },
    { what: 'a huge head', statuses: [431], headers: [`X-Long: ${'x'.repeat(20_000)}`] },
    ...(query
      ? [{ what: 'an unknown parameter', statuses: [400], path: `${path}?no-such-parameter=1` }]
      : []),
    ...(body
      ? [
          { what: 'half a body', statuses: [400], body: '{"half' },
          { what: 'a list', statuses: [400], body: '[]' },
          { what: 'an unknown member', statuses: [400], body: '{"no-such-member":1}' },
          { what: 'another type', statuses: [415], type: 'text/plain', body: 'half' },
        ]
      : []),
    ...(takesJson(name) && !readsBody
      ? [
          { what: 'too much', statuses: [413], body: JSON.stringify({ long: 'x'.repeat(70_000) }) },
          {
            what: 'an unknown encoding',
            statuses: [415],
            body: '{}',
            headers: ['Content-Encoding: none-such'],
          },
        ]
      : []),
    {
      what: 'the right one',
      statuses: [right.status],
      ...(right.body && { body: JSON.stringify(right.body) }),
    },
  ]
}

const paths = (name: OperationName) => ({ ...askedAt(name), method: askedAt(name).method.toUpperCase() })

describe.runIf(peer('curl'))('asked by curl', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-curl-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** All of them by one curl, one after the other. */
  async function ask(port: number, name: OperationName, all: readonly Asked[]): Promise<Answered[]> {
    const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
    const { method: usual, path: usualPath } = paths(name)
    const blocks = all.map((asked, at) => {
      const { method = usual, path = usualPath, type = 'application/json', body, headers = [] } = asked
      const key = 'key' in asked ? asked.key : keys.admin
      if (body !== undefined) writeFileSync(join(folder, `body-${at}`), body)
      return [
        `url = ${quoted(`http://127.0.0.1:${port}/api/v1${path}`)}`,
        ...['globoff', 'path-as-is', `request = ${quoted(method)}`],
        `output = ${quoted(join(folder, `text-${at}`))}`,
        `dump-header = ${quoted(join(folder, `head-${at}`))}`,
        ...(key === undefined ? [] : [`header = ${quoted(`Authorization: Bearer ${key}`)}`]),
        ...headers.map((header) => `header = ${quoted(header)}`),
        ...(body === undefined
          ? []
          : [
              `header = ${quoted(`Content-Type: ${type}`)}`,
              `data-binary = ${quoted(`@${join(folder, `body-${at}`)}`)}`,
            ]),
      ].join('\n')
    })
    for (const at of all.keys()) writeFileSync(join(folder, `text-${at}`), '')
    const { code, output } = await runProgram(
      'curl',
      ['--silent', '--show-error', '--no-progress-meter', '--config', '-'],
      {
        input: blocks.join('\nnext\n'),
      },
    )
    expect({ code, output }).toEqual({ code: 0, output: '' })
    return all.map((_, at) => {
      const [head = ''] = readFileSync(join(folder, `head-${at}`), 'latin1')
        .trimEnd()
        .split('\r\n\r\n')
        .slice(-1)
      const [first = '', ...lines] = head.split('\r\n')
      const headers = Object.fromEntries(
        lines.map((line) => [
          line.split(':')[0]?.toLowerCase() ?? '',
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      )
      const [type = ''] = (headers['content-type'] ?? '').split(';')
      return {
        status: Number(first.split(' ')[1]),
        ...{ type, headers, text: readFileSync(join(folder, `text-${at}`), 'utf8') },
      }
    })
  }

  it.each(operationNames)('%s', async (name) => {
    const { port } = await listening()
    const all = requestsFor(name)
    const answers = await ask(port, name, all)
    const { method, path: usual } = paths(name)
    const found = all.map(({ what, statuses, method: asked = method, path = usual }, at) => {
      const answer = answers[at] as Answered
      const isExpected = statuses.includes(answer.status)
      const mistakes = undocumented(asked.toLowerCase(), path, answer)
      return isExpected && mistakes.length === 0
        ? what
        : { what, status: answer.status, mistakes, text: answer.text.slice(0, 200) }
    })
    expect(found).toEqual(all.map(({ what }) => what))
  })
})

it('ten at once of every operation get answers that are documented, and none fails', async () => {
  const { port } = await listening()
  const ask = async (name: OperationName) => {
    const { method, path } = paths(name)
    const { body } = rightRequests[name]
    // Held against the document as any other answer that is fetched.
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${keys.admin}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    await response.text()
    return { name, status: response.status }
  }
  const failed: unknown[] = []
  // Below what one source may have open.
  for (let from = 0; from < operationNames.length; from += 8) {
    const some = operationNames
      .slice(from, from + 8)
      .flatMap((name) => Array.from({ length: 10 }, () => ask(name)))
    failed.push(...(await Promise.all(some)).filter(({ status }) => status >= 500))
  }
  expect(failed).toEqual([])
})

it('a body that does not come to its end is answered 408, whichever operation waits for it, and the connection ends', async () => {
  const test = await rightServer()
  const less = { headersTimeout: 500, requestTimeout: 500, connectionsCheckingInterval: 50 }
  const server = createLimitedServer(test.server.app, less).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const answered = operationNames.filter(takesJson).map(async (name) => {
    const { method, path } = paths(name)
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    const head = [
      `${method} /api/v1${path} HTTP/1.1`,
      ...['Host: localhost:8587', `Authorization: Bearer ${keys.admin}`],
      ...['Content-Type: application/json', 'Content-Length: 1000'],
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n{"half`)
    await once(socket, 'close')
    const [top = '', body = ''] = text.split('\r\n\r\n')
    const status = Number(top.split(' ')[1])
    const mistakes = undocumented(method.toLowerCase(), path, {
      ...{ status, text: body, headers: {} },
      type: /^content-type: ([^;\r]+)/im.exec(top)?.[1] ?? '',
    })
    return { name, status, failure: JSON.parse(body).failure, mistakes }
  })
  expect(await Promise.all(answered)).toEqual(
    operationNames
      .filter(takesJson)
      .map((name) => ({ name, status: 408, failure: 'web.request-slow', mistakes: [] })),
  )
})
