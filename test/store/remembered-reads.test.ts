import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import type { Store } from '../../src/store/ports.ts'
import { rememberReads } from '../../src/store/remembered-reads.ts'
import { newGrant, openFixture } from './fixture.ts'

const printer = 'printer@example.com'

/** The real store: what it is asked is counted, and an answer of `find` waits while it is held. */
async function countedStore() {
  const { store } = await openFixture()
  const asked: string[] = []
  let held: Promise<void> | undefined
  let isAway = false
  const requireThere = () => {
    if (isAway) throw failure('database.closed')
  }
  const counted: Store = {
    ...store,
    mailboxes: {
      ...store.mailboxes,
      async find(address) {
        asked.push(`find ${address}`)
        requireThere()
        const found = await store.mailboxes.find(address)
        await held
        return found
      },
      async listWithGrants(keys) {
        asked.push(`list ${keys ?? 'all'}`)
        const found = await store.mailboxes.listWithGrants(keys)
        await held
        return found
      },
      async covering(address) {
        asked.push(`covering ${address}`)
        return store.mailboxes.covering(address)
      },
    },
    grants: {
      ...store.grants,
      async standing(address) {
        asked.push(`standing ${address}`)
        requireThere()
        return store.grants.standing(address)
      },
    },
  }
  return {
    ...rememberReads(counted),
    asked,
    goAway() {
      isAway = true
    },
    hold(): () => void {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = undefined
        release()
      }
    },
  }
}

describe('reads that are remembered', () => {
  it('the database is asked once for what each message asks', async () => {
    const { store, asked } = await countedStore()
    for (let message = 0; message < 3; message += 1) {
      expect(await store.mailboxes.find(printer)).toMatchObject({ address: printer })
      expect(await store.mailboxes.covering(printer)).toMatchObject({ address: printer })
      expect(await store.mailboxes.find('nobody@example.com')).toBeUndefined()
      expect(await store.grants.standing(printer)).toMatchObject({ providerId: 'google' })
    }
    expect(asked).toEqual([
      `find ${printer}`,
      `covering ${printer}`,
      'find nobody@example.com',
      `standing ${printer}`,
    ])
  })

  it('a change to a mailbox is seen by the next read', async () => {
    const { store } = await countedStore()
    const mailbox = await store.mailboxes.find(printer)
    await store.mailboxes.put({ ...mailbox, address: printer, createdAt: 0, providerId: 'microsoft' })
    expect(await store.mailboxes.find(printer)).toMatchObject({ providerId: 'microsoft' })
    await store.mailboxes.noteAccepted(printer, 'mailbox')
    expect(await store.mailboxes.find(printer)).toMatchObject({ acceptedName: 'mailbox' })
    await store.mailboxes.remove(printer)
    expect(await store.mailboxes.find(printer)).toBeUndefined()
    expect(await store.mailboxes.covering(printer)).toBeUndefined()
  })

  it('a mailbox that is added is seen by the next read, also by that of its domain', async () => {
    const { store } = await countedStore()
    expect(await store.mailboxes.covering('ann@example.org')).toBeUndefined()
    await store.mailboxes.add({ address: '*@example.org', providerId: 'google', createdAt: 0 })
    expect(await store.mailboxes.covering('ann@example.org')).toMatchObject({ coveredBy: '*@example.org' })
  })

  it('a grant that is adopted, or lapses, is seen by the next read', async () => {
    const { store } = await countedStore()
    expect((await store.grants.standing(printer))?.grant).toBeUndefined()
    const { id, version } = await store.grants.adopt(newGrant())
    expect(await store.grants.standing(printer)).toMatchObject({ grant: { id, state: 'active' } })
    await store.grants.lapse(id, version, 1, 'revoked')
    expect(await store.grants.standing(printer)).toMatchObject({ grant: { id, state: 'lapsed' } })
  })

  it('while a change is under way the database is asked, and its answer is not kept', async () => {
    const { store, asked } = await countedStore()
    await store.mailboxes.find(printer)
    const removal = store.mailboxes.remove(printer)
    const [during] = await Promise.all([store.mailboxes.find(printer), removal])
    expect([printer, undefined]).toContain(during?.address)
    expect(await store.mailboxes.find(printer)).toBeUndefined()
    expect(asked).toHaveLength(3)
  })

  it('an answer from before a change that comes after it is not kept', async () => {
    const { store, hold } = await countedStore()
    const release = hold()
    const early = store.mailboxes.find(printer)
    await store.mailboxes.covering(printer)
    await store.mailboxes.remove(printer)
    release()
    expect(await early).toMatchObject({ address: printer })
    expect(await store.mailboxes.find(printer)).toBeUndefined()
  })

  it('a change that fails leaves nothing remembered', async () => {
    const { store, asked } = await countedStore()
    await store.mailboxes.find(printer)
    await expect(
      store.mailboxes.add({ address: printer, providerId: 'google', createdAt: 0 }),
    ).rejects.toThrow('exists already')
    await store.mailboxes.find(printer)
    expect(asked).toHaveLength(2)
  })

  it('nobody can change what others are answered', async () => {
    const { store } = await countedStore()
    const mailbox = await store.mailboxes.find(printer)
    expect(() => Object.assign(mailbox ?? {}, { providerId: 'other' })).toThrow(TypeError)
  })
})

