import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/store/ports.ts'
import { openStore } from '../../src/store/store.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { failureOf, newGrant, newLogin, now, openFixture, type Place, stillClock } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const printer = 'printer@example.com'
const cron = 'cron@example.com'
const scrypt = {
  kind: 'scrypt' as const,
  salt: 'c2FsdA',
  hash: 'aGFzaA',
  cost: 1024,
  blockSize: 8,
  parallelization: 1,
}
const session = {
  role: 'viewer' as const,
  means: 'link' as const,
  source: '192.0.2.7',
  browser: 'Browser/1',
  createdAt: now,
  lastUsedAt: now,
  expiresAt: now + 1000,
}

let store: Store
let dataDir: string
let place: Place
let log: ReturnType<typeof createRecordingLog>

/** Two of everything that gives a right. */
beforeEach(async () => {
  const fixture = await openFixture()
  await fixture.store.close()
  log = createRecordingLog()
  ;({ dataDir, place } = fixture)
  await openAgain()
  for (const [mailbox, name] of [
    [printer, 'one'],
    [cron, 'two'],
  ] as const) {
    await store.grants.adopt(newGrant({ mailbox, refreshToken: new Secret(`token-of-${name}`) }))
    await store.logins.add(newLogin({ id: name, userName: name, mailboxes: [mailbox] }))
    await store.apiKeys.add({
      id: name,
      name,
      scopes: ['read'],
      hash: `hash-${name}`,
      createdAt: now,
      expiresAt: now + 9,
    })
    await store.consentLinks.add({
      id: name,
      hash: name,
      mailbox,
      requestedBy: 'x',
      createdAt: now,
      expiresAt: now + 9,
    })
    await store.pendingConsents.add({
      ...{ stateHash: name, browserHash: name, mailbox, createdAt: now, expiresAt: now + 9 },
      ...{ codeVerifier: new Secret('v'), nonce: new Secret('n') },
    })
  }
  await store.pageAccess.setPassword('viewer', scrypt)
  const generation = await store.pageAccess.generation()
  for (const id of ['one', 'two'])
    await store.pageAccess.begin({ ...session, id, hash: `cookie-${id}` }, generation)
  await store.apiKeys.revoke('two', now)
})

async function openAgain(): Promise<void> {
  const opened = await openStore({ ...place, clock: stillClock(), log })
  store = opened.store
}

/** What a program sees that asks for everything. */
async function everything() {
  return {
    mailboxes: (await store.mailboxes.list()).map(({ address }) => address).sort(),
    grants: (await store.grants.list()).map(({ mailbox }) => mailbox).sort(),
    logins: (await store.logins.list()).map(({ id, mailboxes }) => `${id} ${mailboxes}`).sort(),
    apiKeys: (await store.apiKeys.list()).map(({ id }) => id).sort(),
    consentLinks: (await store.consentLinks.list()).map(({ id }) => id).sort(),
    sessions: (await store.pageAccess.sessions()).map(({ id }) => id).sort(),
    passwords: [
      await store.pageAccess.password('viewer'),
      await store.pageAccess.password('administrator'),
    ].map((found) => found !== undefined),
  }
}

const whole = {
  mailboxes: [cron, printer],
  grants: [cron, printer],
  logins: [`one ${printer}`, `two ${cron}`],
  apiKeys: ['one', 'two'],
  consentLinks: ['one', 'two'],
  sessions: ['one', 'two'],
  passwords: [true, false],
}

const refusals = () =>
  log.lines.flatMap(({ level, fields }) =>
    'event' in fields && fields.event === 'store.row-refused' ? [{ level, ...fields }] : [],
  )

