import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import type { Store } from '../../src/store/ports.ts'
import { failureOf, newGrant, now, openFixture } from './fixture.ts'

const printer: Address = 'printer@example.com'

async function tokenOf(store: Store): Promise<string | undefined> {
  const grant = await store.grants.ofMailbox(printer)
  return grant.state === 'absent' ? undefined : grant.refreshToken?.reveal()
}

describe('the grant store', () => {
  it('the store adopts a grant and gives it back, after a restart too', async () => {
    const { store, reopen } = await openFixture()
    expect(await store.grants.ofMailbox(printer)).toEqual({ state: 'absent' })
    const adopted = await store.grants.adopt(newGrant({ signedInAs: 'anna@example.com', subject: 'sub-1' }))
    expect(adopted).toMatchObject({
      state: 'active',
      mailbox: printer,
      version: 1,
      flow: 'authorization-code',
      signedInAs: 'anna@example.com',
      subject: 'sub-1',
      scopes: ['openid', 'https://mail.example.com/'],
      grantedAt: now,
      renewedAt: now,
    })
    await store.close()
    const again = (await reopen()).store
    expect(await again.grants.ofMailbox('Printer@Example.com')).toEqual(adopted)
    expect(await tokenOf(again)).toBe('refresh-1')
  })

  it('the store replaces an earlier grant, so that a renewal of the earlier one finds nothing', async () => {
    const { store } = await openFixture()
    const earlier = await store.grants.adopt(newGrant())
    const later = await store.grants.adopt(newGrant({ refreshToken: new Secret('refresh-2') }))
    expect(later.id).not.toBe(earlier.id)
    expect(
      await store.grants.renewed(earlier.id, earlier.version, {
        renewedAt: now,
        refreshToken: new Secret('stale'),
      }),
    ).toBeUndefined()
    expect(await tokenOf(store)).toBe('refresh-2')
  })

  it('the store refuses a grant for a mailbox that does not exist', async () => {
    const { store } = await openFixture()
    const failure = await failureOf(store.grants.adopt(newGrant({ mailbox: 'nobody@example.com' })))
    expect(failure.code).toBe('not-found')
  })

  it.each([
    ['provider', { providerId: 'microsoft' }],
    ['person', { signsInAs: 'anna@example.com' }],
  ] as const)(
    'the store refuses a consent that was judged for another %s, and the earlier grant stays',
    async (_, change) => {
      const { store } = await openFixture()
      const judgedFor = await store.mailboxes.find(printer)
      if (!judgedFor) throw new Error('no such mailbox')
      await store.grants.adopt(newGrant(), undefined, judgedFor)
      await store.mailboxes.put({ ...judgedFor, ...change })
      const before = await store.grants.ofMailbox(printer)
      const late = store.grants.adopt(newGrant({ refreshToken: new Secret('late') }), undefined, judgedFor)
      expect((await failureOf(late)).code).toBe('not-found')
      expect(await store.grants.ofMailbox(printer)).toEqual(before)
    },
  )

  it('the store keeps the old refresh token when a renewal brings none', async () => {
    const { store } = await openFixture()
    const { id } = await store.grants.adopt(newGrant())
    expect(await store.grants.renewed(id, 1, { renewedAt: now + 5 })).toMatchObject({
      version: 2,
      renewedAt: now + 5,
    })
    expect(await tokenOf(store)).toBe('refresh-1')
    await store.grants.renewed(id, 2, { renewedAt: now + 6, refreshToken: new Secret('refresh-2') })
    expect(await tokenOf(store)).toBe('refresh-2')
  })

  it.each(['renewed', 'lapse'] as const)(
    'the store changes nothing by %s when the version is not current',
    async (change) => {
      const { store } = await openFixture()
      const { id } = await store.grants.adopt(newGrant())
      await store.grants.renewed(id, 1, { renewedAt: now, refreshToken: new Secret('refresh-2') })
      const before = await store.grants.ofMailbox(printer)
      const late =
        change === 'lapse'
          ? await store.grants.lapse(id, 1, now, 'late')
          : await store.grants.renewed(id, 1, { renewedAt: now + 9, refreshToken: new Secret('late') })
      expect(late).toBeUndefined()
      expect(await store.grants.ofMailbox(printer)).toEqual(before)
      expect(await tokenOf(store)).toBe('refresh-2')
    },
  )

  it('the store lets one of many simultaneous renewals win', async () => {
    const { store } = await openFixture()
    const { id } = await store.grants.adopt(newGrant())
    const tries = Array.from({ length: 20 }, (_, n) =>
      store.grants.renewed(id, 1, { renewedAt: now, refreshToken: new Secret(`try-${n}`) }),
    )
    const won = (await Promise.all(tries)).filter((grant) => grant !== undefined)
    expect(won).toHaveLength(1)
    expect(await tokenOf(store)).toBe(won[0]?.refreshToken?.reveal())
  })

  it.each(['{"id":"lapse.moved', '{"id":"nobody.knows","values":{}}', '{"id":1}', '{'])(
    'the words of a provider stay as they are: %s',
    async (words) => {
      const { store } = await openFixture()
      const { id } = await store.grants.adopt(newGrant())
      const lapsed = await store.grants.lapse(id, 1, now, words)
      expect(lapsed?.reason).toBe(words)
      expect(lapsed).not.toHaveProperty('reasonText')
    },
  )

  it('the store marks a lapsed grant with its reason and keeps its refresh token', async () => {
    const { store } = await openFixture()
    const { id } = await store.grants.adopt(newGrant())
    const lapsed = await store.grants.lapse(id, 1, now + 1, 'withdrawn at the provider')
    expect(lapsed).toMatchObject({
      state: 'lapsed',
      since: now + 1,
      reason: 'withdrawn at the provider',
      version: 2,
    })
    expect(await store.grants.ofMailbox(printer)).toEqual(lapsed)
    expect(await tokenOf(store)).toBe('refresh-1')
    const active = await store.grants.renewed(id, 2, { renewedAt: now + 2 })
    expect(active?.state).toBe('active')
    expect(active).not.toHaveProperty('reason')
  })
})

