import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { chosen, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const open = { withoutPassword: true, networks: ['127.0.0.0/8'] }

describe('a new login', () => {
  it('a login is called by its mailbox, and the next ones get a number', async () => {
    const names = []
    for (let count = 0; count < 3; count += 1) names.push((await stage.generated()).userName)
    expect(names).toEqual(['Me@example.com', 'Me@example.com-2', 'Me@example.com-3'])
  })

  it('a login gets a free name also when several are made at once', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => stage.generated()))
    expect(new Set(made.map(({ userName }) => userName)).size).toBe(4)
  })

  it('a login shows what it may do and nothing of its password', async () => {
    const { secret, ...login } = await stage.generated({
      mailboxes: ['ME@example.com', 'shop@example.com', 'me@example.com'],
      userName: 'printer',
      name: ' Printer, 2nd floor ',
      senders: ['*@Example.org'],
      networks: ['10.0.0.0/8', '::1'],
      expires: '2030-12-31',
    })
    expect(login).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      userName: 'printer',
      name: 'Printer, 2nd floor',
      mailboxes: ['Me@example.com', 'shop@example.com'],
      senders: ['*@example.org'],
      networks: ['10.0.0.0/8', '::1/128'],
      password: 'generated',
      cramMd5: false,
      rewriteSender: false,
      state: 'active',
      createdAt: '2030-05-01T12:00:00.000Z',
      expiresAt: '2030-12-31T23:59:59.999Z',
    })
    expect(await stage.logins.list('me@example.com')).toEqual([login])
    expect(JSON.stringify([await stage.store.logins.list(), stage.log.lines])).not.toContain(secret.reveal())
  })

  it('a password that a person chose is not returned, and kept only as scrypt', async () => {
    const made = await stage.logins.add({ mailboxes: ['me@example.com'], password: chosen })
    expect(made).toEqual({ login: expect.objectContaining({ password: 'chosen' }) })
    const [kept] = await stage.store.logins.list()
    expect(kept?.verifier).toMatchObject({ kind: 'scrypt', cost: 1024, blockSize: 8, parallelization: 1 })
    expect(JSON.stringify([kept, stage.log.lines])).not.toContain(chosen.reveal())
  })

  it.each([
    ['no mailbox', { mailboxes: [] }, 'invalid'],
    ['an unknown mailbox', { mailboxes: ['who@example.com'] }, 'not-found'],
    ['no address', { mailboxes: ['me'] }, 'invalid'],
    ['a bad user name', { userName: 'a\u202eb' }, 'invalid'],
    ['a bad sender', { senders: ['*'] }, 'invalid'],
    ['a bad network', { networks: ['10.0.0.0/40'] }, 'invalid'],
    ['a bad date', { expires: 'soon' }, 'invalid'],
    ['a guessable password', { password: new Secret('password123') }, 'invalid'],
    ['a password with the user name in it', { userName: 'kettle', password: chosen }, 'invalid'],
    [
      'a guessable password for CRAM-MD5',
      { cramMd5: true, networks: ['::1'], password: new Secret('password123') },
      'invalid',
    ],
    ['CRAM-MD5 and no network', { cramMd5: true }, 'invalid'],
    ['no password and no network', { withoutPassword: true }, 'invalid'],
    ['no password and every network', { withoutPassword: true, networks: ['10.0.0.1', '::/0'] }, 'invalid'],
    ['no password and half of IPv4', { withoutPassword: true, networks: ['128.0.0.0/1'] }, 'invalid'],
    ['no password and a /7', { withoutPassword: true, networks: ['10.0.0.0/7'] }, 'invalid'],
    ['no password and a mapped /7', { withoutPassword: true, networks: ['::ffff:10.0.0.0/103'] }, 'invalid'],
    ['no password and a /31 of IPv6', { withoutPassword: true, networks: ['2001:db8::/31'] }, 'invalid'],
    ['no password and a chosen one', { ...open, password: chosen }, 'invalid'],
    ['no password and CRAM-MD5', { ...open, cramMd5: true }, 'invalid'],
    ['a name over two lines', { name: 'a\nb' }, 'invalid'],
  ])('a login is refused with %s, and nothing is kept', async (_what, request, code) => {
    await expect(stage.logins.add({ mailboxes: ['me@example.com'], ...request })).rejects.toMatchObject({
      code,
    })
    expect(await stage.store.logins.list()).toEqual([])
  })

  it('a user name that is taken is refused, and allowed when that login is revoked', async () => {
    const login = await stage.generated({ userName: 'printer' })
    await expect(stage.generated({ userName: 'printer' })).rejects.toMatchObject({ code: 'already-exists' })
    await stage.logins.revoke(login.id)
    await stage.generated({ userName: 'printer' })
    await expect(stage.logins.revoke(login.id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('a mailbox that is not there has no logins', async () => {
    await expect(stage.logins.list('who@example.com')).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a login for CRAM-MD5', () => {
  it.each([
    ['generated', {}],
    ['chosen', { password: chosen }],
  ])('a login for CRAM-MD5 says that it keeps its %s password sealed', async (origin, request) => {
    const { login, password } = await stage.logins.add({
      mailboxes: ['me@example.com'],
      cramMd5: true,
      networks: ['192.0.2.7'],
      ...request,
    })
    expect(login).toMatchObject({ password: origin, cramMd5: true })
    const [kept] = await stage.store.logins.list()
    expect(kept?.verifier).toMatchObject({ kind: 'sealed', generated: origin === 'generated' })
    const secret = (password ?? chosen).reveal()
    expect(JSON.stringify([kept, stage.log.lines])).not.toContain(secret)
  })
})

describe('a login without a password', () => {
  it.each(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])(
    'a login without a password may be bound to %s',
    async (network) => {
      const { login, password } = await stage.logins.add({
        mailboxes: ['me@example.com'],
        withoutPassword: true,
        networks: [network],
      })
      expect(password).toBeUndefined()
      expect(login).toMatchObject({ password: 'none', cramMd5: false })
    },
  )

  it('a login without a password is made loudly', async () => {
    await stage.logins.add({ mailboxes: ['me@example.com'], ...open })
    expect(stage.log.lines).toEqual([
      {
        level: 'warn',
        fields: expect.objectContaining({ event: 'login.added', networks: ['127.0.0.0/8'] }),
        message: 'Login added that needs no password',
      },
    ])
  })
})

describe('a login that may use further senders', () => {
  it('a login keeps its password and what it could do before', async () => {
    const { id, userName, secret } = await stage.generated({ senders: ['a@example.org'] })
    expect(await stage.logins.allow(id, ['*@Example.net', 'A@example.org'])).toMatchObject({
      id,
      senders: ['A@example.org', '*@example.net'],
    })
    expect((await stage.check(userName, secret)).senders).toEqual(['a@example.org', '*@example.net'])
  })

  it.each([
    ['nothing', [], 'invalid'],
    ['what is no pattern', ['everybody'], 'invalid'],
  ])('a login is not extended by %s', async (_what, senders, code) => {
    const { id } = await stage.generated()
    await expect(stage.logins.allow(id, senders)).rejects.toMatchObject({ code })
  })

  it('a login must be there and not revoked', async () => {
    const { id } = await stage.generated()
    await stage.logins.revoke(id)
    for (const gone of [id, 'nothing']) {
      await expect(stage.logins.allow(gone, ['a@example.org'])).rejects.toMatchObject({ code: 'not-found' })
    }
  })
})