/** What a writer of the database does, the table and row that are refused then, and what is left. */
const forgeries: [string, string, string, string, Partial<typeof whole>][] = [
  [
    "makes a viewer's session an administrator's",
    "update page_sessions set role = 'administrator' where id = 'one'",
    'page_sessions',
    'one',
    { sessions: ['two'] },
  ],
  [
    'lets a session live on',
    "update page_sessions set expires_at = 9e15 where id = 'one'",
    'page_sessions',
    'one',
    { sessions: ['two'] },
  ],
  [
    'gives a session another cookie',
    "update page_sessions set hash = 'mine' where id = 'one'",
    'page_sessions',
    'one',
    { sessions: ['two'] },
  ],
  [
    'gives a session to a person',
    "update page_sessions set means = 'provider', person = 'boss@example.com', provider = 'google' where id = 'one'",
    'page_sessions',
    'one',
    { sessions: ['two'] },
  ],
  [
    'adds a session of an administrator, with the mark of another',
    "insert into page_sessions select 'three', 'mine', 'administrator', means, person, provider, source, browser, created_at, last_used_at, expires_at, mark from page_sessions where id = 'one'",
    'page_sessions',
    'three',
    {},
  ],
  [
    'adds a password of administrators',
    "insert into page_passwords select 'administrator', verifier, mark from page_passwords",
    'page_passwords',
    'administrator',
    {},
  ],
  [
    'makes the password of viewers that of administrators',
    "update page_passwords set role = 'administrator'",
    'page_passwords',
    'administrator',
    { passwords: [false, false] },
  ],
  [
    'makes a password cheap',
    `update page_passwords set verifier = replace(verifier, '1024', '2')`,
    'page_passwords',
    'viewer',
    { passwords: [false, false] },
  ],
  [
    'widens a key',
    `update api_keys set scopes = '["admin"]' where id = 'one'`,
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'writes a number that no program can read',
    "update api_keys set expires_at = 9223372036854775807 where id = 'one'",
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'lets a key live on',
    "update api_keys set expires_at = null where id = 'one'",
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'takes a revocation back',
    "update api_keys set revoked_at = null where id = 'two'",
    'api_keys',
    'two',
    { apiKeys: ['one'] },
  ],
  [
    'gives a key the secret of another',
    "update api_keys set hash = 'hash-two' where id = 'one'",
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'takes a mark away',
    "update api_keys set mark = null where id = 'one'",
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'gives a key the mark of another',
    "update api_keys set mark = (select mark from api_keys where id = 'two') where id = 'one'",
    'api_keys',
    'one',
    { apiKeys: ['two'] },
  ],
  [
    'lets a login send as others',
    `update logins set senders = '["*@example.com"]' where id = 'one'`,
    'logins',
    'one',
    { logins: [`two ${cron}`] },
  ],
  [
    'lets a login in without a password',
    `update logins set verifier = '{"kind":"none"}' where id = 'one'`,
    'logins',
    'one',
    { logins: [`two ${cron}`] },
  ],
  [
    'takes the user name of a login for another',
    "update logins set user_name = 'boss' where id = 'one'",
    'logins',
    'one',
    { logins: [`two ${cron}`] },
  ],
  [
    'writes nonsense into a login',
    "update logins set senders = 'nonsense', networks = '{' where id = 'one'",
    'logins',
    'one',
    { logins: [`two ${cron}`] },
  ],
  [
    'gives a login a further mailbox',
    `insert into login_mailboxes select login_id, '${cron}', 1, mark from login_mailboxes where login_id = 'one'`,
    'login_mailboxes',
    `one ${cron}`,
    {},
  ],
  [
    'gives a login another mailbox',
    `update login_mailboxes set mailbox_key = '${cron}' where login_id = 'one'`,
    'login_mailboxes',
    `one ${cron}`,
    { logins: ['one ', `two ${cron}`] },
  ],
  [
    'gives a mailbox an alias',
    `update mailboxes set aliases = '["boss@example.com"]' where address_key = '${printer}'`,
    'mailboxes',
    printer,
    { mailboxes: [cron], grants: [cron], logins: ['one ', `two ${cron}`], consentLinks: ['two'] },
  ],
  [
    'moves a mailbox to another provider',
    `update mailboxes set provider_id = 'mine' where address_key = '${printer}'`,
    'mailboxes',
    printer,
    { mailboxes: [cron], grants: [cron], logins: ['one ', `two ${cron}`], consentLinks: ['two'] },
  ],
  [
    'lets somebody else consent',
    `update mailboxes set signs_in_as = 'me@example.org' where address_key = '${printer}'`,
    'mailboxes',
    printer,
    { mailboxes: [cron], grants: [cron], logins: ['one ', `two ${cron}`], consentLinks: ['two'] },
  ],
  [
    'calls a mailbox by the name of another',
    `update mailboxes set address = 'boss@example.com' where address_key = '${printer}'`,
    'mailboxes',
    printer,
    { mailboxes: [cron], grants: [cron], logins: ['one ', `two ${cron}`], consentLinks: ['two'] },
  ],
  [
    'moves a grant to another mailbox',
    `delete from grants where mailbox_key = '${printer}'; update grants set mailbox_key = '${printer}'`,
    'grants',
    '',
    { grants: [] },
  ],
  [
    'lets a grant be sent to another provider',
    `update grants set provider_id = 'mine' where mailbox_key = '${printer}'`,
    'grants',
    '',
    { grants: [cron] },
  ],
  [
    'opens a used link',
    "update consent_links set expires_at = 9e15 where id = 'one'",
    'consent_links',
    'one',
    { consentLinks: ['two'] },
  ],
  [
    'moves a link to another mailbox',
    `update consent_links set mailbox_key = '${cron}' where id = 'one'`,
    'consent_links',
    'one',
    { consentLinks: ['two'] },
  ],
]

