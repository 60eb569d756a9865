import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import type { Login } from '../../src/model/login.ts'
import { contents, failureOf, newLogin, now, openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

describe('the login store', () => {
  it('the store keeps whether personal mailboxes of a domain are meant', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'one', userName: 'one', personal: true }))
    await store.logins.add(newLogin({ id: 'two', userName: 'two' }))
    expect(await store.logins.findByUserName('one')).toMatchObject({ personal: true })
    expect(await store.logins.findByUserName('two')).not.toHaveProperty('personal')
  })

  it('the store keeps what is mended, until that is changed, and takes it from nobody who writes in the database', async () => {
    const { store, dataDir } = await openFixture()
    await store.logins.add(newLogin({ id: 'one', userName: 'one', mending: { rewriteFrom: true } }))
    await store.logins.add(newLogin({ id: 'two', userName: 'two' }))
    expect(await store.logins.findByUserName('one')).toMatchObject({ mending: { rewriteFrom: true } })
    expect(await store.logins.mend('one', () => ({}))).not.toHaveProperty('mending')
    expect(await store.logins.findByUserName('one')).not.toHaveProperty('mending')
    expect(await store.logins.mend('one', () => ({ rewriteFrom: true }))).toMatchObject({
      mending: { rewriteFrom: true },
    })
    expect(await store.logins.revoke('two', now)).toBe(true)
    expect(await store.logins.mend('two', () => ({ rewriteFrom: true }))).toBeUndefined()
    await changeDatabase(dataDir, "update logins set mending = '{}' where id = 'one'")
    expect(await store.logins.findByUserName('one')).toBeUndefined()
  })

  it.each(['null', "'{}'", `'{"messagesPerHour":100}'`])(
    'the store keeps the limits of a login, and whoever writes %s in the place of them ends it',
    async (written) => {
      const { store, dataDir } = await openFixture()
      const limits = { recipients: ['*@example.com'], messagesPerHour: 10, needsApproval: true } as const
      await store.logins.add(newLogin({ id: 'one', userName: 'one', limits }))
      expect(await store.logins.findByUserName('one')).toMatchObject({ limits })
      await changeDatabase(dataDir, `update logins set limits = ${written} where id = 'one'`)
      expect(await store.logins.findByUserName('one')).toBeUndefined()
      expect(await store.logins.list()).toEqual([])
    },
  )

  it('the store changes the limits of a login by those that there are', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'one', userName: 'one' }))
    expect(await store.logins.limit('one', () => ({ messagesPerHour: 10 }))).toMatchObject({
      limits: { messagesPerHour: 10 },
    })
    const more = await store.logins.limit('one', (limits) => ({ ...limits, recipientsPerDay: 5 }))
    expect(more?.limits).toEqual({ messagesPerHour: 10, recipientsPerDay: 5 })
    expect(await store.logins.limit('one', () => ({}))).not.toHaveProperty('limits')
    await store.logins.revoke('one', now)
    expect(await store.logins.limit('one', () => ({ messagesPerHour: 10 }))).toBeUndefined()
  })

  it('the store gives a login back as it was added, mailboxes in their order', async () => {
    const { store } = await openFixture()
    const login: Login = newLogin({
      mailboxes: ['printer@example.com', 'cron@example.com'],
      senders: ['*@example.com', 'x@example.org'],
      networks: ['10.0.0.0/8', '2001:db8::/32'],
      verifier: { kind: 'scrypt', salt: 'c2FsdA', hash: 'aA', cost: 32768, blockSize: 8, parallelization: 1 },
      expiresAt: now + 5,
    })
    await store.logins.add(login)
    expect(await store.logins.findByUserName('printer')).toEqual(login)
    expect(await store.logins.list()).toEqual([login])
    expect(await store.logins.list('CRON@example.com')).toEqual([login])
    expect(await store.logins.list('other@example.com')).toEqual([])
  })

  it.each([
    ['printer ', false],
    ['print', false],
    ["printer' OR '1'='1", false],
    ['%', false],
    ['__proto__', false],
    ['', false],
    ['printer', true],
    ['PRINTER', true],
    ['\uff30rinter', true],
  ])(
    'the store looks up the user name %j without its case, and otherwise exactly',
    async (userName, found) => {
      const { store } = await openFixture()
      await store.logins.add(newLogin())
      expect((await store.logins.findByUserName(userName)) !== undefined).toBe(found)
    },
  )

  it('the store takes composed and decomposed letters for the same', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ userName: 'büro'.normalize('NFD') }))
    expect((await store.logins.findByUserName('büro'.normalize('NFC')))?.userName).toBe(
      'büro'.normalize('NFC'),
    )
    expect(await store.logins.findByUserName('büro'.normalize('NFD'))).toBeDefined()
  })

  it('the store refuses a user name that is taken, until its login is revoked', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    expect((await failureOf(store.logins.add(newLogin({ id: 'second' })))).code).toBe('already-exists')
    expect(await store.logins.revoke('first', now + 1)).toBe(true)
    expect(await store.logins.findByUserName('printer')).toBeUndefined()
    await store.logins.add(newLogin({ id: 'second' }))
    expect((await store.logins.findByUserName('printer'))?.id).toBe('second')
    expect((await store.logins.list()).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
      ['first', now + 1],
      ['second', undefined],
    ])
  })

  it.each(['Printer', 'PRINTER', '\uff50rinter'])(
    'the store refuses %j beside a name that differs in case only, until its login is revoked',
    async (userName) => {
      const { store } = await openFixture()
      await store.logins.add(newLogin({ id: 'first' }))
      const second = newLogin({ id: 'second', userName })
      expect((await failureOf(store.logins.add(second))).code).toBe('already-exists')
      await store.logins.revoke('first', now + 1)
      await store.logins.add(second)
      expect((await store.logins.findByUserName('printer'))?.userName).toBe(userName)
    },
  )

  it('the store refuses a login for a mailbox that does not exist, and keeps no part of it', async () => {
    const { store } = await openFixture()
    const mailboxes: Address[] = ['printer@example.com', 'nobody@example.com']
    expect((await failureOf(store.logins.add(newLogin({ mailboxes })))).code).toBe('not-found')
    expect(await store.logins.list()).toEqual([])
  })

  it('the store revokes once', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    expect(await store.logins.revoke('none', now)).toBe(false)
    expect(await store.logins.revoke('first', now)).toBe(true)
    expect(await store.logins.revoke('first', now + 1)).toBe(false)
    expect((await store.logins.list())[0]?.revokedAt).toBe(now)
  })

  it('the store notes the last use to the minute', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    const lastUse = async () => (await store.logins.list())[0]?.lastUsedAt
    const seen: (number | undefined)[] = [await lastUse()]
    for (const at of [now, now + 59_999, now + 60_000]) {
      await store.logins.used('first', at)
      seen.push(await lastUse())
    }
    expect(seen).toEqual([undefined, now, now, now + 60_000])
  })
})