describe('a grant that its provider has refused', () => {
  const mistyped = { clientId: 'mistyped', tokenEndpoint: 'https://login.example.com/token' }

  it('a refused grant is listed with when and to whom it was refused, until it is accepted again', async () => {
    const { store } = await openFixture()
    const givenTo = { clientId: 'postern', tenant: 'common' }
    const { id } = await store.grants.adopt(newGrant({ givenTo }))
    expect(await store.grants.refused(10)).toEqual([])
    await store.grants.lapse(id, 1, now + 1, 'invalid_grant')
    const again = await store.grants.lapse(id, 2, now + 9, 'invalid_grant: still', mistyped)
    const refused = { at: now + 9, to: mistyped }
    expect(again).toMatchObject({ since: now + 1, reason: 'invalid_grant: still', refused, givenTo })
    expect(await store.grants.refused(10)).toEqual([{ mailbox: printer, providerId: 'google', refused }])

    const renewed = { renewedAt: now + 10, refreshToken: new Secret('refresh-2'), givenTo: mistyped }
    expect(await store.grants.renewed(id, 3, renewed)).toMatchObject({ state: 'active', givenTo: mistyped })
    expect(await store.grants.ofMailbox(printer)).not.toHaveProperty('refused')
    expect(await store.grants.refused(10)).toEqual([])
  })

  it.each([
    ['the mailbox moves', { providerId: 'microsoft' }],
    ['another person has to sign in', { signsInAs: 'anna@example.com' }],
  ] as const)(
    'a refused grant is never tried again once %s, also when that is taken back',
    async (_what, change) => {
      const { store } = await openFixture()
      const { id } = await store.grants.adopt(newGrant())
      await store.grants.lapse(id, 1, now + 1, 'invalid_grant')
      const mailbox = { address: printer, providerId: 'google', createdAt: now }
      await store.mailboxes.put({ ...mailbox, ...change })
      expect(await store.grants.refused(10)).toEqual([])
      await store.mailboxes.put(mailbox)
      expect(await store.grants.refused(10)).toEqual([])
      const kept = await store.grants.ofMailbox(printer)
      expect(kept).toMatchObject({ state: 'lapsed', since: now + 1 })
      expect(kept).not.toHaveProperty('refused')
    },
  )

  it('the grant refused longest ago comes first', async () => {
    const { store } = await openFixture()
    const first = await store.grants.adopt(newGrant({ mailbox: 'cron@example.com' }))
    const second = await store.grants.adopt(newGrant())
    await store.grants.lapse(second.id, 1, now + 1, 'invalid_grant')
    await store.grants.lapse(first.id, 1, now + 2, 'invalid_grant')
    expect((await store.grants.refused(10)).map(({ mailbox }) => mailbox)).toEqual([
      printer,
      'cron@example.com',
    ])
    expect(await store.grants.refused(1)).toHaveLength(1)
  })
})

