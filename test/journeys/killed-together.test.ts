import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { freePort } from '../../examples/demo/free-port.js'
import { startMailProvider } from '../../examples/demo/mail-provider.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createLogins } from '../../src/credentials/create-logins.ts'
import type { Address } from '../../src/model/address.ts'
import { openStore } from '../../src/store/store.ts'
import { startCrowdTokenEndpoint } from '../support/crowd-token-endpoint.ts'
import { type Account, sendMail } from '../support/mail-session.ts'
import { startPostgres } from '../support/postgres.js'
import { onPostgres } from '../support/postgres-databases.ts'
import { signIn } from '../support/smtp-client.ts'

/** A few in each run of the tests; ten thousand by `npm run kill-together`. */
const rotations = Number(process.env.POSTERN_ROTATIONS ?? 150)
const [mailboxes, processes, clients] = [100, 3, 16]
const lifeSeconds = 4
/** After about so many rotations one of the processes is killed, while all of them are at work, and every fifth time the database. */
const betweenKills = 25

const addressOf = (place: number): Address => `user${place}@example.com`

/** Three posterns on one PostgreSQL, with mailboxes that rotate at each use, and a sink that counts what arrives. */
async function setStage() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-together-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const database = await startPostgres({ durable: true })
  onTestFinished(() => database.close())
  const endpoint = await startCrowdTokenEndpoint(mailboxes, lifeSeconds)
  onTestFinished(() => endpoint.close())
  const arrived = new Map<string, number>()
  const provider = await startMailProvider({
    async introspect(token) {
      const place = endpoint.use(token)
      return { active: place !== undefined, sub: addressOf(place ?? -1), scope: mailScope }
    },
    onMessage({ raw }) {
      const id = /^Message-ID: (\S+)/m.exec(raw.toString())?.[1] ?? ''
      arrived.set(id, (arrived.get(id) ?? 0) + 1)
    },
  })
  onTestFinished(() => provider.close())
  const key = randomBytes(32).toString('base64url')
  const store = { key: new Secret(key), postgres: { url: new Secret(database.url) } }
  const accounts = await fill({ dataDir: join(folder, 'filled'), ...store }, endpoint.firstRefreshTokens)
  const { host, port, tls } = provider
  const entry = {
    id: 'strict',
    name: 'Strict Mail',
    authorizationEndpoint: endpoint.url,
    tokenEndpoint: endpoint.url,
    scopes: [mailScope],
    authorizationParameters: {},
    clientId: 'postern',
    smtp: { host, port, tls },
    mechanisms: ['XOAUTH2'],
  }
  const files = { providers: join(folder, 'providers.json'), ca: join(folder, 'ca.pem') }
  await writeFile(files.providers, JSON.stringify({ providers: [entry] }), { mode: 0o600 })
  await writeFile(files.ca, provider.ca)
  const env = {
    POSTERN_DATABASE_URL: database.url,
    POSTERN_KEY: key,
    POSTERN_PROVIDERS_FILE: files.providers,
    POSTERN_EXTRA_CA_FILE: files.ca,
    // Each message has a connection of its own to the provider, and so a token.
    POSTERN_UPSTREAM_IDLE_SECONDS: '1',
    POSTERN_LOG_LEVEL: 'error',
  }
  async function place(number: number) {
    const dataDir = join(folder, `data-${number}`)
    await mkdir(dataDir, { mode: 0o700 })
    return { dataDir, env, smtpPort: await freePort(), webPort: await freePort() }
  }
  const places = await Promise.all(Array.from({ length: processes }, (_, number) => place(number)))
  return {
    database,
    endpoint,
    arrived,
    accounts,
    places,
    store: { dataDir: join(folder, 'looked'), ...store },
  }
}

type StorePlace = Pick<Parameters<typeof openStore>[0], 'dataDir' | 'key' | 'postgres'>

async function fill(place: StorePlace, refreshTokens: readonly string[]): Promise<Account[]> {
  const { store, keyedHash } = await openStore({ ...place, clock: systemClock, log: silentLog })
  const now = Date.now()
  const logins = createLogins({ store, keyedHash, clock: systemClock, log: silentLog })
  const accounts: Account[] = []
  for (const [number, token] of refreshTokens.entries()) {
    const address = addressOf(number)
    await store.mailboxes.add(
      { address, providerId: 'strict', createdAt: now },
      {
        mailbox: address,
        refreshToken: new Secret(token),
        flow: 'authorization-code',
        scopes: [mailScope],
        grantedAt: now,
        renewedAt: now,
      },
    )
    const { login, password } = await logins.add({ mailboxes: [address] })
    accounts.push({ address, user: login.userName, password: password?.reveal() ?? '' })
  }
  await store.close()
  return accounts
}

