import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import type { NewGrant } from '../../src/model/grant.ts'
import { here, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const [me, shop, ceo] = ['Me@example.com', 'shop@example.com', 'ceo@example.org'] as const
const ended = { code: 'wrong-credentials' }
const refused = { code: 'sender-refused' }

async function addMailbox(
  address: Address,
  more: { aliases?: Address[] } = {},
  grant?: NewGrant,
): Promise<void> {
  await stage.store.mailboxes.add(
    { address, providerId: 'custom', createdAt: stage.clock.now(), ...more },
    grant,
  )
}

const ofApp = (mailbox: Address): NewGrant => ({
  mailbox,
  flow: 'client-credentials',
  scopes: [],
  grantedAt: 0,
  renewedAt: 0,
})

const addDomain = () => addMailbox('*@example.org', {}, ofApp('*@example.org'))

async function addAgain(address: Address): Promise<void> {
  await stage.store.mailboxes.remove(address)
  await addMailbox(address)
}

async function signedIn(request: Parameters<SignInStage['generated']>[0], from = here) {
  const login = await stage.generated(request)
  return { ...login, submitter: await stage.check(login.userName, login.secret, from) }
}

async function signedInByKey(userName: string, ...scopes: string[]) {
  const { key } = await stage.apiKeys.add({ scopes })
  return stage.signIns.check({ kind: 'bearer', userName, token: key }, here)
}

describe('a session that is open', () => {
  it('a session sends no more as a mailbox that was taken from its login, nor with the consent of its next owner', async () => {
    const { submitter } = await signedIn({ mailboxes: [me, shop] })
    await stage.confirm(submitter, me)
    await addAgain(me)
    expect(await refusalOf(stage.confirm(submitter, me))).toMatchObject(refused)
    await stage.confirm(submitter, shop)
    // Nor by what goes out through the first mailbox, whichever that is now.
    expect(await refusalOf(stage.confirm(submitter, '', here, me))).toMatchObject(ended)
  })

  it('a session sends no more as any mailbox of a login that was for one that is gone and there again', async () => {
    const { submitter } = await signedIn({ mailboxes: [me] })
    await addAgain(me)
    expect(await refusalOf(stage.confirm(submitter, me))).toMatchObject(ended)
  })

  it('a session sends no more as a mailbox that falls to its domain when its own entry goes', async () => {
    await addDomain()
    await addMailbox(ceo)
    const { submitter } = await signedIn({ mailboxes: [shop, ceo] })
    await stage.confirm(submitter, ceo)
    await stage.store.mailboxes.remove(ceo)
    expect(await refusalOf(stage.confirm(submitter, ceo))).toMatchObject(refused)
  })

  it('a session sends no more as an alias that its mailbox has not any more', async () => {
    const shopNow = { address: shop, providerId: 'custom', createdAt: 0 }
    await stage.store.mailboxes.put({ ...shopNow, aliases: ['sales@example.com'] })
    const { submitter } = await signedIn({ mailboxes: [me, shop] })
    await stage.confirm(submitter, 'sales@example.com', here, shop)
    await stage.store.mailboxes.put({ ...shopNow, aliases: [] })
    expect(await refusalOf(stage.confirm(submitter, 'sales@example.com', here, shop))).toMatchObject(refused)
  })

  it('a session sends with another sender only through the mailbox that it leaves through now', async () => {
    const { submitter } = await signedIn({ mailboxes: [me, shop], rewriteSender: true })
    const message = { mailbox: keyed(me), sender: me, givenSender: 'root@localhost' }
    await stage.signIns.revalidate(submitter, message, here)
    await addAgain(me)
    expect(
      await refusalOf(Promise.resolve(stage.signIns.revalidate(submitter, message, here))),
    ).toMatchObject(ended)
  })

  it('a session has its networks looked at, too', async () => {
    const { submitter } = await signedIn({ networks: ['192.0.2.0/24'] }, '192.0.2.7')
    await stage.confirm(submitter, me, '192.0.2.7')
    expect(await refusalOf(stage.confirm(submitter, me, '198.51.100.7'))).toMatchObject(ended)
  })

  it('a session gains nothing that it did not sign in for', async () => {
    const submitter = await signedInByKey(me, `send:${me}`, `send:${shop}`)
    await stage.confirm(submitter, me)
    expect(await refusalOf(stage.confirm(submitter, shop))).toMatchObject(refused)
  })

  it('a session of an API key sends no more as what the key has lost, though it has other scopes', async () => {
    const submitter = await signedInByKey('', `send:${me}`, `send:${shop}`)
    await stage.confirm(submitter, me)
    await addAgain(me)
    expect(await refusalOf(stage.confirm(submitter, me))).toMatchObject(refused)
    await stage.confirm(submitter, shop)
  })

  it('a session of an API key for one address of a domain ends when the address gets an entry of its own', async () => {
    await addDomain()
    const submitter = await signedInByKey('', `send:${ceo}`)
    await stage.confirm(submitter, ceo)
    await addMailbox(ceo)
    expect(await refusalOf(stage.confirm(submitter, ceo))).toMatchObject(ended)
  })

  it.each([true, false])('the store is asked where memory does not know (login: %s)', async (byLogin) => {
    const submitter = byLogin
      ? (await signedIn({ mailboxes: [me, shop] })).submitter
      : await signedInByKey('', `send:${me}`, `send:${shop}`)
    const { list } = stage.store.logins
    stage.store.logins.list = () => Promise.reject(new Error('busy'))
    await addAgain(me)
    expect(await refusalOf(stage.confirm(submitter, me))).toMatchObject(refused)
    await stage.confirm(submitter, shop)
    stage.store.logins.list = list
  })
})

describe("a right to a whole domain, and a mailbox of it that is a person's own", () => {
  const consent: NewGrant = {
    ...ofApp(ceo),
    flow: 'authorization-code',
    refreshToken: new Secret('refresh'),
    signedInAs: ceo,
  }
  const ways: [string, () => Promise<Awaited<ReturnType<typeof signedInByKey>>>, boolean][] = [
    ['a login', async () => (await signedIn({ mailboxes: ['*@example.org'] })).submitter, false],
    ['an API key', () => signedInByKey('', 'send:*@example.org'), false],
    ['an API key in its name', () => signedInByKey(ceo, 'send:*@example.org'), false],
    [
      'a login that says so',
      async () => (await signedIn({ mailboxes: ['*@example.org'], personal: true })).submitter,
      true,
    ],
    ['an API key that says so', () => signedInByKey('', 'send:*@example.org+personal'), true],
  ]

  it.each(ways)('%s reaches the mailbox only where that was asked for', async (_who, signIn, reaches) => {
    await addDomain()
    const submitter = await signIn()
    await stage.confirm(submitter, ceo)
    // While somebody has yet to consent it is nobody's either.
    await addMailbox(ceo)
    for (const grant of [undefined, consent]) {
      if (grant) await stage.store.grants.adopt(grant)
      if (reaches) await stage.confirm(submitter, ceo)
      else {
        const { code, message, fix } = (await refusalOf(stage.confirm(submitter, ceo))) as Record<
          string,
          string
        >
        expect([code, message]).toEqual(['sender-refused', expect.stringContaining("a person's own")])
        expect(fix).toBe('Allow it with: postern login add ceo@example.org')
      }
    }
    await stage.confirm(submitter, 'other@example.org')
    expect(await stage.store.grants.standing(ceo)).toMatchObject({ grant: { flow: 'authorization-code' } })
  })

  it('a right reaches the mailbox where the login has it by its name, too', async () => {
    await addDomain()
    await addMailbox(ceo, {}, consent)
    const { submitter } = await signedIn({ mailboxes: ['*@example.org', ceo] })
    await stage.confirm(submitter, ceo)
  })

  it('a right to the domain reaches an entry of its own that an app sends for', async () => {
    await addDomain()
    await addMailbox(ceo, { aliases: ['boss@example.org'] }, ofApp(ceo))
    const { submitter } = await signedIn({ mailboxes: ['*@example.org'] })
    await stage.confirm(submitter, ceo)
  })

  it('a right to personal mailboxes cannot be asked for where there is no domain', async () => {
    const login = stage.logins.add({ mailboxes: [me], personal: true })
    expect(await refusalOf(login)).toMatchObject({ code: 'invalid' })
    const key = stage.apiKeys.add({ scopes: [`token:${me}+personal`] })
    expect(await refusalOf(key)).toMatchObject({ code: 'invalid' })
    const gone = stage.apiKeys.add({ scopes: ['token:*@example.org+personal'] })
    expect(await refusalOf(gone)).toMatchObject({ code: 'not-found' })
  })

  it('a right to personal mailboxes is shown with the login and the key', async () => {
    await addDomain()
    await stage.generated({ mailboxes: ['*@example.org'], personal: true })
    await stage.apiKeys.add({ scopes: ['token:*@Example.org+personal'] })
    expect(await stage.logins.list()).toMatchObject([{ personal: true }])
    expect(await stage.apiKeys.list()).toMatchObject([{ scopes: ['token:*@example.org+personal'] }])
  })
})
