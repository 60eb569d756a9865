import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Metrics } from '../../src/metrics/metrics.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import { createMetricsServer } from '../../src/web/metrics-server.ts'
import type { Readiness } from '../../src/web/readiness.ts'
import { failureAs } from '../support/made-failure.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { keys, testServer } from './test-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const contentType = 'text/plain; version=0.0.4; charset=utf-8'
const text = 'postern_ready 1\n'

async function started({
  read = async () => ({ contentType, text }),
  readiness = async () => ({ ready: true }),
  host = '127.0.0.1',
}: {
  read?: Metrics['read']
  readiness?: Readiness
  host?: string
} = {}) {
  const log = createRecordingLog()
  const begun: string[] = []
  const metrics = {
    read,
    async begin() {
      begun.push('begun')
    },
  }
  const server = createMetricsServer({ listen: [{ host, port: 0 }], metrics, readiness, log })
  closing.push(server.stop)
  const [endpoint] = await server.start()
  return { log, begun, ask: asker(endpoint ?? { host, port: 0 }) }
}

function asker({ port }: Endpoint) {
  return (path: string, { method = 'GET', host = `localhost:${port}` } = {}) =>
    new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const asked = request(
          { host: '127.0.0.1', port, path, method, headers: { host }, agent: false },
          (response) => {
            let body = ''
            response.setEncoding('utf8').on('data', (piece) => {
              body += piece
            })
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, text: body, headers: response.headers }),
            )
          },
        )
        asked.on('error', reject).end()
      },
    )
}

describe('the listener for metrics', () => {
  it('the listener gives metrics without a key, and counts from the start', async () => {
    const { ask, begun } = await started()
    expect(begun).toEqual(['begun'])
    const { status, text: given, headers } = await ask('/metrics')
    expect([status, given, headers['content-type']]).toEqual([200, text, contentType])
    expect(headers['cache-control']).toBe('no-store')
    expect(await ask('/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  it('the listener tells health as the web listener does', async () => {
    const { ask } = await started()
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' })
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' })
    const failure = failureAs('store-unavailable', 'The disk under the database is full')
    const full = await started({ readiness: async () => ({ ready: false, failure }) })
    expect(await full.ask('/readyz')).toMatchObject({ status: 503, text: '{"status":"not ready"}' })
  })

  it('the listener serves nothing else', async () => {
    const { ask } = await started()
    for (const path of ['/', '/metrics/', '/Metrics', '//metrics', '/api/v1/mailboxes', '/metricsx?x'])
      expect([path, (await ask(path)).status]).toEqual([path, 404])
    expect((await ask('/metrics?match=1')).status).toBe(200)
    const posted = await ask('/metrics', { method: 'POST' })
    expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('the listener on loopback answers to addresses and to localhost, not to a name that another site has pointed here', async () => {
    const { ask } = await started()
    for (const host of ['127.0.0.1:9587', 'localhost', '[::1]:9587'])
      expect([host, (await ask('/metrics', { host })).status]).toEqual([host, 200])
    for (const host of ['evil.example', 'evil.example:9587', 'localhost.evil.example'])
      expect([host, (await ask('/metrics', { host })).status]).toEqual([host, 421])
    const elsewhere = await started({ host: '0.0.0.0' })
    expect((await elsewhere.ask('/metrics', { host: 'postern.monitoring.svc:9587' })).status).toBe(200)
  })

  it('the listener says no more than that something is wrong, and logs the rest', async () => {
    const { ask, log } = await started({ read: () => Promise.reject(new Error('/var/lib/postern is gone')) })
    const answer = await ask('/metrics')
    expect([answer.status, answer.text]).toEqual([500, 'Something went wrong inside postern\n'])
    expect(log.lines.map(({ message }) => message)).toEqual(['The metrics could not be read'])
  })

  it('the listener names its own setting when its address is taken', async () => {
    const metrics = { read: async () => ({ contentType, text }), async begin() {} }
    const listen = [{ host: '192.0.2.1', port: 9587 }]
    const server = createMetricsServer({
      listen,
      metrics,
      readiness: async () => ({ ready: true }),
      log: createRecordingLog(),
    })
    await expect(server.start()).rejects.toMatchObject({
      code: 'configuration',
      fix: expect.stringContaining('POSTERN_METRICS_LISTEN'),
    })
  })
})

describe('/metrics of the web listener', () => {
  it('/metrics is for API keys that may read, and for the owner', async () => {
    const test = testServer()
    const ask = (key?: string) => {
      const asked = test.get('/metrics')
      return key === undefined ? asked : asked.set('Authorization', `Bearer ${key}`)
    }
    for (const key of [keys.read, keys.admin]) {
      const answer = await ask(key)
      expect([answer.status, answer.text]).toEqual([200, 'up 1\n'])
      expect(answer.headers['content-type']).toBe(contentType)
    }
    const without = await ask()
    expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer realm="postern"'])
    expect((await ask('a-wrong-key')).status).toBe(401)
    for (const key of [keys.token, keys.send]) expect((await ask(key)).status).toBe(403)
    expect((await test.post('/metrics')).status).toBe(405)
  })
})
