import { describe, expect, it } from 'vitest'
import { type Address, keyed } from '../../src/model/address.ts'
import { failureOf, newGrant, newLogin, now, openFixture } from './fixture.ts'

describe('the mailbox store', () => {
  it('the store keeps the aliases through a change that names none, and takes others in their place', async () => {
    const { store } = await openFixture()
    const mailbox = { address: 'printer@example.com', providerId: 'google', createdAt: now } as const
    const aliases: unknown[] = []
    for (const given of [{ aliases: ['a@example.com', 'b@example.com'] }, {}, { aliases: [] }] as const) {
      await store.mailboxes.put({ ...mailbox, ...given })
      aliases.push((await store.mailboxes.find('printer@example.com'))?.aliases)
    }
    expect(aliases).toEqual([
      ['a@example.com', 'b@example.com'],
      ['a@example.com', 'b@example.com'],
      undefined,
    ])
  })

  it('the store gives a mailbox back as it was added, however its address is written', async () => {
    const { store } = await openFixture()
    const shared = {
      address: 'Info@example.com',
      providerId: 'microsoft',
      signsInAs: 'anna@example.com',
      createdAt: now,
    } as const
    await store.mailboxes.add(shared)
    const terms = expect.any(String)
    expect(await store.mailboxes.find('iNFO@EXAMPLE.com')).toEqual({
      ...shared,
      key: 'info@example.com',
      terms,
    })
    expect(await store.mailboxes.find('other@example.com')).toBeUndefined()
    expect((await store.mailboxes.list()).map((mailbox) => mailbox.address)).toEqual([
      'cron@example.com',
      'Info@example.com',
      'printer@example.com',
    ])
  })

  it('the store keeps by which name the mail server has let a mailbox in, until one of its names is another', async () => {
    const { store } = await openFixture()
    const address = 'printer@example.com'
    const mailbox = { address, providerId: 'google', signsInAs: 'anna@example.com', createdAt: now } as const
    const accepted = async () => (await store.mailboxes.find(address))?.acceptedName
    for (const changed of [
      { saslUser: 'anna' },
      { signsInAs: 'boss@example.com' },
      { providerId: 'microsoft' },
    ] as const) {
      await store.mailboxes.put(mailbox)
      await store.mailboxes.noteAccepted('Printer@example.com', 'mailbox')
      await store.mailboxes.put({ ...mailbox, aliases: ['alias@example.com'] })
      expect(await accepted()).toBe('mailbox')
      await store.mailboxes.put({ ...mailbox, ...changed })
      expect(await store.mailboxes.find(address)).toMatchObject(changed)
      expect(await accepted()).toBeUndefined()
    }
    await store.mailboxes.noteAccepted('nobody@example.com', 'person')
    expect(await store.mailboxes.find('nobody@example.com')).toBeUndefined()
  })

  it('the store refuses a second mailbox with the same address and changes nothing', async () => {
    const { store } = await openFixture()
    const again = store.mailboxes.add({ address: 'PRINTER@example.com', providerId: 'other', createdAt: 1 })
    const failure = await failureOf(again)
    expect(failure.code).toBe('already-exists')
    expect((await store.mailboxes.find('printer@example.com'))?.providerId).toBe('google')
  })

  it('the store puts over a mailbox that exists and keeps its grant and its age', async () => {
    const { store } = await openFixture()
    const signsInAs = 'anna@example.com'
    await store.mailboxes.put({
      address: 'printer@example.com',
      providerId: 'google',
      signsInAs,
      createdAt: 1,
    })
    expect(await store.mailboxes.find('printer@example.com')).toEqual({
      ...keyed('printer@example.com'),
      providerId: 'google',
      signsInAs,
      terms: expect.any(String),
      createdAt: now,
    })
    await store.grants.adopt(newGrant())
    await store.mailboxes.put({
      address: 'printer@example.com',
      providerId: 'google',
      signsInAs: 'Anna@example.com',
      createdAt: 1,
    })
    expect((await store.grants.ofMailbox('printer@example.com')).state).toBe('active')

    await store.mailboxes.put({ address: 'printer@example.com', providerId: 'google', createdAt: 1 })
    expect(await store.mailboxes.find('printer@example.com')).not.toHaveProperty('signsInAs')
    await store.mailboxes.put({ address: 'new@example.com', providerId: 'google', createdAt: 1 })
    expect((await store.mailboxes.find('new@example.com'))?.createdAt).toBe(1)
  })

  it("the grant of a mailbox that moves to another provider lapses, as a renewal's answer finds", async () => {
    const { store } = await openFixture()
    const { id, version } = await store.grants.adopt(newGrant())
    await store.mailboxes.put({ address: 'printer@example.com', providerId: 'microsoft', createdAt: 1 })
    const reason = 'The mailbox moved from the provider google to microsoft'
    const reasonText = { id: 'lapse.moved', values: { before: 'google', after: 'microsoft' } }
    const lapsed = { id, state: 'lapsed', since: now, reason, reasonText, version: version + 1 }
    expect(await store.grants.ofMailbox('printer@example.com')).toMatchObject(lapsed)
    expect(await store.grants.renewed(id, version, { renewedAt: now })).toBeUndefined()
    expect(await store.grants.ofMailbox('printer@example.com')).toMatchObject(lapsed)
  })

  it('everything that was only for a mailbox is removed with it, and the rest stays', async () => {
    const { store } = await openFixture()
    const both: Address[] = ['printer@example.com', 'cron@example.com']
    await store.grants.adopt(newGrant())
    await store.grants.adopt(newGrant({ mailbox: 'cron@example.com' }))
    await store.logins.add(newLogin({ id: 'one', userName: 'one' }))
    await store.logins.add(newLogin({ id: 'both', userName: 'both', mailboxes: both }))
    const key = { name: 'script', hash: 'h', createdAt: now }
    await store.apiKeys.add({
      ...key,
      id: 'one',
      scopes: ['token:Printer@example.com', 'send:printer@example.com'],
    })
    await store.apiKeys.add({
      ...key,
      id: 'more',
      scopes: ['token:printer@example.com', 'token:cron@example.com'],
    })
    await store.apiKeys.add({ ...key, id: 'read', scopes: ['read'] })
    await store.consentLinks.add({
      id: 'link',
      hash: 'h',
      mailbox: 'printer@example.com',
      requestedBy: 'x',
      createdAt: now,
      expiresAt: now + 1,
    })

    expect(await store.mailboxes.remove('PRINTER@example.com')).toBe(true)

    expect(await store.mailboxes.find('printer@example.com')).toBeUndefined()
    expect(await store.grants.ofMailbox('printer@example.com')).toEqual({ state: 'absent' })
    expect((await store.grants.ofMailbox('cron@example.com')).state).toBe('active')
    expect((await store.logins.list()).map(({ id, mailboxes }) => ({ id, mailboxes }))).toEqual([
      { id: 'both', mailboxes: ['cron@example.com'] },
    ])
    const usable = (await store.apiKeys.list()).filter(({ revokedAt }) => revokedAt === undefined)
    expect(usable.map(({ id, scopes }) => ({ id, scopes }))).toEqual([
      { id: 'more', scopes: ['token:cron@example.com'] },
      { id: 'read', scopes: ['read'] },
    ])
    expect(await store.apiKeys.find('one')).toMatchObject({ revokedAt: now })
    expect(await store.consentLinks.list()).toEqual([])
  })

  it('the store says when there was nothing to remove', async () => {
    const { store } = await openFixture()
    expect(await store.mailboxes.remove('nobody@example.com')).toBe(false)
  })
})

describe('a domain mailbox', () => {
  it('a domain mailbox covers each address of its domain that has no mailbox of its own', async () => {
    const { store } = await openFixture()
    await store.mailboxes.add({ address: '*@example.com', providerId: 'microsoft', createdAt: now })
    expect(await store.mailboxes.covering('Anybody@example.com')).toMatchObject({
      address: 'Anybody@example.com',
      coveredBy: '*@example.com',
      providerId: 'microsoft',
    })
    expect(await store.mailboxes.covering('cron@example.com')).not.toHaveProperty('coveredBy')
    expect(await store.mailboxes.covering('*@example.com')).not.toHaveProperty('coveredBy')
    expect(await store.mailboxes.covering('anybody@sub.example.com')).toBeUndefined()
    expect(await store.mailboxes.covering('@')).toBeUndefined()
  })
})