describe('a row that somebody else has written in the database', () => {
  it('a foreign row is told from all that postern has written', async () => {
    expect(await everything()).toEqual(whole)
    await store.close()
    await openAgain()
    expect(await everything()).toEqual(whole)
    expect(refusals()).toEqual([])
    await store.close()
  })

  it.each(forgeries)(
    'a foreign row does not count, and is named in the log with what to do, when its writer %s',
    async (_, sql, table, row, left) => {
      await changeDatabase(dataDir, sql.replaceAll('9e15', '9000000000000000'))
      for (let time = 0; time < 2; time += 1) {
        expect(await everything()).toEqual({ ...whole, ...left })
        expect(await store.apiKeys.find('one')).toEqual(
          left.apiKeys?.includes('one') === false ? undefined : expect.anything(),
        )
        expect(await store.pageAccess.session('mine')).toBeUndefined()
        expect(await store.logins.findByUserName('boss')).toBeUndefined()
      }
      expect(refusals()).toEqual([
        expect.objectContaining({
          level: 'error',
          table,
          row: row || expect.any(String),
          fix: expect.stringContaining('who else can write'),
        }),
      ])
      // Nor later: a start marks nothing that had no mark.
      await store.close()
      await openAgain()
      expect(await everything()).toEqual({ ...whole, ...left })
      await store.close()
    },
  )

  it('a foreign row breaks nothing for others by a time of use that no program can read', async () => {
    await changeDatabase(
      dataDir,
      `update api_keys set last_used_at = 9223372036854775807 where id = 'one';
       update logins set last_used_at = -9223372036854775807;
       update page_sessions set last_used_at = 9223372036854775807`,
    )
    expect(await everything()).toEqual(whole)
    await store.close()
  })

  it('a foreign row does not count in a consent that is under way for another mailbox', async () => {
    await changeDatabase(
      dataDir,
      `update pending_consents set mailbox_key = '${cron}' where state_hash = 'one'`,
    )
    expect(await store.pendingConsents.take('one', 'one')).toBeUndefined()
    expect(await store.pendingConsents.take('two', 'two')).toMatchObject({ mailbox: cron })
    await store.close()
  })

  it('a foreign row is not made good by a change of postern to it', async () => {
    await changeDatabase(
      dataDir,
      `update api_keys set scopes = '["admin","token:${printer}"]' where id = 'one';
       update logins set senders = '["*@example.com"]' where id = 'one';
       update grants set provider_id = 'mine' where mailbox_key = '${printer}'`,
    )
    expect(await store.logins.allow('one', ['a@example.com'])).toBeUndefined()
    await store.apiKeys.used('one', now + 90_000)
    await store.logins.used('one', now + 90_000, '192.0.2.9')
    const [{ id } = { id: '' }] = (await readDatabase(
      dataDir,
      `select id from grants where mailbox_key = '${printer}'`,
    )) as { id: string }[]
    expect(await store.grants.renewed(id, 1, { renewedAt: now })).toBeUndefined()
    // Narrows every key that names it.
    await store.mailboxes.remove(printer)
    expect(await everything()).toMatchObject({ apiKeys: ['two'], logins: [`two ${cron}`], grants: [cron] })
    await store.close()
  })

  it('a foreign row goes when it is revoked by its id, or made anew', async () => {
    await changeDatabase(
      dataDir,
      `update api_keys set scopes = '["admin"]' where id = 'one'; update logins set senders = '["*@x.test"]' where id = 'one';
       update page_passwords set verifier = replace(verifier, '1024', '2');
       update mailboxes set aliases = '["boss@example.com"]' where address_key = '${printer}'`,
    )
    expect(await store.apiKeys.revoke('one', now)).toBe(true)
    expect(await store.apiKeys.revoke('one', now)).toBe(false)
    expect(await store.logins.revoke('one', now)).toBe(true)
    await store.logins.add(newLogin({ id: 'three', userName: 'one', mailboxes: [cron] }))
    await store.pageAccess.setPassword('viewer', scrypt)
    await store.mailboxes.put({ address: printer, providerId: 'google', createdAt: now })
    expect(await store.pageAccess.password('viewer')).toEqual(scrypt)
    expect(await store.mailboxes.find(printer)).not.toHaveProperty('aliases')
    expect(await store.grants.ofMailbox(printer)).toEqual({ state: 'absent' })
    expect(await readDatabase(dataDir, "select id from api_keys where id = 'one'")).toEqual([])
    await store.close()
  })

  it.runIf(!onPostgres)('a foreign trigger makes no good row while postern writes', async () => {
    await changeDatabase(
      dataDir,
      `create trigger t after insert on page_sessions begin
         update page_sessions set role = 'administrator' where id = new.id or id = 'one';
         insert into page_passwords select 'administrator', verifier, mark from page_passwords where role = 'viewer';
       end;
       create trigger u after update on api_keys begin update api_keys set scopes = '["admin"]' where id = 'one'; end`,
    )
    const generation = await store.pageAccess.generation()
    await store.pageAccess.begin({ ...session, id: 'three', hash: 'cookie-three' }, generation)
    await store.apiKeys.used('one', now + 90_000)
    expect(await everything()).toMatchObject({
      sessions: ['two'],
      apiKeys: ['two'],
      passwords: [true, false],
    })
    await store.close()
  })

  it.runIf(!onPostgres)(
    'a foreign table that works its columns out by functions of postern makes no good row',
    async () => {
      const columns = 'id, name, scopes, hash, created_at, expires_at, revoked_at, last_used_at'
      await changeDatabase(
        dataDir,
        `create table mine (${columns}, mark text);
       insert into mine select ${columns}, '' from api_keys where id = 'one'; drop table api_keys;
       create view api_keys as select ${columns.replace('scopes', `'["admin"]' as scopes`)}, fits_api_keys(mark, ${columns}) as mark from mine`,
      )
      expect(await store.apiKeys.list().catch(() => [])).toEqual([])
      await store.close()
    },
  )
})

