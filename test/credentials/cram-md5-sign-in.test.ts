import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { here, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

describe('CRAM-MD5', () => {
  it.each([
    ['a generated password', 'generated', {}],
    ['a chosen password', 'withChosen', {}],
    ['a chosen password as UTF-8', 'withChosen', { password: new Secret('Überraschung im Käse') }],
    ['one that Latin-1 does not have', 'withChosen', { password: new Secret('тёплый чайник стоит') }],
  ] as const)('a login signs in with %s', async (_what, kind, request) => {
    const { userName, secret } = await stage[kind]({ cramMd5: true, ...request })
    const password = 'password' in request ? request.password : secret
    expect(await stage.cramMd5(userName, password)).toMatchObject({ userName })
    expect(stage.scrypts).toEqual([])
  })

  it('a login signs in with a chosen password in the Latin-1 of an old client', async () => {
    const password = new Secret('Überraschung im Käse')
    const { userName } = await stage.withChosen({ cramMd5: true, password })
    expect(await stage.cramMd5(userName, password, { encoding: 'latin1' })).toMatchObject({ userName })
  })

  it('the answer is that of RFC 2195, section 3', async () => {
    const { id } = await stage.generated()
    // Past the policy for chosen passwords, which this one does not satisfy.
    const password = new Secret('tanstaaftanstaaf')
    await stage.store.logins.add({
      id: `${id}-2`,
      userName: 'tim',
      name: 'Tim',
      mailboxes: ['me@example.com'],
      senders: [],
      networks: [],
      rewriteSender: false,
      verifier: { kind: 'sealed', generated: false, password },
      createdAt: 0,
    })
    const challenge = '<1896.697170952@postoffice.reston.mci.net>'
    const digest = 'b913a602c7eda7a495b4e6e7334d3890'
    const answer = stage.signIns.check({ kind: 'cram-md5', userName: 'tim', challenge, digest }, here)
    expect(await answer).toMatchObject({ userName: 'tim' })
  })

  describe('at a login that does not have it', () => {
    it('CRAM-MD5 is refused like anything wrong, and counts for no guess once the login is known from there', async () => {
      const { userName, secret } = await stage.generated()
      const refused = { code: 'wrong-credentials', message: 'Wrong user name or password' }
      expect(await refusalOf(stage.cramMd5(userName, secret))).toMatchObject(refused)
      expect([stage.throttle.failed.length, stage.throttle.harmless.length]).toEqual([1, 0])
      await stage.check(userName, secret)
      await stage.usesAreNoted()
      expect(await refusalOf(stage.cramMd5(userName, secret))).toMatchObject(refused)
      expect([stage.throttle.failed.length, stage.throttle.harmless.length]).toEqual([1, 1])
      expect(stage.scrypts).toHaveLength(2)
      expect(await refusalOf(stage.check(userName, new Secret('wrong')))).toMatchObject(refused)
      expect(stage.throttle.failed).toHaveLength(2)
    })

    it('a wrong password counts at a login that has it', async () => {
      const { userName, secret } = await stage.generated({ cramMd5: true })
      await stage.cramMd5(userName, secret)
      await stage.usesAreNoted()
      await refusalOf(stage.cramMd5(userName, new Secret('wrong')))
      expect([stage.throttle.failed.length, stage.throttle.harmless.length]).toEqual([1, 0])
    })
  })
})
