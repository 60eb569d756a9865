import { describe, expect, it } from 'vitest'
import type { Provider } from '../../src/providers/provider.ts'
import type { ServerCapabilityStore, Store } from '../../src/store/ports.ts'
import { createKnownCapabilities } from '../../src/upstream/known-capabilities.ts'
import type { Capabilities } from '../../src/wire/envelope.ts'
import { failureAs } from '../support/made-failure.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const able = { eightBitMime: true, smtpUtf8: true, dsn: true, enhancedStatusCodes: true }
const unable = { eightBitMime: false, smtpUtf8: false, dsn: false, enhancedStatusCodes: false }
const others = { pipelining: true, chunking: true, startTls: false, mechanisms: ['XOAUTH2'] }
const ehlo = (offered: Partial<Capabilities>): Capabilities => ({ ...unable, ...others, ...offered })

function providerOf(id: string, host = `smtp.${id}.example`): Provider {
  const usual = registeredProvider()
  return {
    ...usual,
    id,
    submission: { ...usual.submission, host },
    knownCapabilities: { ...unable, ...others },
  }
}

const [large, small] = [providerOf('large'), providerOf('small')]

function open(
  store: Store,
  serverCapabilities: ServerCapabilityStore = store.serverCapabilities,
  providers = [large, small],
) {
  const log = createRecordingLog()
  const catalogue = { list: () => providers.map((provider) => ({ provider, registered: true })) }
  return {
    offers: createKnownCapabilities({ catalogue, mailboxes: store.mailboxes, serverCapabilities, log }),
    log,
  }
}

async function storeWith(...providerIds: string[]): Promise<Store> {
  const store = createMemoryStore()
  for (const providerId of providerIds)
    await store.mailboxes.add({ address: `me@${providerId}.example`, providerId, createdAt: 0 })
  return store
}

describe('what is offered before anybody has said who it is', () => {
  it('the offer is the same after a restart, before anybody has signed in', async () => {
    const store = await storeWith('large')
    const before = open(store).offers
    await before.refresh()
    before.heard(large, ehlo({ ...able, size: 4711 }))
    expect(before.of()).toEqual({ ...able, size: 4711 })
    await before.close()
    const after = open(store).offers
    await after.refresh()
    expect(after.of()).toEqual({ ...able, size: 4711 })
    expect(after.of(large)).toEqual({ ...able, size: 4711 })
  })

  it('the offer does not depend on providers that there is no mailbox of, and does as soon as there is one', async () => {
    const store = await storeWith('large')
    const { offers } = open(store)
    await offers.refresh()
    offers.heard(large, ehlo({ ...able, size: 9 }))
    expect(offers.of()).toEqual({ ...able, size: 9 })
    await store.mailboxes.add({ address: 'me@small.example', providerId: 'small', createdAt: 0 })
    await offers.refresh()
    expect(offers.of()).toEqual(unable)
    offers.heard(small, ehlo({ ...able, dsn: false, size: 7 }))
    expect(offers.of()).toEqual({ ...able, dsn: false, size: 7 })
    await store.mailboxes.remove('me@small.example')
    await offers.refresh()
    expect(offers.of()).toEqual({ ...able, size: 9 })
  })

  it('the offer is what all that are registered can do as long as there is no mailbox', async () => {
    const { offers } = open(await storeWith())
    await offers.refresh()
    offers.heard(large, ehlo(able))
    expect(offers.of()).toEqual(unable)
  })

  it('the offer is not what another server of the same provider said', async () => {
    const store = await storeWith('large')
    const before = open(store).offers
    before.heard(large, ehlo(able))
    await before.close()
    const moved = open(store, store.serverCapabilities, [
      providerOf('large', 'smtp.elsewhere.example'),
    ]).offers
    await moved.refresh()
    expect(moved.of()).toEqual(unable)
  })

  it('the offer is what was heard last, and kept only where it is something else', async () => {
    const store = await storeWith('large')
    const kept: unknown[] = []
    const serverCapabilities = {
      ...store.serverCapabilities,
      put: async (offer: { size?: number }) => void kept.push(offer.size),
    }
    const { offers } = open(store, serverCapabilities)
    await offers.refresh()
    for (const size of [5, 5, 6, 6, undefined, 5])
      offers.heard(large, ehlo({ ...able, ...(size && { size }) }))
    await offers.close()
    expect(kept).toEqual([5, 6, undefined, 5])
    expect(offers.of().size).toBe(5)
  })

  it('the offer stays what it is while the store does not answer', async () => {
    const store = await storeWith('large')
    const broken = async () => {
      throw failureAs('store-unavailable', 'no store')
    }
    const { offers, log } = open(store, { list: broken, put: broken })
    await offers.refresh()
    offers.heard(large, ehlo(able))
    await offers.close()
    expect(offers.of(large)).toEqual(able)
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
  })
})
