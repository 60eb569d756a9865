import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { contents, failureOf, newGrant, now, openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

const secrets = [
  'refresh-token-AAAA',
  'rotated-token-BBBB',
  'verifier-CCCC',
  'nonce-DDDD',
  'second-token-EEEE',
]

/** A store in which each of the secrets was kept, one of them replaced. */
async function storeWithSecrets() {
  const fixture = await openFixture()
  const [first, rotated, codeVerifier, nonce, second] = secrets.map((text) => new Secret(text)) as [
    Secret,
    Secret,
    Secret,
    Secret,
    Secret,
  ]
  const { id } = await fixture.store.grants.adopt(newGrant({ refreshToken: first }))
  await fixture.store.grants.renewed(id, 1, { renewedAt: now, refreshToken: rotated })
  await fixture.store.grants.adopt(newGrant({ mailbox: 'cron@example.com', refreshToken: second }))
  await fixture.store.pendingConsents.add({
    stateHash: 'state',
    browserHash: 'browser',
    mailbox: 'printer@example.com',
    codeVerifier,
    nonce,
    createdAt: now,
    expiresAt: now + 1,
  })
  return fixture
}

describe('the files of the store', () => {
  it('the files hold no secret in any form, before and after they are closed', async () => {
    const { store, dataDir } = await storeWithSecrets()
    for (const closed of [false, true]) {
      if (closed) await store.close()
      const files = await contents(dataDir)
      expect((files.get('postern.sqlite-wal')?.length ?? 0) === 0).toBe(closed)
      for (const [name, octets] of files) {
        for (const secret of secrets) {
          const forms = [
            secret,
            Buffer.from(secret).toString('base64url'),
            Buffer.from(secret).toString('hex'),
          ]
          expect(
            forms.filter((form) => octets.includes(form)),
            name,
          ).toEqual([])
        }
      }
    }
  })

  it('the files show the secrets that are not sealed (so the search above can find)', async () => {
    const { store, dataDir } = await openFixture()
    await store.mailboxes.add({ address: 'refresh-token-AAAA@example.com', providerId: 'x', createdAt: now })
    const files = [...(await contents(dataDir)).values()]
    expect(files.some((octets) => octets.includes('refresh-token-AAAA'))).toBe(true)
  })
})

describe('a sealed value', () => {
  const swapRows = `
    create temp table aside as select mailbox_key, refresh_token from grants;
    update grants set refresh_token =
      (select refresh_token from aside where aside.mailbox_key <> grants.mailbox_key)`

  it('a value that was swapped with that of another row is refused', async () => {
    const { store, dataDir } = await storeWithSecrets()
    await changeDatabase(dataDir, swapRows)
    for (const mailbox of ['printer@example.com', 'cron@example.com'] as const) {
      const failure = await failureOf(store.grants.ofMailbox(mailbox))
      expect(failure.code).toBe('store-unavailable')
      expect(failure.message).not.toMatch(/AAAA|BBBB|EEEE|eyJ/)
    }
  })

  it.each([
    ['that of another column', 'update pending_consents set nonce = code_verifier'],
    [
      'that of another table',
      'update pending_consents set nonce = (select refresh_token from grants limit 1)',
    ],
    ['nothing', "update pending_consents set nonce = ''"],
    ['plain text', "update pending_consents set nonce = 'nonce-DDDD'"],
  ])('a value that was replaced by %s is refused', async (_, sql) => {
    const { store, dataDir } = await storeWithSecrets()
    await changeDatabase(dataDir, sql)
    expect((await failureOf(store.pendingConsents.take('state', 'browser'))).code).toBe('store-unavailable')
  })

  it('the check notices a hash root that was replaced', async () => {
    const { store, dataDir } = await storeWithSecrets()
    await store.check()
    await changeDatabase(dataDir, 'update secrets set value = (select refresh_token from grants limit 1)')
    expect((await failureOf(store.check())).message).toBe('The key does not fit this database')
  })
})
