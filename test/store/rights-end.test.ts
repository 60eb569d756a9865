import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import type { Scope } from '../../src/model/api-key.ts'
import type { Mailbox } from '../../src/model/mailbox.ts'
import type { Store } from '../../src/store/ports.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { failureOf, newGrant, now, openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

const domain = { address: '*@example.org', providerId: 'microsoft', createdAt: now } as const
const own = { address: 'ceo@example.org', providerId: 'google', createdAt: now } as const
const printer: Address = 'printer@example.com'

const addKey = (store: Store, id: string, ...scopes: Scope[]) =>
  store.apiKeys.add({ id, name: id, hash: 'h', createdAt: now, scopes })

async function keysOf(store: Store) {
  const keys = await store.apiKeys.list()
  return Object.fromEntries(
    keys.map(({ id, scopes, revokedAt }) => [id, revokedAt === undefined ? scopes : 'revoked']),
  )
}

async function find(store: Store, address: Address): Promise<Mailbox> {
  const mailbox = await store.mailboxes.find(address)
  if (!mailbox) throw new Error(`no mailbox ${address}`)
  return mailbox
}

describe('what an API key may do for mailboxes of a domain', () => {
  it('the right ends with the domain, whichever of its addresses was named, and stays where an entry of its own is', async () => {
    const { store, clock } = await openFixture()
    await store.mailboxes.add(domain)
    await store.mailboxes.add(own)
    await addKey(store, 'whole', 'token:*@example.org')
    await addKey(store, 'personal', 'send:*@example.org+personal')
    await addKey(store, 'one', 'token:Anybody@example.org', 'send:anybody@example.org')
    await addKey(store, 'more', 'read', 'token:anybody@example.org', 'token:printer@example.com')
    await addKey(store, 'own', 'token:ceo@example.org')
    clock.set(now + 5)
    await store.mailboxes.remove('*@EXAMPLE.org')
    expect(await keysOf(store)).toEqual({
      whole: 'revoked',
      personal: 'revoked',
      one: 'revoked',
      more: ['read', 'token:printer@example.com'],
      own: ['token:ceo@example.org'],
    })
    // What it was for is still to be seen, and does not come back with another mailbox of that name.
    await store.mailboxes.add(domain)
    expect(await store.apiKeys.find('whole')).toMatchObject({
      scopes: ['token:*@example.org'],
      revokedAt: now + 5,
    })
  })

  it.each(['add', 'put'] as const)(
    'the right does not reach an entry that one of them gets of its own (%s)',
    async (verb) => {
      const { store } = await openFixture()
      await store.mailboxes.add(domain)
      await addKey(store, 'one', 'token:ceo@example.org')
      await addKey(store, 'two', 'send:CEO@example.org', 'send:other@example.org')
      await store.mailboxes[verb](own)
      expect(await keysOf(store)).toEqual({ one: 'revoked', two: ['send:other@example.org'] })
      await addKey(store, 'three', 'token:ceo@example.org')
      await store.mailboxes.put({ ...own, aliases: ['boss@example.org'] })
      expect(await keysOf(store)).toMatchObject({ three: ['token:ceo@example.org'] })
    },
  )

  it('the right cannot be given for a mailbox that has gone meanwhile', async () => {
    const { store } = await openFixture()
    expect((await failureOf(addKey(store, 'late', 'read', 'token:gone@example.com'))).code).toBe('not-found')
    expect(await store.apiKeys.list()).toEqual([])
  })
})

