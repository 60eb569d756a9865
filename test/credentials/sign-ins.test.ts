import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

describe('a sign-in', () => {
  it('a generated password costs no scrypt and asks nobody', async () => {
    const { id, userName, secret } = await stage.generated({
      rewriteSender: true,
      senders: ['*@example.org'],
    })
    expect(await stage.check(userName, secret)).toEqual({
      userName,
      login: id,
      mailboxes: [{ address: 'Me@example.com', key: 'me@example.com', aliases: [] }],
      senders: ['*@example.org'],
      rewriteSender: true,
    })
    expect([stage.scrypts, stage.throttle.asked]).toEqual([[], []])
  })

  it('a generated password reads its login from memory, as it is now', async () => {
    const { id, userName, secret } = await stage.generated()
    stage.store.logins.findByUserName = () => Promise.reject(new Error('asked the store'))
    expect(await stage.check(userName, secret)).toMatchObject({ senders: [] })
    await stage.logins.allow(id, ['*@example.org'])
    expect(await stage.check(userName, secret)).toMatchObject({ senders: ['*@example.org'] })
  })

  it('memory refuses no more than the store', async () => {
    const { id, userName, secret } = await stage.generated()
    const asked: string[] = []
    const { findByUserName } = stage.store.logins
    stage.store.logins.findByUserName = (name) => {
      asked.push(name)
      return findByUserName(name)
    }
    for (const name of [userName, 'nobody']) {
      await expect(stage.check(name, new Secret('wrong'))).rejects.toMatchObject({
        code: 'wrong-credentials',
      })
    }
    await stage.logins.revoke(id)
    await expect(stage.check(userName, secret)).rejects.toMatchObject({ code: 'wrong-credentials' })
    expect(asked).toEqual([userName, 'nobody', userName])
  })

  it.each(['Till@Example.com', 'till@example.com', 'TILL@EXAMPLE.COM', '\uff34ill@example.com'])(
    '%j finds the login Till@Example.com, whatever it proves itself with',
    async (typed) => {
      const found = { userName: 'Till@Example.com' }
      const name = { userName: 'Till@Example.com' }
      const generated = await stage.generated(name)
      expect(await stage.check(typed, generated.secret)).toMatchObject(found)
      await stage.logins.revoke(generated.id)
      const withChosen = await stage.withChosen(name)
      expect(await stage.check(typed, withChosen.secret)).toMatchObject(found)
      await stage.logins.revoke(withChosen.id)
      const sealed = await stage.generated({ ...name, cramMd5: true })
      expect(await stage.cramMd5(typed, sealed.secret)).toMatchObject(found)
      expect(stage.signIns.loggable(typed).userName).toBe('Till@Example.com')
    },
  )

  it('the log may name the mailboxes of the login that is tried, revoked or not, and none of an unknown one', async () => {
    const { id, userName } = await stage.generated()
    const mailboxes = ['Me@example.com']
    expect(stage.signIns.loggable(userName)).toEqual({ userName, mailboxes })
    await stage.logins.revoke(id)
    expect(stage.signIns.loggable(userName)).toEqual({ userName, mailboxes })
    expect(stage.signIns.loggable('correct horse')).toEqual({ userName: 'no such login', mailboxes: [] })
  })

  it('a login acts for itself by its name or by what it may send from, and for nobody else', async () => {
    await stage.store.mailboxes.put({
      address: 'Me@example.com',
      providerId: 'custom',
      createdAt: 0,
      aliases: ['alias@example.com'],
    })
    const { userName, secret: password } = await stage.generated({ userName: 'Copier' })
    const as = (actsAs: string, secret = password) =>
      stage.signIns.check({ kind: 'password', userName, password: secret, actsAs }, '127.0.0.1')
    for (const itself of ['copier', 'ME@example.com', 'alias@example.com'])
      expect(await as(itself)).toMatchObject({ userName })
    for (const other of ['shop@example.com', 'nobody', '*@example.com', 'example.com'])
      expect(await refusalOf(as(other))).toMatchObject({ code: 'wrong-credentials' })
    expect(await refusalOf(as('copier', new Secret('wrong')))).toMatchObject({ code: 'wrong-credentials' })
    expect(stage.throttle.asked).toHaveLength(1)
  })

  it('a chosen password costs one scrypt, and none from then on', async () => {
    const { userName, secret } = await stage.withChosen()
    for (let count = 0; count < 3; count += 1) {
      expect(await stage.check(userName, secret)).toMatchObject({ userName })
    }
    expect(stage.scrypts).toEqual([1024])
  })

  it.each(['generated', 'withChosen'] as const)(
    'a sealed password (%s) works like any other',
    async (make) => {
      const { userName, secret } = await stage[make]({ cramMd5: true })
      expect(await stage.check(userName, secret)).toMatchObject({ userName })
    },
  )

  it('a sign-in finds its login however the name was composed', async () => {
    const { userName, secret } = await stage.generated({ userName: 'caf\u00e9' })
    expect(await stage.check('cafe\u0301', secret)).toMatchObject({ userName })
  })

  it('a sign-in brings the aliases that its mailboxes have now, and leaves out mailboxes that are gone', async () => {
    const { userName, secret } = await stage.generated({ mailboxes: ['shop@example.com', 'me@example.com'] })
    const shop = { address: 'shop@example.com', providerId: 'custom', createdAt: 0 } as const
    await stage.store.mailboxes.put({ ...shop, aliases: ['sales@example.com'] })
    expect((await stage.check(userName, secret)).mailboxes).toEqual([
      {
        address: 'shop@example.com',
        key: 'shop@example.com',
        aliases: [{ address: 'sales@example.com', key: 'sales@example.com' }],
      },
      { address: 'Me@example.com', key: 'me@example.com', aliases: [] },
    ])
    await stage.store.mailboxes.remove('shop@example.com')
    expect((await stage.check(userName, secret)).mailboxes).toEqual([
      { address: 'Me@example.com', key: 'me@example.com', aliases: [] },
    ])
  })

  it('a sign-in is refused when its last mailbox goes in the middle of it', async () => {
    const { userName, secret } = await stage.generated()
    stage.store.mailboxes.find = async () => undefined
    await expect(stage.check(userName, secret)).rejects.toMatchObject({ code: 'wrong-credentials' })
  })

  it('a sign-in says what is broken when the store cannot be read', async () => {
    const { userName, secret } = await stage.withChosen()
    const broken = new Error('disk broken')
    stage.store.logins.findByUserName = () => Promise.reject(broken)
    await expect(stage.check(userName, secret)).rejects.toBe(broken)
  })
})

