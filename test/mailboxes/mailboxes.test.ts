import { beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import type { Mailboxes } from '../../src/mailboxes/mailboxes.ts'
import type { Address } from '../../src/model/address.ts'
import type { ActiveGrant } from '../../src/model/grant.ts'
import { followStore } from '../../src/store/followed-store.ts'
import type { Store } from '../../src/store/ports.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import {
  goodAnswer,
  type ScriptedOAuthClient,
  scriptedOAuthClient,
} from '../support/scripted-oauth-client.ts'

let store: Store
let mailboxes: Mailboxes
let changed: string[]
let signInChanges: number
let oauth: ScriptedOAuthClient

beforeEach(() => {
  const followed = followStore(createMemoryStore())
  store = followed.store
  followed.follow({
    mailboxChanged: (address) => void changed.push(address),
    signInsChanged: async () => void signInChanges++,
  })
  oauth = scriptedOAuthClient(goodAnswer())
  ;[changed, signInChanges] = [[], 0]
  mailboxes = createMailboxes({
    outcomes: (mailbox) => store.journal.outcomes(mailbox),
    renewalSeconds: 86_400,
    store,
    catalogue: {
      registered(id) {
        if (id === 'one' || id === 'two') return registeredProvider({ id })
        throw failureAs(id === 'bare' ? 'configuration' : 'not-found', `No provider ${id}`)
      },
      list: () => [{ provider: registeredProvider({ id: 'one' }), registered: true }],
    },
    oauthClientFor: () => oauth,
    log: silentLog,
    clock: createManualClock(),
  })
})

const me = { address: 'Me@Example.com', provider: 'one' }