describe('a grant', () => {
  it('a grant lapses when its mailbox is for another person, and not for the same one in other letters', async () => {
    const { store } = await openFixture()
    await store.grants.adopt(newGrant())
    const mailbox = { address: printer, providerId: 'google', createdAt: now }
    await store.mailboxes.put({ ...mailbox, signsInAs: 'PRINTER@example.com' })
    expect(await store.grants.ofMailbox(printer)).toMatchObject({ state: 'active' })
    await store.mailboxes.put({ ...mailbox, signsInAs: 'anna@example.com' })
    expect(await store.grants.ofMailbox(printer)).toMatchObject({ state: 'lapsed' })
  })

  it('an app-only grant goes when a person is to consent', async () => {
    const { store } = await openFixture()
    const { refreshToken: _, ...withoutPerson } = newGrant({ flow: 'client-credentials' })
    const mailbox = { address: printer, providerId: 'google', createdAt: now }
    await store.mailboxes.put(mailbox, withoutPerson)
    expect(await store.grants.ofMailbox(printer)).toMatchObject({ state: 'active' })
    await store.mailboxes.put(mailbox)
    expect(await store.grants.ofMailbox(printer)).toEqual({ state: 'absent' })
  })

  it('a grant comes with its mailbox or not at all', async () => {
    const { store } = await openFixture()
    const again = store.mailboxes.add({ address: printer, providerId: 'other', createdAt: now }, newGrant())
    expect((await failureOf(again)).code).toBe('already-exists')
    expect(await store.grants.ofMailbox(printer)).toEqual({ state: 'absent' })
  })

  it('a grant names the provider that gave it, also after its mailbox has moved', async () => {
    const { store } = await openFixture()
    await store.grants.adopt(newGrant())
    await store.mailboxes.put({ address: printer, providerId: 'microsoft', createdAt: now })
    expect(await store.grants.ofMailbox(printer)).toMatchObject({ state: 'lapsed', providerId: 'google' })
    expect(await store.grants.list()).toMatchObject([{ providerId: 'google' }])
    expect(await store.grants.standing(printer)).toMatchObject({
      providerId: 'microsoft',
      grant: { state: 'lapsed', providerId: 'google' },
    })
  })
})

describe('a consent that is under way', () => {
  const late = newGrant({ refreshToken: new Secret('late') })

  it('a consent is nothing to a mailbox that was removed and added again meanwhile', async () => {
    const { store } = await openFixture()
    const judgedFor = await find(store, printer)
    await store.mailboxes.remove(printer)
    const { terms: _, ...same } = judgedFor
    await store.mailboxes.add(same)
    expect((await failureOf(store.grants.adopt(late, undefined, judgedFor))).code).toBe('not-found')
    expect(await store.grants.ofMailbox(printer)).toEqual({ state: 'absent' })
  })

  it('a consent is nothing to a mailbox that an app sends for meanwhile', async () => {
    const { store } = await openFixture()
    const judgedFor = await find(store, printer)
    const { refreshToken: _, ...withoutPerson } = newGrant({ flow: 'client-credentials' })
    await store.mailboxes.put(judgedFor, withoutPerson)
    expect((await failureOf(store.grants.adopt(late, undefined, judgedFor))).code).toBe('not-found')
    expect(await store.grants.ofMailbox(printer)).toMatchObject({ flow: 'client-credentials' })
  })

  it.each([
    ['provider', { providerId: 'microsoft' }, 0],
    ['person', { signsInAs: 'anna@example.com' }, 0],
    ['alias', { aliases: ['scan@example.com'] }, 1],
  ] as const)(
    'a consent ends with its open links when the mailbox gets another %s',
    async (_what, change, left) => {
      const { store } = await openFixture()
      const begun = { mailbox: printer, createdAt: now, expiresAt: now + 60_000 }
      await store.consentLinks.add({ ...begun, id: 'link', hash: 'h', requestedBy: 'x' })
      const [codeVerifier, nonce] = [new Secret('v'), new Secret('n')]
      await store.pendingConsents.add({ ...begun, stateHash: 's', browserHash: 'b', codeVerifier, nonce })
      await store.mailboxes.put({ address: printer, providerId: 'google', createdAt: now, ...change })
      expect(await store.consentLinks.list()).toHaveLength(left)
      expect(await store.pendingConsents.take('s', 'b')).toEqual(left ? expect.anything() : undefined)
    },
  )
})

it('a database in which rights have outlived their mailbox is mended when it is opened', async () => {
  const dataDir = await firstRelease()
  await changeDatabase(
    dataDir,
    `insert into api_keys (id, name, scopes, hash, created_at) values
      ('old', 'old', '["token:*@example.org"]', 'h', 1), ('half', 'half', '["read","send:a@example.org"]', 'h', 2),
      ('good', 'good', '["token:printer@example.com"]', 'h', 3);
    update grants set state = 'lapsed', lapsed_since = 1,
      lapse_reason = 'The mailbox moved from the provider google to microsoft'`,
  )
  const mended = (await openFirstRelease(dataDir)).store
  expect(await keysOf(mended)).toMatchObject({
    old: 'revoked',
    half: ['read'],
    good: ['token:printer@example.com'],
  })
  expect(await mended.grants.ofMailbox('cron@example.com')).toMatchObject({
    providerId: 'google',
    state: 'lapsed',
  })
})
