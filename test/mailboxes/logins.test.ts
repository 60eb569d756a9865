import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyedHash } from '../../src/base/keyed-hash.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Scrypt } from '../../src/mailboxes/chosen-password.ts'
import { createLogins } from '../../src/mailboxes/logins.ts'
import type { Logins, SignIns } from '../../src/mailboxes/services.ts'
import { createSignIns } from '../../src/mailboxes/sign-ins.ts'
import type { Store } from '../../src/store/ports.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const keyedHash: KeyedHash = (purpose, value) =>
  createHmac('sha256', purpose).update(value).digest('base64url')
const here = '127.0.0.1'
const chosen = new Secret('mauve kettle orbits')

let store: Store
let logins: Logins
let signIns: SignIns
let clock: ReturnType<typeof createManualClock>
let log: ReturnType<typeof createRecordingLog>
let scrypts: number[]

/** Stands in for the real one, which chosen-password.test.ts runs: only how often and how costly matters here. */
const countedScrypt: Scrypt = async (password, salt, { cost }) => {
  scrypts.push(cost)
  return createHmac('sha256', salt).update(password).digest()
}

beforeEach(async () => {
  ;[store, clock, log, scrypts] = [createMemoryStore(), createManualClock(), createRecordingLog(), []]
  const needs = { store, keyedHash, clock, log, scryptCost: 1024, scrypt: countedScrypt }
  logins = createLogins(needs)
  signIns = createSignIns(needs)
  for (const address of ['Me@example.com', 'shop@example.com']) {
    await store.mailboxes.add({ address, providerId: 'custom', createdAt: clock.now() })
  }
})

async function generated(request: Partial<Parameters<Logins['add']>[0]> = {}) {
  const { login, password } = await logins.add({ mailboxes: ['me@example.com'], ...request })
  if (!password) throw new Error('no password was generated')
  return { login, password }
}

const check = (userName: string, password: Secret, from: string) =>
  signIns.check({ kind: 'password', userName, password }, from)

