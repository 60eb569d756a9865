import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { Failure } from '../../src/base/failure.ts'
import { failureAs } from '../support/made-failure.ts'
import { keys, testServer } from './test-server.ts'

const full = () =>
  failureAs('store-unavailable', 'The disk under the database is full', {
    fix: 'Make room on the disk under POSTERN_DATA_DIR.',
  })

function serverThat(state: { failure?: Failure | undefined; looks: number }) {
  return testServer({
    publicUrl: 'https://mail.example.com/postern',
    async ready() {
      state.looks += 1
      if (state.failure) throw state.failure
    },
  })
}

describe('health', () => {
  it.each(['10.1.2.3:8587', 'postern.default.svc:8587', 'evil.example'])(
    'health is told to whoever asks at %s, because a probe comes to an address',
    async (host) => {
      const { server } = serverThat({ looks: 0 })
      for (const path of ['/healthz', '/readyz', '/readyz?from=probe']) {
        const { status } = await request(server.app).get(path).set('Host', host)
        expect([path, status]).toEqual([path, 200])
      }
      for (const path of ['/healthz/', '/Healthz', '/%68ealthz', '//healthz', '/x/../readyz', '/']) {
        const { status } = await request(server.app).get(path).set('Host', host)
        expect([path, status]).toEqual([path, 421])
      }
    },
  )

  it('health is told below the path of the public address as well', async () => {
    const { server } = serverThat({ looks: 0 })
    const asked = request(server.app).get('/postern/readyz').set('Host', 'mail.example.com')
    expect((await asked).status).toBe(200)
  })

  it('health gives its reason to an administrator and to nobody else', async () => {
    const test = serverThat({ failure: full(), looks: 0 })
    const outside = await test.get('/readyz')
    expect([outside.status, outside.body]).toEqual([503, { status: 'not ready' }])
    for (const key of [undefined, keys.read, keys.token])
      expect((await test.api('get', '/health', key)).text).not.toContain('disk')
    const { body } = await test.api('get', '/health', keys.admin)
    expect(body).toEqual({
      ready: false,
      reason: 'The disk under the database is full',
      fix: 'Make room on the disk under POSTERN_DATA_DIR.',
    })
  })

  it('health is looked at once however many ask, and again after a while', async () => {
    const state: { failure?: Failure | undefined; looks: number } = { looks: 0 }
    const test = serverThat(state)
    await Promise.all(Array.from({ length: 20 }, () => test.get('/readyz')))
    expect(state.looks).toBe(1)
    test.time.monotonic += 4_999
    expect((await test.get('/readyz')).status).toBe(200)
    expect(state.looks).toBe(1)
    state.failure = full()
    test.time.monotonic += 1
    expect((await test.get('/readyz')).status).toBe(503)
    expect(state.looks).toBe(2)
    state.failure = undefined
    test.time.monotonic += 1_000
    expect((await test.get('/readyz')).status).toBe(200)
  })

  it('health is logged when it changes, not each time that it is asked for', async () => {
    const state: { failure?: Failure | undefined; looks: number } = { failure: full(), looks: 0 }
    const test = serverThat(state)
    for (let asked = 0; asked < 5; asked += 1) {
      await test.get('/readyz')
      test.time.monotonic += 10_000
    }
    state.failure = undefined
    await test.get('/readyz')
    test.time.monotonic += 10_000
    await test.get('/readyz')
    const told = test.lines.filter((line) => line.includes('"readiness.'))
    expect(told.map((line) => line.split(' {')[0])).toEqual(['postern cannot work', 'postern can work again'])
    expect(told[0]).toContain('The disk under the database is full')
  })

  it('health is no while postern starts or stops, without a look and without a line in the log', async () => {
    const state = { looks: 0 }
    const test = testServer({
      serving: () => false,
      async ready() {
        state.looks += 1
      },
    })
    expect((await test.get('/readyz')).status).toBe(503)
    expect((await test.get('/healthz')).status).toBe(200)
    expect(state.looks).toBe(0)
    expect(test.lines.filter((line) => line.includes('readiness'))).toEqual([])
  })
})
