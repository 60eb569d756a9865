import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { EndpointPause } from '../../src/grants/token-broker.ts'
import { type Address, addressKey, parseAddress } from '../../src/model/address.ts'
import { createNotices } from '../../src/notices/create-notices.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { openStore } from '../../src/store/store.ts'
import { newGrant, newPlace, now, onPostgres, type Place } from '../store/fixture.ts'
import { eventually } from '../support/eventually.ts'

const built = join(import.meta.dirname, '../../dist')
const isBuilt = existsSync(join(built, 'store/store.js'))
const catalogue = createCatalogue({ registrations: {}, customProviders: [], providerOverrides: new Map() })

/** Three processes with the notices that each would send. */
async function openThree(place: Place) {
  const heard: string[] = []
  const pauses: EndpointPause[][] = [[], [], []]
  const open = async (index: number) => {
    const { store, passing, others } = await openStore({ ...place, clock: systemClock, log: silentLog })
    onTestFinished(() => store.close())
    if (!others) throw new Error('there is only one process')
    let looks = 0
    const notices = createNotices({
      notify: { webhook: { url: new URL('https://hooks.example/x'), secret: new Secret('a'.repeat(32)) } },
      store,
      catalogue,
      tokens: { pauses: () => pauses[index] ?? [], unstored: () => [], tryAgain: async () => {} },
      relay: {
        begin: async () => {
          throw new Error('not asked for here')
        },
      },
      consent: {
        createLink: async (address) => ({
          ...{ id: 'l', url: 'https://x.example', mailbox: parseAddress(address), expiresAt: 'soon' },
        }),
      },
      async fetch(_url, { body }) {
        heard.push(`${index}: ${JSON.parse(String(body)).data.title}`)
        return new Response()
      },
      reminderSeconds: 86_400,
      shared: {
        chores: {
          isMine: (chore) => others.chores.isMine(chore).finally(() => (looks += 1)),
        },
        passing,
      },
      clock: systemClock,
      log: silentLog,
    })
    onTestFinished(() => notices.close())
    /** Until it has found out whether it has to look, and all that follows is done. */
    const look = async () => {
      const before = looks
      notices.lookNow()
      await eventually('a look', () => looks > before)
      await settled(notices)
    }
    return { store, look, end: () => store.close() }
  }
  return { all: [await open(0), await open(1), await open(2)] as const, heard, pauses }
}

/** A look of another process that comes later waits for the one before it. */
async function settled(notices: { close(): Promise<void> }): Promise<void> {
  await notices.close()
}

describe.runIf(onPostgres)('the notices of three processes', () => {
  it('one condition is told once, also after the one that told it has ended', async () => {
    const { all, heard } = await openThree(await newPlace())
    const [{ store }] = all
    await store.mailboxes.add({ address: 'printer@example.com', providerId: 'google', createdAt: now })
    const grant = await store.grants.adopt(newGrant())
    await store.grants.lapse(grant.id, grant.version, systemClock.now(), 'withdrawn')
    await Promise.all(all.map(({ look }) => look()))
    expect(heard).toHaveLength(1)
    const teller = Number(heard[0]?.[0])
    await all[teller]?.end()
    const left = all.filter((_, index) => index !== teller)
    for (let round = 0; round < 2; round += 1) await Promise.all(left.map(({ look }) => look()))
    expect(heard).toHaveLength(1)
    // Nothing is lost either: what comes now is told by one of those that are left.
    const other = left[0]?.store
    const again = await other?.grants.adopt(newGrant())
    await Promise.all(left.map(({ look }) => look()))
    await other?.grants.lapse(again?.id ?? '', again?.version ?? 0, systemClock.now(), 'withdrawn')
    await Promise.all(left.map(({ look }) => look()))
    expect(heard).toHaveLength(2)
  })

  it.runIf(isBuilt)(
    'what a process told before it was killed is not told again, and its work is taken over',
    async () => {
      const place = await newPlace()
      const { store } = await openStore({ ...place, clock: systemClock, log: silentLog })
      await store.mailboxes.add({ address: 'printer@example.com', providerId: 'google', createdAt: now })
      await store.mailboxes.add({ address: 'cron@example.com', providerId: 'google', createdAt: now })
      const lapse = async (mailbox: Address) => {
        const { id, version } = await store.grants.adopt(newGrant({ mailbox }))
        await store.grants.lapse(id, version, systemClock.now(), 'withdrawn')
      }
      await lapse('printer@example.com')
      const { dataDir, postgres, key } = place
      const teller = spawn(
        process.execPath,
        [join(import.meta.dirname, 'killed-teller.mjs'), built, `${dataDir}-2`].concat(
          postgres?.url.reveal() ?? '',
          key?.reveal() ?? '',
        ),
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      onTestFinished(() => void teller.kill('SIGKILL'))
      let said = ''
      teller.stdout.on('data', (chunk) => (said += String(chunk)))
      await eventually('noted', async () => (await store.notices.list()).length === 1)
      teller.kill('SIGKILL')
      await once(teller, 'close')
      expect(said).toBe('printer@example.com needs a new consent\n')
      const { all, heard } = await openThree(place)
      await lapse('cron@example.com')
      await eventually('taken over', async () => {
        await Promise.all(all.map(({ look }) => look()))
        return heard.length > 0
      })
      await Promise.all(all.map(({ look }) => look()))
      expect(heard.map((line) => line.slice(3))).toEqual(['cron@example.com needs a new consent'])
      await store.close()
    },
  )

  it('what only another process sees is told by the one that sends notices, and is over when it is', async () => {
    const { all, heard, pauses } = await openThree(await newPlace())
    await all[0].look()
    const since = systemClock.now() - 2 * 3_600_000
    const pause = { mailbox: addressKey('printer@example.com'), since, until: since, reason: 'It is away' }
    pauses[1] = [pause]
    pauses[2] = [{ ...pause, since: since + 1000 }]
    for (const { look } of all) await look()
    await all[0].look()
    expect(heard).toEqual(['0: printer@example.com gets no access token'])
    pauses[1] = []
    pauses[2] = []
    for (const { look } of all) await look()
    await all[0].look()
    expect(await all[1].store.notices.list()).toEqual([])
  })
})
