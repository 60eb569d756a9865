import { expect, it } from 'vitest'
import { keyed } from '../../src/model/address.ts'
import { newestSchema } from '../../src/store/migrations.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { newLogin, now } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

it('a database of the first release opens, and keeps everything', async () => {
  const { store, keyedHash } = await openFirstRelease(await firstRelease())
  expect(await store.mailboxes.list()).toEqual([
    {
      ...keyed('cron@example.com'),
      providerId: 'microsoft',
      signsInAs: 'boss@example.com',
      createdAt: now + 1,
      terms: '',
    },
    { ...keyed('Printer@example.com'), providerId: 'google', createdAt: now, terms: '' },
  ])
  const grant = await store.grants.ofMailbox('cron@example.com')
  expect(grant).toMatchObject({
    state: 'active',
    providerId: 'microsoft',
    version: 1,
    renewedAt: now + 5,
  })
  expect(grant.state === 'active' && grant.refreshToken?.reveal()).toBe('refresh-of-the-first-schema')
  const printer = newLogin({
    id: '00000000000000a1',
    mailboxes: ['Printer@example.com', 'cron@example.com'],
    senders: ['*@example.org'],
    networks: ['10.0.0.0/8'],
    verifier: { kind: 'keyed', hash: keyedHash('login', '00000000000000a1:printer-password') },
    expiresAt: now + 7,
    lastUsedAt: now + 2,
  })
  const scrypt = { kind: 'scrypt', salt: 'c2FsdA', hash: 'aA', cost: 32768, blockSize: 8, parallelization: 1 }
  expect(await store.logins.list()).toEqual([
    printer,
    expect.objectContaining({
      userName: 'scanner',
      verifier: scrypt,
      revokedAt: now + 3,
      rewriteSender: false,
    }),
  ])
  expect(await store.logins.findByUserName('printer')).toEqual(printer)
  expect((await store.apiKeys.list())[0]?.scopes).toEqual(['read', 'send:cron@example.com'])
  expect((await store.consentLinks.list())[0]).toMatchObject({ id: 'link', requestedBy: 'owner' })
  expect((await store.pendingConsents.take('state', 'browser'))?.nonce.reveal()).toBe('nonce-1')
})

it('a database of the first release takes what is new', async () => {
  const { store } = await openFirstRelease(await firstRelease())
  const mailbox = { address: 'cron@example.com', providerId: 'microsoft', createdAt: now } as const
  await store.mailboxes.put({ ...mailbox, aliases: ['alias@example.com'] })
  expect((await store.mailboxes.find('cron@example.com'))?.aliases).toEqual(['alias@example.com'])
  await store.logins.used('00000000000000a1', now, '192.0.2.7')
  expect(await store.logins.knows('00000000000000a1', '192.0.2.7', now)).toBe(true)
})

it('logins of an earlier release whose names differ in case only stay, each by its exact spelling', async () => {
  const dataDir = await firstRelease()
  const columns = await readDatabase(dataDir, "select name from pragma_table_info('logins')")
  const others = columns.map(({ name }) => name).filter((name) => name !== 'id' && name !== 'user_name')
  for (const [id, name] of Object.entries({ b1: 'PRINTER', b2: 'Copier' }))
    await changeDatabase(
      dataDir,
      `insert into logins (id, user_name, ${others}) select '${id}', '${name}', ${others} from logins where user_name = 'printer'`,
    )
  const { store } = await openFirstRelease(dataDir)
  const idOf = async (userName: string) => (await store.logins.findByUserName(userName))?.id
  expect(await idOf('printer')).toBe('00000000000000a1')
  expect(await idOf('PRINTER')).toBe('b1')
  expect(await idOf('Printer')).toBeUndefined()
  expect(await idOf('copier')).toBe('b2')
  const another = newLogin({ id: 'b3', userName: 'Printer', mailboxes: ['cron@example.com'] })
  await expect(store.logins.add(another)).rejects.toMatchObject({ code: 'already-exists' })
  await store.logins.revoke('b1', now)
  expect(await idOf('Printer')).toBe('00000000000000a1')
})

it.each([
  ['AADSTS700082: The refresh token has expired', true],
  ['The mailbox moved from the provider google to microsoft', false],
  ['Another person signs in for the mailbox: boss@example.com instead of cron@example.com', false],
])('a grant that lapsed there because of "%s" may be tried again: %s', async (reason, mayBeTried) => {
  const dataDir = await firstRelease()
  await changeDatabase(
    dataDir,
    `update grants set state = 'lapsed', lapsed_since = ${now + 6}, lapse_reason = '${reason}'`,
  )
  const { store } = await openFirstRelease(dataDir)
  const mailbox = 'cron@example.com'
  expect(await store.grants.ofMailbox(mailbox)).toMatchObject({ state: 'lapsed', reason })
  expect((await store.grants.refused(10)).map(({ mailbox, refused }) => ({ mailbox, refused }))).toEqual(
    mayBeTried ? [{ mailbox, refused: { at: now + 6 } }] : [],
  )
})

it('a database of the first release is brought forward once', async () => {
  const dataDir = await firstRelease()
  for (let start = 0; start < 2; start += 1) await (await openFirstRelease(dataDir)).store.close()
  const versions = await readDatabase(dataDir, 'select version from schema_versions order by version')
  expect(versions).toEqual(Array.from({ length: newestSchema }, (_, index) => ({ version: index + 1 })))
})
