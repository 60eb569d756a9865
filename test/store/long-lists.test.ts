import { describe, expect, it } from 'vitest'
import type { Address, AddressKey } from '../../src/model/address.ts'
import { newGrant, now, openFixture } from './fixture.ts'

describe('a list of many mailboxes', () => {
  it('a list has each mailbox once, with its grant, and lets others have their turn between its parts', async () => {
    const { store } = await openFixture()
    const before = (await store.mailboxes.list()).length
    const grantsBefore = (await store.grants.list()).length
    const count = 600
    for (let number = 0; number < count; number += 1) {
      const address: Address = `user${number}@example.org`
      await store.mailboxes.add(
        { address, providerId: 'google', createdAt: now },
        newGrant({ mailbox: address }),
      )
    }
    let turns = 0
    let listing = true
    const take = () => {
      turns += 1
      if (listing) setImmediate(take)
    }
    setImmediate(take)
    const mailboxes = await store.mailboxes.list()
    const grants = await store.grants.list()
    const together = await store.mailboxes.listWithGrants()
    const addresses = await store.mailboxes.addresses()
    listing = false
    expect(new Set(mailboxes.map(({ address }) => address)).size).toBe(before + count)
    expect(new Set(grants.map(({ mailbox }) => mailbox)).size).toBe(grantsBefore + count)
    expect(together.map(({ grant, ...mailbox }) => mailbox)).toEqual(mailboxes)
    expect(addresses).toEqual(mailboxes.map(({ address }) => address))
    const keys = mailboxes.map(({ key }) => key)
    const some = [...keys.slice(0, 250), 'nobody@example.com' as AddressKey].reverse()
    expect(await store.mailboxes.listWithGrants(some)).toEqual(together.slice(0, 250))
    expect(await store.mailboxes.listWithGrants([])).toEqual([])
    expect(together.flatMap(({ grant = [] }) => grant)).toEqual(grants)
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})