describe.runIf(!onPostgres)('a database from before there were marks', () => {
  it('an old database gets marks once, and keeps everything', async () => {
    const old = await firstRelease()
    const opened = createRecordingLog()
    const before = (await openFirstRelease(old, opened)).store
    expect(await before.logins.list()).toHaveLength(2)
    expect(await before.mailboxes.list()).toHaveLength(2)
    expect(opened.lines.filter(({ level }) => level === 'error')).toEqual([])
    await before.close()
    await changeDatabase(old, 'update logins set mark = null')
    const after = (await openFirstRelease(old)).store
    expect(await after.logins.list()).toEqual([])
  })

  it('a database that was only made to look old gets none, so that no forged row is marked', async () => {
    await store.close()
    await changeDatabase(
      dataDir,
      `update api_keys set scopes = '["admin"]' where id = 'one'; delete from schema_versions where version >= 8`,
    )
    for (const table of [
      'mailboxes',
      'grants',
      'logins',
      'login_mailboxes',
      'api_keys',
      'consent_links',
      'pending_consents',
      'page_passwords',
      'page_sessions',
    ])
      await changeDatabase(dataDir, `alter table ${table} drop column mark`)
    const failure = await failureOf(openStore({ ...place, clock: stillClock(), log }))
    expect(failure.code).toBe('configuration')
  })
})

describe('a row that postern has written', () => {
  // SQLite puts what a query asks for in the place of the column, also in the view that looks at the mark.
  it('a row of postern is not refused by a query that asks for another one', async () => {
    const active = await store.grants.ofMailbox(printer)
    if (active.state !== 'active') throw new Error('There is no grant')
    await store.grants.lapse(active.id, active.version, now, 'withdrawn')
    expect(await store.grants.refused(10)).toHaveLength(1)
    await store.grants.unusedSince(now + 1, 10)
    await store.grants.endingBy(now + 1, 10)
    await store.grants.lapsedOrEnding(['custom'])
    await store.grants.adopt(newGrant({ mailbox: printer, refreshToken: new Secret('another') }))
    expect(await store.grants.refused(10)).toEqual([])
    expect(await store.logins.findByUserName('nobody')).toBeUndefined()
    expect(refusals()).toEqual([])
  })
})

describe.runIf(!onPostgres)('what a row says scrypt should cost', () => {
  it.each([
    ['cost', 2 ** 24],
    ['cost', 2 ** 31],
    ['cost', 1000],
    ['cost', 1],
    ['cost', '"1024"'],
    ['blockSize', 10_000],
    ['blockSize', 0.5],
    ['parallelization', 1_000_000],
    ['hash', `"${'x'.repeat(200_000)}"`],
    ['salt', 'null'],
  ])('a cost is refused before any work when its %s is %s', async (name, value) => {
    const old = await firstRelease()
    const text = JSON.stringify({ ...scrypt, [name]: 'HERE' }).replace('"HERE"', String(value))
    await changeDatabase(
      old,
      `update logins set verifier = '${text}', revoked_at = null where user_name = 'scanner'`,
    )
    const opened = (await openFirstRelease(old)).store
    expect((await opened.logins.findByUserName('scanner'))?.verifier).toEqual({ kind: 'keyed', hash: '' })
    expect(await opened.logins.findByUserName('printer')).toBeDefined()
  })
})
