import { beforeEach, describe, expect, it } from 'vitest'
import type { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { here, ownerKey, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const bearer = (userName: string, token: Secret, from = here) =>
  stage.signIns.check({ kind: 'bearer', userName, token }, from)

async function keyWith(...scopes: string[]) {
  return await stage.apiKeys.add({ scopes, name: 'nightly report' })
}

const both = ['send:me@example.com', 'send:shop@example.com']

describe('an API key as a bearer', () => {
  it.each([
    ['the mailbox that it sends for', ['send:me@example.com'], 'me@example.com', ['Me@example.com']],
    ['that mailbox in another case', ['send:me@example.com'], 'ME@EXAMPLE.COM', ['Me@example.com']],
    ['nothing, where it sends for one', ['send:me@example.com', 'read'], '', ['Me@example.com']],
    ['nothing, where it sends for several', both, '', ['Me@example.com', 'shop@example.com']],
    ['one of several', both, 'shop@example.com', ['shop@example.com']],
  ])('the user name may be %s', async (_what, scopes, userName, mailboxes) => {
    const { apiKey, key } = await keyWith(...scopes)
    expect(await bearer(userName, key)).toEqual({
      userName: 'api-key nightly report',
      apiKey: apiKey.id,
      mailboxes: mailboxes.map((address) => ({ address, key: address.toLowerCase(), aliases: [] })),
      senders: [],
      rewriteSender: false,
    })
    expect(stage.scrypts).toEqual([])
  })

  it('a key brings the aliases of its mailbox', async () => {
    const { key } = await keyWith(...both)
    const shop = { address: 'shop@example.com', providerId: 'custom', createdAt: 0 } as const
    await stage.store.mailboxes.put({ ...shop, aliases: ['sales@example.com'] })
    const { mailboxes } = await bearer('shop@example.com', key)
    expect(mailboxes).toMatchObject([
      { address: 'shop@example.com', aliases: [{ address: 'sales@example.com', key: 'sales@example.com' }] },
    ])
  })

  it('a key works whatever its source has done before, because nobody guesses it', async () => {
    const { key } = await keyWith('send:me@example.com')
    stage.throttle.blocked.add(here)
    expect(await bearer('', key)).toMatchObject({ userName: 'api-key nightly report' })
    expect([stage.throttle.asked, stage.throttle.refused]).toEqual([[], []])
  })
})

describe('an API key with networks', () => {
  it.each(['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1'])(
    'works from %s, which is within',
    async (from) => {
      const networks = ['192.0.2.0/28', '2001:db8::1']
      const { apiKey, key } = await stage.apiKeys.add({ scopes: ['send:me@example.com', 'read'], networks })
      expect(await bearer('', key, from)).toHaveProperty('apiKey')
      expect(await stage.apiKeys.check(key, from)).toMatchObject({ apiKey: apiKey.id })
    },
  )

  it('is refused from elsewhere as one that is not valid, which is in the journal once a minute', async () => {
    const networks = ['192.0.2.0/28', '2001:db8::1']
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['send:me@example.com', 'read'], networks })
    const { message } = (await refusalOf(bearer('', new Secret('no key'), '192.0.2.16'))) as Failure
    for (const from of ['192.0.2.16', '192.0.2.16', '2001:db8::2', '']) {
      expect(await refusalOf(bearer('', key, from))).toMatchObject({ id: 'sign-in.wrong', message })
      expect(await refusalOf(stage.apiKeys.check(key, from))).toMatchObject({ id: 'api-key.invalid' })
    }
    const told = stage.log.lines.filter(({ message }) => message.startsWith('An API key was refused'))
    const { id } = apiKey
    expect(told.map(({ fields }) => fields)).toEqual(
      ['192.0.2.16', '2001:db8::2', ''].map((source) => ({ event: 'api-key.elsewhere', apiKey: id, source })),
    )
    await stage.usesAreNoted()
    expect((await stage.apiKeys.list())[0]).not.toHaveProperty('lastUsedAt')
  })

  it('is offered where it may be used', async () => {
    await stage.apiKeys.add({ scopes: ['send:me@example.com'], networks: ['192.0.2.0/28'] })
    expect(stage.signIns.authMethods('192.0.2.7').bearer).toBe(true)
    expect(stage.signIns.authMethods('192.0.2.16').bearer).toBe(false)
  })
})