describe('a mailbox', () => {
  it('a new mailbox waits for a consent', async () => {
    const status = {
      address: 'Me@example.com',
      provider: 'one',
      signsInAs: 'boss@example.com',
      state: 'absent',
      condition: 'not-connected',
    }
    expect(await mailboxes.add({ ...me, signsInAs: 'boss@example.com' })).toEqual(status)
    expect(await mailboxes.show('ME@example.com')).toEqual(status)
    expect(await mailboxes.named('ME@example.com')).toBe('Me@example.com')
    expect(await mailboxes.list()).toEqual([status])
    // Its domain may have covered the address until now.
    expect(changed).toEqual(['Me@example.com'])
  })

  it('a mailbox that signs in as itself has no other person', async () => {
    expect(await mailboxes.add({ ...me, signsInAs: 'me@example.com' })).not.toHaveProperty('signsInAs')
  })

  it('a mailbox adopts a refresh token, without the end of line of its file', async () => {
    expect(await mailboxes.add({ ...me, refreshToken: new Secret('1//abc\n') })).toEqual({
      address: 'Me@example.com',
      provider: 'one',
      state: 'active',
      condition: 'never-used',
      flow: 'adopted',
      scopes: [],
      grantedAt: '2030-05-01T12:00:00.000Z',
      renewedAt: '2030-05-01T12:00:00.000Z',
      renewsBy: '2030-05-02T12:00:00.000Z',
    })
    expect(await tokenOf('me@example.com')).toBe('1//abc')
    expect(new Set(changed)).toEqual(new Set(['Me@example.com']))
  })

  it.each([
    ['a domain', { address: '*@example.com' }, 'invalid', /whole domain/],
    ['no address', { address: 'me' }, 'invalid', /not a mail address/],
    ['an unknown provider', { provider: 'three' }, 'not-found', /three/],
    ['a provider without registration', { provider: 'bare' }, 'configuration', /bare/],
    ['a bad other person', { signsInAs: 'boss' }, 'invalid', /not a mail address/],
    ['a bad alias', { aliases: ['sales'] }, 'invalid', /not a mail address/],
    ['a domain for an alias', { aliases: ['*@example.com'] }, 'invalid', /an alias is one address/],
    ['an empty refresh token', { refreshToken: new Secret(' \n') }, 'invalid', /not a refresh token/],
    ['a refresh token of two lines', { refreshToken: new Secret('a\nb') }, 'invalid', /not a refresh token/],
  ])('a mailbox is refused with %s, and nothing is kept', async (_what, request, code, message) => {
    const adding = mailboxes.add({ ...me, ...request })
    await expect(adding).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(await store.mailboxes.list()).toEqual([])
  })

  it('a mailbox is refused a second time, and its grant stays', async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('old') })
    const again = mailboxes.add({ ...me, address: 'ME@example.com', refreshToken: new Secret('new') })
    await expect(again).rejects.toMatchObject({ code: 'already-exists' })
    expect(await tokenOf('me@example.com')).toBe('old')
  })

  it('a mailbox is replaced on demand, with a new refresh token', async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('old') })
    await mailboxes.add({ ...me, replace: true, refreshToken: new Secret('new') })
    expect(await tokenOf('me@example.com')).toBe('new')
  })

  it('a mailbox has aliases, each once and never itself, until others are named', async () => {
    const aliases = ['Sales@Example.com', 'me@example.com', ' sales@example.com', 'info@example.org']
    const status = await mailboxes.add({ ...me, aliases })
    expect(status.aliases).toEqual(['sales@example.com', 'info@example.org'])
    expect((await mailboxes.add({ ...me, replace: true })).aliases).toEqual(status.aliases)
    const bare = await mailboxes.add({ ...me, replace: true, aliases: [] })
    expect(bare).not.toHaveProperty('aliases')
    expect(await mailboxes.show('me@example.com')).toEqual(bare)
  })

  it('a mailbox keeps the person who signs in, until somebody else is named', async () => {
    await mailboxes.add({ ...me, signsInAs: 'boss@example.com' })
    const kept = await mailboxes.add({ ...me, replace: true, aliases: ['a@example.com'] })
    expect(kept.signsInAs).toBe('boss@example.com')
    expect((await mailboxes.add({ ...me, replace: true, signsInAs: me.address })).signsInAs).toBeUndefined()
  })

  it('a replacement adds a mailbox, too', async () => {
    expect(await mailboxes.add({ ...me, replace: true })).toMatchObject({ state: 'absent' })
  })

  it('a grant lapses as soon as another person is to sign in', async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('old') })
    const status = await mailboxes.add({ ...me, replace: true, signsInAs: 'boss@example.com' })
    expect(status).toMatchObject({
      state: 'lapsed',
      signsInAs: 'boss@example.com',
      reason: 'Another person signs in for the mailbox: boss@example.com instead of Me@example.com',
    })
  })

  it("a mailbox never takes one provider's grant to another", async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('old') })
    const status = await mailboxes.add({ ...me, provider: 'two', replace: true })
    expect(status).toMatchObject({
      provider: 'two',
      state: 'lapsed',
      reason: expect.stringMatching(/from the provider one to two/),
    })
  })

  it('a mailbox that is removed ends at its provider, too', async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('the-only-one') })
    expect(await mailboxes.remove('me@example.com')).toMatchObject({ revocation: 'revoked' })
    expect(oauth.revoked).toEqual(['the-only-one'])
    expect(await store.mailboxes.list()).toEqual([])
  })

  it('a mailbox is removed though the provider cannot be asked, and the answer says where the consent lives on', async () => {
    await mailboxes.add({ ...me, refreshToken: new Secret('the-only-one') })
    oauth.revoke = () => Promise.reject(new Error('away'))
    const { revocation, advice } = await mailboxes.remove('me@example.com')
    expect(revocation).toBe('failed')
    expect(advice).toContain('To end the consent there, go to')
    expect(await store.mailboxes.list()).toEqual([])
  })

  it('a mailbox that is removed is forgotten everywhere', async () => {
    await mailboxes.add(me)
    ;[changed.length, signInChanges] = [0, 0]
    expect(await mailboxes.remove('me@example.com')).toEqual({
      removed: 'Me@example.com',
      revocation: 'nothing',
    })
    expect(signInChanges).toBe(1)
    expect(changed).toEqual(['Me@example.com'])
    for (const ask of ['show', 'named', 'remove'] as const) {
      const gone = mailboxes[ask]('me@example.com')
      await expect(gone).rejects.toMatchObject({ code: 'not-found' })
    }
  })
})

async function tokenOf(address: Address): Promise<string> {
  return ((await store.grants.ofMailbox(address)) as ActiveGrant).refreshToken?.reveal() ?? 'none'
}