describe('while the database is away', () => {
  it('what was forgotten counts again, where nobody can have lost anything', async () => {
    const { store, forget, goAway } = await countedStore()
    const { id, version } = await store.grants.adopt(newGrant())
    await store.mailboxes.find(printer)
    await store.grants.standing(printer)
    await store.grants.renewed(id, version, { renewedAt: 7 })
    await store.mailboxes.remove('cron@example.com')
    forget(['cron@example.com'])
    goAway()
    expect(await store.mailboxes.find(printer)).toMatchObject({ address: printer })
    expect(await store.grants.standing(printer)).toMatchObject({ grant: { id } })
    await expect(store.mailboxes.find('nobody@example.com')).rejects.toThrow()
  })

  it.each<[string, (of: Awaited<ReturnType<typeof countedStore>>) => unknown]>([
    ['it was changed', ({ store }) => store.mailboxes.remove(printer)],
    ['its grant lapsed', ({ store }) => store.grants.lapse('of nobody', 1, 1, 'revoked')],
    ['another process changed it', ({ forget }) => forget(['Printer@Example.com'])],
    ['another process changed its domain', ({ forget }) => forget(['*@example.com'])],
    ['another process may have changed anything', ({ forget }) => forget()],
    [
      'another process changed very many',
      ({ forget }) => forget(Array.from({ length: 1001 }, (_, index) => `${index}@example.net` as const)),
    ],
  ])('nothing is answered of a mailbox from before %s', async (_, change) => {
    const counted = await countedStore()
    const { store, goAway } = counted
    await store.mailboxes.find(printer)
    await change(counted)
    goAway()
    await expect(store.mailboxes.find(printer)).rejects.toThrow()
  })
})

describe('the list of mailboxes, remembered', () => {
  it('it is read once, and then only what was changed, in its order', async () => {
    const { store, asked } = await countedStore()
    const all = await store.mailboxes.listWithGrants()
    expect(await store.mailboxes.listWithGrants()).toEqual(all)
    const { id, version } = await store.grants.adopt(newGrant())
    expect(await grantOf(store, printer)).toMatchObject({ id, state: 'active' })
    await store.grants.renewed(id, version, { renewedAt: 7, givenTo: undefined } as never)
    expect(await grantOf(store, printer)).toMatchObject({ renewedAt: 7 })
    await store.mailboxes.add({ address: 'a@example.com', providerId: 'google', createdAt: 0 })
    const addresses = (await store.mailboxes.listWithGrants()).map(({ address }) => address)
    expect(addresses).toEqual(['a@example.com', ...all.map(({ address }) => address)])
    await store.mailboxes.remove('A@example.com')
    expect(await store.mailboxes.listWithGrants()).toHaveLength(all.length)
    expect(asked).toEqual([
      'list all',
      `list ${printer}`,
      `list ${printer}`,
      'list a@example.com',
      'list a@example.com',
    ])
  })

  it('the very same row is given as long as nothing has changed it', async () => {
    const { store } = await countedStore()
    const [first, second] = await store.mailboxes.listWithGrants()
    await store.mailboxes.noteAccepted(first?.address ?? printer, 'mailbox')
    const [changed, same] = await store.mailboxes.listWithGrants()
    expect(changed).not.toBe(first)
    expect(second).toBeDefined()
    expect(same).toBe(second)
    expect(() => Object.assign(same ?? {}, { providerId: 'other' })).toThrow(TypeError)
  })

  it('all of it is read again when another process may have changed anything', async () => {
    const { store, forget, asked } = await countedStore()
    await store.mailboxes.listWithGrants()
    forget()
    await store.mailboxes.listWithGrants()
    expect(asked).toEqual(['list all', 'list all'])
  })

  it('all of it is read again after a change that may be about any mailbox', async () => {
    const { store, asked } = await countedStore()
    await store.mailboxes.listWithGrants()
    // A grant that was never in the list.
    await store.grants.lapse('unknown', 1, 1, 'revoked')
    await store.mailboxes.listWithGrants()
    expect(asked).toEqual(['list all', 'list all'])
  })

  it('what was read before a change, or during it, does not stay', async () => {
    const { store, hold } = await countedStore()
    await store.mailboxes.listWithGrants()
    await store.mailboxes.noteAccepted(printer, 'mailbox')
    const release = hold()
    const early = store.mailboxes.listWithGrants()
    const removal = store.mailboxes.remove(printer)
    const late = store.mailboxes.listWithGrants()
    await removal
    release()
    await early
    const has = (list: readonly { address: string }[]) => list.some(({ address }) => address === printer)
    expect(has(await late)).toBe(false)
    expect(has(await store.mailboxes.listWithGrants())).toBe(false)
  })

  it('an answer that was asked for before all was forgotten does not stay', async () => {
    const { store, forget, hold, asked } = await countedStore()
    const release = hold()
    const early = store.mailboxes.listWithGrants()
    await store.mailboxes.covering(printer)
    forget()
    release()
    await early
    await store.mailboxes.listWithGrants()
    expect(asked.filter((one) => one === 'list all')).toHaveLength(2)
  })

  it('a reading that fails leaves what is known, and the next one goes on', async () => {
    const { store } = await openFixture()
    let isBroken = false
    const breaking: Store = {
      ...store,
      mailboxes: {
        ...store.mailboxes,
        listWithGrants: (keys) =>
          isBroken ? Promise.reject(new Error('broken')) : store.mailboxes.listWithGrants(keys),
      },
    }
    const { store: remembering } = rememberReads(breaking)
    await remembering.mailboxes.listWithGrants()
    await remembering.mailboxes.noteAccepted(printer, 'mailbox')
    isBroken = true
    await expect(remembering.mailboxes.listWithGrants()).rejects.toThrow('broken')
    isBroken = false
    expect(
      (await remembering.mailboxes.listWithGrants()).find(({ address }) => address === printer),
    ).toMatchObject({ acceptedName: 'mailbox' })
  })
})

async function grantOf(store: Store, mailbox: string) {
  return (await store.mailboxes.listWithGrants()).find(({ address }) => address === mailbox)?.grant
}