describe('a login that keeps its password sealed', () => {
  const verifier = { kind: 'sealed', generated: true, password: new Secret('for-cram-md5-only') } as const

  it('the login gives the password back, and its row shows none of it', async () => {
    const { store, dataDir, reopen } = await openFixture()
    await store.logins.add(newLogin({ id: 'first', verifier }))
    await store.close()
    for (const [name, octets] of await contents(dataDir)) {
      expect(octets.includes('for-cram-md5-only'), name).toBe(false)
    }
    const again = (await reopen()).store.logins
    const login = await again.findByUserName('printer')
    expect(login?.verifier).toEqual(verifier)
    expect(passwordOf(login)).toBe('for-cram-md5-only')
    expect((await again.list())[0]?.verifier).toEqual({ kind: 'sealed', generated: true })
  })

  it('the password does not open when it was sealed for another login', async () => {
    const { store, dataDir } = await openFixture()
    await store.logins.add(newLogin({ id: 'first', verifier }))
    await store.logins.add(newLogin({ id: 'second', userName: 'scanner', verifier }))
    await changeDatabase(
      dataDir,
      "update logins set sealed_password = (select sealed_password from logins where id = 'first')",
    )
    expect(passwordOf(await store.logins.findByUserName('printer'))).toBe('for-cram-md5-only')
    const failure = await failureOf(store.logins.findByUserName('scanner'))
    expect(failure.code).toBe('store-unavailable')
    expect(failure.message).not.toMatch(/cram|eyJ/)
    // It can still be seen and revoked.
    expect((await store.logins.list()).map(({ id }) => id)).toEqual(['first', 'second'])
  })
})

describe('the senders of a login', () => {
  it('the senders grow, each named once, and everything else stays', async () => {
    const { store } = await openFixture()
    const login = newLogin({
      id: 'first',
      senders: ['a@example.com'],
      rewriteSender: true,
      verifier: { kind: 'none' },
    })
    await store.logins.add(login)
    const grown = { ...login, senders: ['A@example.com', '*@example.org'] }
    expect(await store.logins.allow('first', ['A@example.com', '*@example.org'])).toEqual(grown)
    expect(await store.logins.list()).toEqual([grown])
  })

  it('the senders do not grow when the login is revoked or not there', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    await store.logins.revoke('first', now)
    for (const id of ['first', 'second']) {
      expect(await store.logins.allow(id, ['a@example.com'])).toBeUndefined()
    }
    expect((await store.logins.list())[0]?.senders).toEqual([])
  })
})

function passwordOf(login: Login | undefined): string | undefined {
  return login?.verifier.kind === 'sealed' ? login.verifier.password.reveal() : undefined
}
