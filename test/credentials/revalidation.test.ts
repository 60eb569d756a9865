import { beforeEach, describe, expect, it } from 'vitest'
import { here, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const ended = {
  code: 'wrong-credentials',
  message: 'The login or API key of this session has ended, or lost this mailbox',
}

describe('what a session signed in with', () => {
  it.each(['generated', 'withChosen'] as const)(
    'a session is good until its login (%s) is revoked',
    async (make) => {
      const { id, userName, secret } = await stage[make]()
      const submitter = await stage.check(userName, secret)
      await stage.confirm(submitter)
      await stage.logins.revoke(id)
      expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
    },
  )

  it('a session is not good again when its name is given to another login', async () => {
    const { id, userName, secret } = await stage.generated({ userName: 'printer' })
    const submitter = await stage.check(userName, secret)
    await stage.logins.revoke(id)
    await stage.generated({ userName: 'printer' })
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
  })

  it('a session ends when the time of its login comes', async () => {
    const expires = new Date(stage.clock.now() + 1000).toISOString()
    const { userName, secret } = await stage.generated({ expires })
    const submitter = await stage.check(userName, secret)
    await stage.confirm(submitter)
    stage.clock.advance(1)
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
  })

  it('a session ends with its only mailbox', async () => {
    const { userName, secret } = await stage.generated()
    const submitter = await stage.check(userName, secret)
    await stage.store.mailboxes.remove('me@example.com')
    await stage.index.refresh()
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
  })

  it('the store is asked where memory does not know', async () => {
    const { id, userName, secret } = await stage.generated()
    const submitter = await stage.check(userName, secret)
    const { list } = stage.store.logins
    stage.store.logins.list = () => Promise.reject(new Error('busy'))
    await stage.index.refresh()
    await stage.confirm(submitter)
    await stage.store.logins.revoke(id, stage.clock.now())
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
    stage.store.logins.list = list
  })

  it('a session costs the store nothing as a rule', async () => {
    const { userName, secret } = await stage.generated()
    const submitter = await stage.check(userName, secret)
    stage.store.logins.findByUserName = () => Promise.reject(new Error('asked'))
    await stage.confirm(submitter)
  })

  it('a session has the limits that its login has now', async () => {
    const { id, userName, secret } = await stage.generated({ limits: { messagesPerHour: 9 } })
    const submitter = await stage.check(userName, secret)
    expect([submitter.limits, stage.signIns.limitsOf(submitter)]).toEqual([
      { messagesPerHour: 9 },
      { messagesPerHour: 9 },
    ])
    await stage.logins.limit(id, { messagesPerHour: 3, recipients: ['*@example.com'] })
    expect(stage.signIns.limitsOf(submitter)).toEqual({ messagesPerHour: 3, recipients: ['*@example.com'] })
    await stage.logins.limit(id, { messagesPerHour: null, recipients: [] })
    expect(stage.signIns.limitsOf(submitter)).toBeUndefined()
  })

  it('a session has the limits of its sign-in while nothing could be read of its login', async () => {
    const { userName, secret } = await stage.generated()
    const { list } = stage.store.logins
    stage.store.logins.list = () => Promise.reject(new Error('away'))
    const { login, password } = await stage.logins.add({
      mailboxes: ['me@example.com'],
      limits: { messagesPerHour: 9 },
    })
    stage.store.logins.list = list
    const submitter = await stage.check(login.userName, password ?? secret)
    await stage.index.refresh()
    expect(stage.signIns.limitsOf({ ...submitter, login: 'not known' })).toEqual({ messagesPerHour: 9 })
    expect(stage.signIns.limitsOf(await stage.check(userName, secret))).toBeUndefined()
  })

  it('a session of an API key ends where its networks end', async () => {
    const { key } = await stage.apiKeys.add({ scopes: ['send:me@example.com'], networks: ['192.0.2.0/28'] })
    const submitter = await stage.signIns.check({ kind: 'bearer', userName: '', token: key }, '192.0.2.7')
    await stage.confirm(submitter, 'me@example.com', '192.0.2.7')
    expect(await refusalOf(stage.confirm(submitter, 'me@example.com', '192.0.2.16'))).toMatchObject(ended)
  })

  it('a session is good until its API key is revoked', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['send:me@example.com'] })
    const submitter = await stage.signIns.check({ kind: 'bearer', userName: '', token: key }, here)
    await stage.confirm(submitter)
    await stage.apiKeys.revoke(apiKey.id)
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(ended)
  })
})
