import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProviderConnection } from '../../src/upstream/connection.ts'
import type { Lease } from '../../src/upstream/lease.ts'
import type { SignedIn } from '../../src/upstream/open-signed-in.ts'
import { createPool, type Pool } from '../../src/upstream/pool.ts'
import { governorStage, mailbox } from '../governor/governor-stage.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { tableInSource } from '../support/table-in-source.ts'

const limits = { ...defaultLimits, upstreamIdleSeconds: 1 }

/** A pool that may have one connection, to a provider that answers nothing by itself. */
class Scene {
  readonly pool: Pool
  readonly #clock: { monotonic(): number; advance(seconds: number): void }
  #opened: (() => Promise<void>)[] = []
  #refuse: (() => void)[] = []
  #far: Socket | undefined
  #lease: Lease | undefined
  #isSignedIn = false

  static async set(): Promise<Scene> {
    return new Scene(await governorStage({ connections: 1 }))
  }

  constructor({ governor, clock, log }: Awaited<ReturnType<typeof governorStage>>) {
    this.#clock = clock
    this.pool = createPool({
      open: (signal) => this.#open(signal),
      governor,
      neighbours: () => [],
      messagesPerConnection: () => undefined,
      limits,
      clock,
      log,
    })
  }

  #open(signal: AbortSignal): Promise<SignedIn> {
    return new Promise((resolve, reject) => {
      this.#opened.push(async () => resolve(await this.#signedIn()))
      this.#refuse.push(() => reject(new Error('the way there was lost')))
      signal.addEventListener('abort', () => reject(new Error('given up')))
    })
  }

  async #signedIn(): Promise<SignedIn> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [far]: Socket[] = await once(server, 'connection')
    server.close()
    this.#far = far?.on('error', () => {})
    const connection = createProviderConnection(socket, defaultLimits)
    const none = { eightBitMime: false, smtpUtf8: false, dsn: false, enhancedStatusCodes: false }
    const capabilities = { ...none, pipelining: false, chunking: false, startTls: false, mechanisms: [] }
    return { connection, capabilities, mechanism: 'XOAUTH2' as const, name: { name: mailbox, of: 'mailbox' } }
  }

  /** Somebody wants a connection. What comes of that is seen by the state of the connection. */
  want(): void {
    this.pool.ensureReady().catch(() => {})
  }

  async signIn(): Promise<void> {
    this.want()
    await this.#opened[0]?.()
    await turns()
    this.#isSignedIn = true
  }

  async acquire(): Promise<void> {
    const until = this.#clock.monotonic() + 600_000
    const acquired = this.pool.acquire({ lane: 'printer', retry: false, seconds: 600, until })
    acquired.then(
      (lease) => {
        this.#lease = lease
      },
      () => {},
    )
    await turns()
  }

  release(): void {
    this.#lease?.release(0)
  }

  discard(): void {
    this.#lease?.discard()
  }

  async lose(): Promise<void> {
    if (!this.#isSignedIn) this.#refuse[0]?.()
    this.#far?.destroy()
    await vi.waitUntil(() => this.pool.held() === 0, { timeout: 15_000 })
  }

  growOld(): void {
    this.#clock.advance(limits.upstreamAgeSeconds)
  }

  async answerQuit(): Promise<void> {
    this.#far?.write('221 2.0.0 Goodbye\r\n')
    await vi.waitUntil(() => this.pool.held() === 0, { timeout: 15_000 })
  }

  /** The state of the first connection. It is the only one at its time. */
  state(): string {
    const { open, inUse } = this.pool.state()
    if (this.pool.held() === 0 || this.#opened.length > 1) return 'gone'
    if (!this.#isSignedIn) return 'opening'
    if (inUse > 0) return 'leased'
    return open > 0 ? 'idle' : 'closing'
  }

  end(): void {
    this.#far?.destroy()
    void this.pool.close()
  }
}

/** Lets everything happen that waits for nothing outside. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** What leads a new pool's connection into each state of the table. */
const states: Record<string, (scene: Scene) => Promise<void>> = {
  async opening(scene) {
    scene.want()
  },
  async idle(scene) {
    await states.leased?.(scene)
    scene.release()
  },
  async leased(scene) {
    await scene.signIn()
    await scene.acquire()
  },
  async closing(scene) {
    await states.idle?.(scene)
    scene.pool.drain()
  },
}

/** What stands for the events of the table. */
const events: Record<string, (scene: Scene) => void | Promise<void>> = {
  'signed in': (scene) => scene.signIn(),
  acquire: (scene) => scene.acquire(),
  release: (scene) => scene.release(),
  discard: (scene) => scene.discard(),
  lost: (scene) => scene.lose(),
  'idle too long': () => void vi.advanceTimersByTime(limits.upstreamIdleSeconds * 1000),
  'grown old': (scene) => scene.growOld(),
  yieldOne: ({ pool }) => void pool.yieldOne(),
  drain: ({ pool }) => pool.drain(),
  close: ({ pool }) => void pool.close(),
  'QUIT answered': (scene) => scene.answerQuit(),
}

const { names, rows } = tableInSource('upstream/pool.ts', 'event')

describe('the table in pool.ts', () => {
  let scene: Scene

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    scene = await Scene.set()
  })
  afterEach(() => {
    scene.end()
    vi.useRealTimers()
  })

  it('the table has a column for each state and a row for each event', () => {
    expect(names).toEqual(Object.keys(states))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(events))
  })

  describe.each(names.map((state, index) => ({ state, column: index + 1 })))(
    '$state',
    ({ state, column }) => {
      const cells = rows.map((row) => ({ event: row[0] ?? '', next: row[column] ?? '' }))

      it.each(cells.filter(({ next }) => next !== '-'))(
        'the table says of $event: $next',
        async ({ event, next }) => {
          await states[state]?.(scene)
          expect(scene.state()).toBe(state)
          await events[event]?.(scene)
          await turns()
          const [shown, last] = next.split(', ')
          expect(scene.state()).toBe(shown)
          if (shown !== 'leased') return
          scene.release()
          // Whoever asked meanwhile has it then.
          const waits = event === 'acquire' && state === 'leased'
          await turns()
          expect(scene.state()).toBe(last ? 'closing' : waits ? 'leased' : 'idle')
        },
      )
    },
  )

  it('a connection that is closing leaves room for another only when it is gone', async () => {
    await states.closing?.(scene)
    await scene.acquire()
    expect(scene.pool.held()).toBe(1)
    expect(scene.state()).toBe('closing')
    vi.advanceTimersByTime(2000)
    await turns()
    expect(scene.state()).toBe('gone')
    expect(scene.pool.held()).toBe(1)
  })
})