describe('the refusal of a bearer', () => {
  interface Attempt {
    token: Secret
    userName?: string
  }
  const withKey = async (userName: string, ...scopes: string[]) => {
    const { key } = await keyWith(...scopes)
    return { token: key, userName }
  }
  const refused = { code: 'wrong-credentials', message: 'Wrong user name or password', fix: undefined }

  // Least privilege: these may do everything by HTTP, and are worth nothing here.
  const valid: [string, () => Promise<Attempt>][] = [
    ['the owner key', async () => ({ token: ownerKey })],
    ['an admin key', () => withKey('', 'admin')],
    ['a key that may read', () => withKey('', 'read')],
    ['a key that may have tokens', () => withKey('me@example.com', 'token:me@example.com')],
    ['a key for another mailbox', () => withKey('shop@example.com', 'send:me@example.com', 'admin')],
    ['a name that is no mailbox', () => withKey('nightly report', 'send:me@example.com')],
    ['a name that goes on', () => withKey('me@example.com.example', 'send:me@example.com')],
  ]
  it.each(valid)('%s gets the same words, and is no guess', async (_what, prepare) => {
    const { token, userName = '' } = await prepare()
    expect(await refusalOf(bearer(userName, token))).toMatchObject(refused)
    expect(stage.throttle.refused).toEqual([])
  })

  const wrong: [string, () => Promise<Attempt>][] = [
    ['no key at all', async () => ({ token: new Secret('ya29.a-token-of-the-provider') })],
    ['an empty one', async () => ({ token: new Secret('') })],
    [
      'a key with a character changed',
      async () => {
        const { key } = await keyWith('send:me@example.com')
        return { token: new Secret(`${key.reveal().slice(0, -2)}AA`) }
      },
    ],
    [
      'a revoked key',
      async () => {
        const { apiKey, key } = await keyWith('send:me@example.com')
        await stage.apiKeys.revoke(apiKey.id)
        return { token: key }
      },
    ],
    [
      'an expired key',
      async () => {
        const { key } = await stage.apiKeys.add({ scopes: ['send:me@example.com'], expires: '2030-05-02' })
        stage.clock.advance(2 * 86_400)
        return { token: key }
      },
    ],
    [
      'a key whose mailbox was removed',
      async () => {
        const { key } = await keyWith('send:me@example.com')
        await stage.store.mailboxes.remove('me@example.com')
        await stage.index.refresh()
        return { token: key }
      },
    ],
  ]
  it.each(wrong)('%s gets the same words, and is told to the throttle', async (_what, prepare) => {
    const { token, userName = '' } = await prepare()
    expect(await refusalOf(bearer(userName, token, '2001:db8::7'))).toMatchObject(refused)
    expect(stage.throttle.refused).toEqual(['2001:db8:0:0::/64'])
    expect(stage.throttle.secrets).toEqual([token.reveal()])
  })

  it('the refusal says that the source has no more guesses', async () => {
    stage.throttle.blocked.add(here)
    const refusal = await refusalOf(bearer('', new Secret('wrong')))
    expect(refusal).toMatchObject({ code: 'limit-reached', retryAfterSeconds: 60 })
  })

  it('the refusal says what is broken when the store cannot be read', async () => {
    const { apiKey } = await keyWith('send:me@example.com')
    const broken = new Error('disk broken')
    stage.store.apiKeys.find = () => Promise.reject(broken)
    const unknown = new Secret(`postern_${apiKey.id}_${'A'.repeat(43)}`)
    expect(await refusalOf(bearer('', unknown))).toBe(broken)
  })
})