/** Is begun anew whenever it has ended, as a service manager does it. */
function keepAlive(options: Parameters<typeof startPostern>[0]) {
  let running: Postern | undefined
  let isOver = false
  const kept = (async () => {
    while (!isOver) {
      running = await startPostern(options).catch(() => undefined)
      // The database may be away.
      if (isOver) await running?.stop()
      else if (running) await running.exited
      else await pause(200)
      running = undefined
    }
  })()
  return {
    port: options.smtpPort,
    isUp: () => running !== undefined,
    kill: () => running?.kill(),
    async end(): Promise<void> {
      isOver = true
      await running?.stop()
      await kept
    },
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(20)
}

interface Told {
  acknowledged: boolean
  /** So often the client cannot know whether it was taken. */
  unknown: number
}

/** Sends one message after the other, and each until it is acknowledged, to whichever process. */
function sendOn(accounts: readonly Account[], ports: readonly number[]) {
  const told = new Map<string, Told>()
  let isOver = false
  const any = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)] as T

  async function deliver(id: string): Promise<void> {
    const message: Told = { acknowledged: false, unknown: 0 }
    told.set(id, message)
    const account = any(accounts)
    const pieces = [`Message-ID: ${id}\r\nSubject: together\r\n\r\nHello\r\n`]
    while (!message.acknowledged) {
      const answers = await sendMail(any(ports), account, { pieces }).catch(() => undefined)
      if (answers?.message?.startsWith('250')) message.acknowledged = true
      else if (!answers || answers.DATA?.startsWith('354')) message.unknown += 1
      if (!message.acknowledged) await pause(50)
    }
  }

  const sending = Array.from({ length: clients }, async (_, client) => {
    for (let number = 0; !isOver; number += 1) await deliver(`<${client}.${number}@legacy.example.com>`)
  })
  return {
    told,
    async end(): Promise<void> {
      isOver = true
      await Promise.all(sending)
    },
  }
}

describe.runIf(onPostgres)('three processes on one database', () => {
  it(`${rotations} rotations while processes are killed and the database is restarted: no reuse, no grant lost, every message once`, {
    timeout: 180_000 + rotations * 600,
  }, async () => {
    const { database, endpoint, arrived, accounts, places, store } = await setStage()
    const posterns = places.map(keepAlive)
    onTestFinished(async () => void (await Promise.all(posterns.map((one) => one.end()))))
    const began = performance.now()
    let [kills, restarts] = [0, 0]
    const client = sendOn(
      accounts,
      posterns.map(({ port }) => port),
    )
    while (endpoint.rotations() < rotations) {
      const next = endpoint.rotations() + Math.ceil(Math.random() * 2 * betweenKills)
      await until(() => endpoint.rotations() >= next && posterns.every((one) => one.isUp()))
      if (kills >= 4 * (restarts + 1)) {
        await database.stop('immediate')
        await pause(300)
        await database.start()
        restarts += 1
      } else {
        await posterns[Math.floor(Math.random() * processes)]?.kill()
        kills += 1
      }
      expect(endpoint.reused()).toEqual([])
    }
    await client.end()

    const messages = [...client.told]
    const lost = messages.filter(([id, { acknowledged }]) => acknowledged && !arrived.has(id))
    const tooOften = messages.filter(([id, { unknown }]) => (arrived.get(id) ?? 0) > 1 + unknown)
    expect({ reused: endpoint.reused(), lost, tooOften }).toEqual({ reused: [], lost: [], tooOften: [] })
    const twice = [...arrived.values()].filter((times) => times > 1).length
    const seconds = Math.round((performance.now() - began) / 1000)
    console.info(
      `${endpoint.rotations()} rotations, ${endpoint.forgiven()} lost answers forgiven, ${messages.length} messages, ${twice} of them twice, ${kills} kills, ${restarts} restarts of the database in ${seconds} s`,
    )
    // Each grant is there, and good from each process.
    for (const [place, account] of accounts.entries())
      expect(await signIn(posterns[place % processes]?.port ?? 0, account)).toMatch(/^235/)
    const opened = await openStore({ ...store, clock: systemClock, log: silentLog })
    const grants = await opened.store.grants.list()
    await opened.store.close()
    expect(grants.filter(({ state }) => state === 'active')).toHaveLength(mailboxes)
    expect(endpoint.reused()).toEqual([])
  })
})
