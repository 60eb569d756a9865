import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { LoginRequest } from '../../src/credentials/logins.ts'
import { here, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

interface Attempt {
  userName: string
  secret: Secret
  from?: string
}
type Kind = 'generated' | 'withChosen'

const wrong = new Secret('wrong')
const revoked = async (kind: Kind, request: Partial<LoginRequest> = {}) => {
  const login = await stage[kind](request)
  await stage.check(login.userName, login.secret)
  await stage.logins.revoke(login.id)
  return login
}
const expired = async (kind: Kind, request: Partial<LoginRequest> = {}) => {
  const login = await stage[kind]({ expires: '2030-05-02', ...request })
  await stage.check(login.userName, login.secret)
  stage.clock.advance(2 * 86_400)
  return login
}
const sealed = { cramMd5: true }

const refusals: [string, () => Promise<Attempt>][] = [
  ['an unknown user', async () => ({ userName: 'nobody', secret: wrong })],
  ['a name from every object', async () => ({ userName: '__proto__', secret: wrong })],
  ['an empty name', async () => ({ userName: '', secret: wrong })],
  ['a malformed name', async () => ({ userName: 'me\u202e', secret: wrong })],
  ['an endless name', async () => ({ userName: 'x'.repeat(10_000), secret: wrong })],
  ['a name with a dot more', async () => ({ ...(await stage.generated()), userName: 'me@example.com.' })],
  ['a wrong password for a generated one', async () => ({ ...(await stage.generated()), secret: wrong })],
  ['a wrong password for a chosen one', async () => ({ ...(await stage.withChosen()), secret: wrong })],
  ['a wrong password for a sealed one', async () => ({ ...(await stage.generated(sealed)), secret: wrong })],
  [
    'a wrong one for a chosen sealed one',
    async () => ({ ...(await stage.withChosen(sealed)), secret: wrong }),
  ],
  ['an empty password', async () => ({ ...(await stage.withChosen()), secret: new Secret('') })],
  ['an endless one', async () => ({ ...(await stage.withChosen()), secret: new Secret('x'.repeat(10_000)) })],
  ['a password with NUL', async () => ({ ...(await stage.withChosen()), secret: new Secret('a\0b') })],
  [
    'the password of another login',
    async () => {
      const { secret } = await stage.generated()
      return { ...(await stage.generated()), secret }
    },
  ],
  ['a revoked login', () => revoked('generated')],
  ['a revoked login whose chosen password was right a moment ago', () => revoked('withChosen')],
  ['a revoked login with a sealed password', () => revoked('generated', sealed)],
  ['an expired login', () => expired('generated')],
  ['an expired login whose chosen password was right a moment ago', () => expired('withChosen')],
  ['an expired login with a sealed password', () => expired('withChosen', sealed)],
  ['the wrong network', () => stage.generated({ networks: ['10.0.0.0/8'] })],
  ['the wrong network with a chosen password', () => stage.withChosen({ networks: ['10.0.0.0/8'] })],
  ['the wrong network with a sealed one', () => stage.generated({ ...sealed, networks: ['10.0.0.0/8'] })],
  ['no address at all', async () => ({ ...(await stage.generated({ networks: ['0.0.0.0/0'] })), from: '' })],
  ['a login without a password', () => withoutPassword()],
  [
    'a login whose mailbox was removed',
    async () => {
      const login = await stage.generated()
      await stage.store.mailboxes.remove('me@example.com')
      await stage.index.refresh()
      return login
    },
  ],
]

async function withoutPassword(): Promise<Attempt> {
  const { login } = await stage.logins.add({
    mailboxes: ['me@example.com'],
    withoutPassword: true,
    networks: ['127.0.0.0/8'],
  })
  return { ...login, secret: new Secret('') }
}

const refusal = { code: 'wrong-credentials', message: 'Wrong user name or password', fix: undefined }

describe('every refusal of a password', () => {
  it.each(refusals)('a refusal has the same words and costs one scrypt: %s', async (_what, prepare) => {
    const { userName, secret, from = here } = await prepare()
    stage.scrypts.length = 0
    expect(await refusalOf(stage.check(userName, secret, from))).toMatchObject(refusal)
    expect(stage.scrypts).toEqual([1024])
    expect(stage.throttle.failed).toHaveLength(1)
  })

  it('a refusal leaves no note of a use', async () => {
    const { userName } = await stage.generated()
    await refusalOf(stage.check(userName, wrong))
    await new Promise((resolve) => setImmediate(resolve))
    expect((await stage.store.logins.findByUserName(userName))?.lastUsedAt).toBeUndefined()
  })
})

describe('every refusal of CRAM-MD5', () => {
  // A login without CRAM-MD5 is refused with its right password, too.
  it.each(refusals)('a refusal of CRAM-MD5 is the same: %s', async (_what, prepare) => {
    const { userName, secret, from = here } = await prepare()
    stage.scrypts.length = 0
    expect(await refusalOf(stage.cramMd5(userName, secret, { from }))).toMatchObject(refusal)
    expect(stage.scrypts).toEqual([1024])
    expect(stage.throttle.failed).toHaveLength(1)
  })

  it.each(['generated', 'withChosen'] as const)(
    'a refusal is the same without CRAM-MD5: %s',
    async (kind) => {
      const { userName, secret } = await stage[kind]()
      stage.scrypts.length = 0
      expect(await refusalOf(stage.cramMd5(userName, secret))).toMatchObject(refusal)
      expect(stage.scrypts).toEqual([1024])
    },
  )
})