describe('a consent link in an adoption', () => {
  const link = {
    id: 'link',
    hash: 'h',
    mailbox: printer,
    requestedBy: 'anna',
    createdAt: now,
    expiresAt: now + 1000,
  }

  it('a consent link is used up by the adoption', async () => {
    const { store, clock } = await openFixture()
    await store.consentLinks.add(link)
    clock.set(now + 999)
    await store.grants.adopt(newGrant(), 'link')
    expect(await store.consentLinks.find('link')).toEqual({ ...link, usedAt: now + 999 })
  })

  it.each([
    ['unknown', { mailbox: printer, linkId: 'none', at: now, used: false }],
    ["another mailbox's", { mailbox: 'cron@example.com', linkId: 'link', at: now, used: false }],
    ['expired', { mailbox: printer, linkId: 'link', at: now + 1000, used: false }],
    ['used', { mailbox: printer, linkId: 'link', at: now, used: true }],
  ] as const)(
    'a consent link that is %s refuses the adoption, and the earlier grant stays',
    async (_, { mailbox, linkId, at, used }) => {
      const { store, clock } = await openFixture()
      await store.grants.adopt(newGrant({ mailbox }))
      await store.consentLinks.add(used ? { ...link, usedAt: now } : link)
      const before = [await store.grants.ofMailbox(mailbox), await store.consentLinks.find('link')]
      clock.set(at)
      const late = store.grants.adopt(newGrant({ mailbox, refreshToken: new Secret('late') }), linkId)
      expect((await failureOf(late)).code).toBe('not-found')
      expect([await store.grants.ofMailbox(mailbox), await store.consentLinks.find('link')]).toEqual(before)
    },
  )

  it('a consent link lets one of two simultaneous consents through', async () => {
    const { store } = await openFixture()
    await store.consentLinks.add(link)
    const both = await Promise.allSettled([
      store.grants.adopt(newGrant(), 'link'),
      store.grants.adopt(newGrant(), 'link'),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('a grant without a person', () => {
  it('an app-only grant has no refresh token, and is not renewed for being idle', async () => {
    const { store } = await openFixture()
    const { refreshToken: _, ...consent } = newGrant()
    await store.grants.adopt({ ...consent, flow: 'client-credentials' })
    expect(await store.grants.ofMailbox('printer@example.com')).not.toHaveProperty('refreshToken')
    expect(await store.grants.unusedSince(now + 1, 10)).toEqual([])
  })
})

describe('idle grants', () => {
  it('idle grants are named with the longest unused first, as many as are asked for', async () => {
    const { store } = await openFixture()
    await store.grants.adopt(newGrant({ renewedAt: now - 1 }))
    await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', renewedAt: now - 2 }))
    expect(await store.grants.unusedSince(now, 10)).toEqual(['cron@example.com', 'printer@example.com'])
    expect(await store.grants.unusedSince(now, 1)).toEqual(['cron@example.com'])
    expect(await store.grants.unusedSince(now - 1, 10)).toEqual(['cron@example.com'])
  })
})

describe('grants whose refresh token ends', () => {
  it('grants that end are named when half of the time to it is over, the next to end first', async () => {
    const { store } = await openFixture()
    const hour = 3_600_000
    await store.grants.adopt(newGrant({ renewedAt: now, refreshTokenEndsAt: now + hour }))
    await store.grants.adopt(
      newGrant({ mailbox: 'cron@example.com', renewedAt: now, refreshTokenEndsAt: now + 1.5 * hour }),
    )
    const named = (passed: number, most = 10) => store.grants.endingBy(now + passed * hour, most)
    expect(await named(0.5)).toEqual([])
    expect(await named(0.6)).toEqual(['printer@example.com'])
    expect(await named(0.9)).toEqual(['printer@example.com', 'cron@example.com'])
    expect(await named(0.9, 1)).toEqual(['printer@example.com'])
    expect(await named(1.2)).toEqual(['cron@example.com'])
    const grant = await store.grants.ofMailbox('printer@example.com')
    if (grant.state !== 'active') throw new Error(grant.state)
    await store.grants.renewed(grant.id, 1, {
      renewedAt: now + 0.6 * hour,
      refreshTokenEndsAt: now + 1.6 * hour,
    })
    expect(await named(0.9)).toEqual(['cron@example.com'])
  })

  it('grants that end are left alone for five minutes after a renewal, and where no end is known', async () => {
    const { store } = await openFixture()
    await store.grants.adopt(newGrant({ renewedAt: now, refreshTokenEndsAt: now + 400_000 }))
    await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', renewedAt: 0 }))
    expect(await store.grants.endingBy(now + 299_999, 10)).toEqual([])
    expect(await store.grants.endingBy(now + 300_000, 10)).toEqual(['printer@example.com'])
  })
})

describe('the end of a refresh token', () => {
  it('the end is kept until another one is told, or another token comes', async () => {
    const { store } = await openFixture()
    const { id } = await store.grants.adopt(newGrant({ refreshTokenEndsAt: now + 9 }))
    expect(await store.grants.renewed(id, 1, { renewedAt: now })).toMatchObject({
      refreshTokenEndsAt: now + 9,
    })
    const renewed = await store.grants.renewed(id, 2, { renewedAt: now, refreshToken: new Secret('second') })
    expect(renewed).not.toHaveProperty('refreshTokenEndsAt')
  })
})

describe('the list of grants', () => {
  it('the list names provider and mailbox, and holds no token', async () => {
    const { store } = await openFixture()
    await store.grants.adopt(newGrant())
    const [grant] = await store.grants.list()
    expect(grant).toMatchObject({ mailbox: 'printer@example.com', providerId: 'google', state: 'active' })
    expect(grant).not.toHaveProperty('refreshToken')
  })

  it.each<[string, string[], string[]]>([
    ['lapsed or said to end', [], ['cron@example.com', 'lapsed@example.com']],
    [
      'lapsed, said to end, or at one of these providers',
      ['yahoo'],
      ['cron@example.com', 'lapsed@example.com', 'y@example.com'],
    ],
  ])('the list names only those on request that are %s', async (_, providers, mailboxes) => {
    const { store } = await openFixture()
    await store.mailboxes.add({ address: 'lapsed@example.com', providerId: 'google', createdAt: now })
    await store.mailboxes.add({ address: 'y@example.com', providerId: 'yahoo', createdAt: now })
    await store.grants.adopt(newGrant())
    await store.grants.adopt(newGrant({ mailbox: 'y@example.com' }))
    await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', refreshTokenEndsAt: now + 9 }))
    const { id } = await store.grants.adopt(newGrant({ mailbox: 'lapsed@example.com' }))
    await store.grants.lapse(id, 1, now, 'invalid_grant')
    const found = await store.grants.lapsedOrEnding(providers)
    expect(found.map(({ mailbox }) => mailbox)).toEqual(mailboxes)
    const all = await store.grants.list()
    expect(found).toEqual(all.filter(({ mailbox }) => mailboxes.includes(mailbox)))
    for (const grant of found) expect(grant).not.toHaveProperty('refreshToken')
  })
})