describe('a new login', () => {
  it('is called by its mailbox, and the next ones get a number', async () => {
    const names = []
    for (let count = 0; count < 3; count += 1) names.push((await generated()).login.userName)
    expect(names).toEqual(['Me@example.com', 'Me@example.com-2', 'Me@example.com-3'])
  })

  it('gets a free name also when several are made at once', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => generated()))
    expect(new Set(made.map(({ login }) => login.userName)).size).toBe(4)
  })

  it('shows what it may do and nothing of its password', async () => {
    const { login, password } = await generated({
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
      state: 'active',
      createdAt: '2030-05-01T12:00:00.000Z',
      expiresAt: '2030-12-31T23:59:59.999Z',
    })
    expect(await logins.list('me@example.com')).toEqual([login])
    expect(JSON.stringify([await store.logins.list(), log.lines])).not.toContain(password.reveal())
  })

  it('returns no password that a person chose, and keeps only its scrypt', async () => {
    const made = await logins.add({ mailboxes: ['me@example.com'], password: chosen })
    expect(made).toEqual({ login: expect.objectContaining({ password: 'chosen' }) })
    const [kept] = await store.logins.list()
    expect(kept?.verifier).toMatchObject({ kind: 'scrypt', cost: 1024, blockSize: 8, parallelization: 1 })
    expect(JSON.stringify([kept, log.lines])).not.toContain(chosen.reveal())
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
    ['a name over two lines', { name: 'a\nb' }, 'invalid'],
  ])('is refused with %s, and nothing is kept', async (_what, request, code) => {
    await expect(logins.add({ mailboxes: ['me@example.com'], ...request })).rejects.toMatchObject({ code })
    expect(await store.logins.list()).toEqual([])
  })

  it('is refused when its user name is taken, and allowed when that one is revoked', async () => {
    const { login } = await generated({ userName: 'printer' })
    await expect(generated({ userName: 'printer' })).rejects.toMatchObject({ code: 'already-exists' })
    await logins.revoke(login.id)
    await generated({ userName: 'printer' })
    await expect(logins.revoke(login.id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('lists nothing for a mailbox that is not there', async () => {
    await expect(logins.list('who@example.com')).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a sign-in', () => {
  it('with a generated password costs no scrypt', async () => {
    const { login, password } = await generated()
    expect(await check(login.userName, password, here)).toMatchObject({ userName: login.userName })
    expect(scrypts).toEqual([])
  })

  it('with a chosen password costs one scrypt, and none from then on', async () => {
    const { login } = await logins.add({ mailboxes: ['me@example.com'], password: chosen })
    scrypts = []
    for (let count = 0; count < 3; count += 1) {
      expect(await check(login.userName, chosen, here)).toMatchObject({ userName: login.userName })
    }
    expect(scrypts).toEqual([1024])
  })

  it('finds its login however the name was composed', async () => {
    const { login, password } = await generated({ userName: 'caf\u00e9' })
    expect(await check('cafe\u0301', password, here)).toMatchObject({ userName: login.userName })
  })

  it('is noted without being waited for, at most once a minute', async () => {
    const { login, password } = await generated()
    const used: number[] = []
    store.logins.used = (_id, at) => {
      used.push(at)
      return new Promise(() => {})
    }
    const start = clock.now()
    for (let count = 0; count < 130; count += 1) {
      await check(login.userName, password, here)
      clock.advance(1)
    }
    expect(used).toEqual([start, start + 60_000, start + 120_000])
  })

  it('succeeds although its use cannot be noted, which is logged', async () => {
    const { login, password } = await generated()
    store.logins.used = () => Promise.reject(new Error('disk full'))
    await check(login.userName, password, here)
    await new Promise((resolve) => setImmediate(resolve))
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })

  it('says what is broken when the store cannot be read', async () => {
    const { login, password } = await generated()
    const broken = new Error('disk broken')
    store.logins.findByUserName = () => Promise.reject(broken)
    await expect(check(login.userName, password, here)).rejects.toBe(broken)
  })
})

describe('every refusal', () => {
  interface Attempt {
    userName: string
    password: Secret
    from?: string
  }
  type Prepare = () => Promise<Attempt>
  const withGenerated = async (request: Parameters<typeof generated>[0] = {}) => {
    const { login, password } = await generated(request)
    return { id: login.id, userName: login.userName, password }
  }
  const withChosen = async (request: object = {}) => {
    const { login } = await logins.add({ mailboxes: ['me@example.com'], password: chosen, ...request })
    return { id: login.id, userName: login.userName, password: chosen }
  }
  const wrong = new Secret('wrong')

  const refusals: [string, Prepare][] = [
    ['an unknown user', async () => ({ userName: 'nobody', password: wrong })],
    ['a name from every object', async () => ({ userName: '__proto__', password: wrong })],
    ['an empty name', async () => ({ userName: '', password: wrong })],
    ['a malformed name', async () => ({ userName: 'me\u202e', password: wrong })],
    ['an endless name', async () => ({ userName: 'x'.repeat(10_000), password: wrong })],
    ['the name in another case', async () => ({ ...(await withGenerated()), userName: 'ME@EXAMPLE.COM' })],
    ['a wrong password for a generated one', async () => ({ ...(await withGenerated()), password: wrong })],
    ['a wrong password for a chosen one', async () => ({ ...(await withChosen()), password: wrong })],
    ['an empty password', async () => ({ ...(await withChosen()), password: new Secret('') })],
    [
      'an endless password',
      async () => ({ ...(await withChosen()), password: new Secret('x'.repeat(10_000)) }),
    ],
    ['a password with NUL', async () => ({ ...(await withChosen()), password: new Secret('a\0b') })],
    [
      'the password of another login',
      async () => {
        const { password } = await withGenerated()
        return { ...(await withGenerated()), password }
      },
    ],
    [
      'a revoked login',
      async () => {
        const login = await withGenerated()
        await logins.revoke(login.id)
        return login
      },
    ],
    [
      'a revoked login whose chosen password was right a moment ago',
      async () => {
        const login = await withChosen()
        await check(login.userName, login.password, here)
        await logins.revoke(login.id)
        return login
      },
    ],
    [
      'an expired login',
      async () => {
        const login = await withGenerated({ expires: '2030-05-02' })
        clock.advance(2 * 86_400)
        return login
      },
    ],
    [
      'an expired login whose chosen password was right a moment ago',
      async () => {
        const login = await withChosen({ expires: '2030-05-02' })
        await check(login.userName, login.password, here)
        clock.advance(2 * 86_400)
        return login
      },
    ],
    ['the wrong network', () => withGenerated({ networks: ['10.0.0.0/8'] })],
    ['the wrong network with a chosen password', () => withChosen({ networks: ['10.0.0.0/8'] })],
    ['no address at all', async () => ({ ...(await withGenerated({ networks: ['0.0.0.0/0'] })), from: '' })],
    [
      'a login whose mailbox was removed',
      async () => {
        const login = await withGenerated()
        await store.mailboxes.remove('me@example.com')
        return login
      },
    ],
  ]
  it.each(refusals)('has the same words and costs one scrypt: %s', async (_what, prepare) => {
    const { userName, password, from } = await prepare()
    scrypts = []
    const refusal = await check(userName, password, from ?? here).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'wrong-credentials',
      message: 'Wrong user name or password',
      fix: undefined,
    })
    expect(scrypts).toEqual([1024])
  })

  it('leaves no note of a use', async () => {
    const { userName } = await withGenerated()
    await expect(check(userName, wrong, here)).rejects.toThrow()
    await new Promise((resolve) => setImmediate(resolve))
    expect((await store.logins.findByUserName(userName))?.lastUsedAt).toBeUndefined()
  })
})