describe('the use of a login', () => {
  it('a use is noted without being waited for, at most once a minute from each source', async () => {
    const { userName, secret } = await stage.generated()
    const used: [number, string | undefined][] = []
    stage.store.logins.used = (_id, at, source) => {
      used.push([at, source])
      return new Promise(() => {})
    }
    const start = stage.clock.now()
    for (let count = 0; count < 70; count += 1) {
      await stage.check(userName, secret, '::ffff:192.0.2.7')
      if (count === 10) await stage.check(userName, secret, '2001:db8::7')
      stage.clock.advance(1)
    }
    expect(used).toEqual([
      [start, '192.0.2.7'],
      [start + 10_000, '2001:db8:0:0::/64'],
      [start + 60_000, '192.0.2.7'],
    ])
  })

  it('a use that cannot be noted is logged, and the sign-in succeeds', async () => {
    const { userName, secret } = await stage.generated()
    stage.store.logins.used = () => Promise.reject(new Error('disk full'))
    await stage.check(userName, secret)
    await stage.usesAreNoted()
    expect(stage.log.lines).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })

  it('a use makes its source known for 30 days, and no other source or login', async () => {
    const { userName, secret } = await stage.withChosen()
    const other = await stage.withChosen()
    await stage.check(userName, secret, '192.0.2.7')
    await stage.usesAreNoted()
    const known = async (name: string, from: string) => {
      await stage.check(name, secret, from)
      return stage.throttle.asked.at(-1)
    }
    expect(await known(userName, '192.0.2.7')).toEqual({ source: '192.0.2.7', name: userName, known: true })
    expect(await known(userName, '192.0.2.8')).toMatchObject({ known: false })
    expect(await known(other.userName, '192.0.2.7')).toMatchObject({ known: false })
    stage.clock.advance(30 * 86_400 + 1)
    expect(await known(userName, '192.0.2.7')).toMatchObject({ known: false })
  })
})

describe('the throttle', () => {
  const source = '192.0.2.66'

  it.each([
    ['a generated password', {}, 'check'],
    ['a generated password that is sealed', { cramMd5: true }, 'check'],
    ['CRAM-MD5 with a generated password', { cramMd5: true }, 'cramMd5'],
  ] as const)('the throttle does not stop %s that is right', async (_what, request, how) => {
    const { userName, secret } = await stage.generated(request)
    stage.throttle.blocked.add(source)
    const signedIn =
      how === 'check'
        ? stage.check(userName, secret, source)
        : stage.cramMd5(userName, secret, { from: source })
    expect(await signedIn).toMatchObject({ userName })
  })

  it.each(['check', 'cramMd5'] as const)(
    'the throttle stops a chosen password before it is looked at (%s)',
    async (how) => {
      const { userName, secret } = await stage.withChosen({ cramMd5: how === 'cramMd5' })
      stage.throttle.blocked.add(source)
      const refused =
        how === 'check'
          ? stage.check(userName, secret, source)
          : stage.cramMd5(userName, secret, { from: source })
      expect(await refusalOf(refused)).toMatchObject({ code: 'limit-reached', retryAfterSeconds: 60 })
      expect([stage.scrypts, stage.throttle.failed]).toEqual([[], []])
    },
  )

  it('the throttle hears of each wrong secret once, with the name as it was given', async () => {
    const { userName } = await stage.generated()
    const { secret } = await stage.generated()
    await refusalOf(stage.check(userName, secret, source))
    await refusalOf(stage.check('nobody\u202e', secret, source))
    expect(stage.throttle.failed).toEqual([
      { source, name: userName, known: false },
      { source, name: 'nobody\u202e', known: false },
    ])
    expect(stage.throttle.asked).toEqual(stage.throttle.failed)
    expect(stage.throttle.secrets).toEqual([secret.reveal(), secret.reveal()])
  })

  it('the throttle has the last word on a wrong one, after the same work', async () => {
    const { userName, secret } = await stage.withChosen()
    await stage.check(userName, secret, source)
    await stage.usesAreNoted()
    stage.scrypts.length = 0
    stage.throttle.blocked.add(source)
    const { secret: wrong } = await stage.generated()
    expect(await refusalOf(stage.check(userName, wrong, source))).toMatchObject({ code: 'limit-reached' })
    expect(stage.scrypts).toEqual([1024])
    expect(await stage.check(userName, secret, source)).toMatchObject({ userName })
  })
})
