import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { failureAs } from '../support/made-failure.ts'
import { here, refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const busy = () => Promise.reject(failureAs('store-unavailable', 'The database is busy'))
const wrong = { code: 'wrong-credentials' }

/** From now on the journal takes no line. */
function breakLog(): void {
  stage.log.info = () => {
    throw new Error('the journal cannot be written')
  }
}

describe('a revocation that is in the store counts at once, whatever fails after it', () => {
  it('a login is revoked when the store is too busy to list the logins afterwards', async () => {
    const { id, userName, secret } = await stage.generated()
    const submitter = await stage.check(userName, secret)
    const { revoke, list } = stage.store.logins
    stage.store.logins.revoke = async (...given) => {
      const revoked = await revoke(...given)
      stage.store.logins.list = busy
      return revoked
    }
    await stage.logins.revoke(id)
    expect(await refusalOf(stage.check(userName, secret))).toMatchObject(wrong)
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(wrong)
    stage.store.logins.list = list
    expect(await refusalOf(stage.check(userName, secret))).toMatchObject(wrong)
  })

  it('a login is revoked when the journal takes no line of it', async () => {
    const { id, userName, secret } = await stage.generated()
    await stage.check(userName, secret)
    breakLog()
    await expect(stage.logins.revoke(id)).rejects.toThrow('journal')
    expect(await refusalOf(stage.check(userName, secret))).toMatchObject(wrong)
  })

  it('an API key is revoked when the journal takes no line of it', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['admin', 'send:me@example.com'] })
    const submitter = await stage.signIns.check({ kind: 'bearer', userName: '', token: key }, here)
    breakLog()
    await expect(stage.apiKeys.revoke(apiKey.id)).rejects.toThrow('journal')
    expect(await refusalOf(stage.apiKeys.check(key, here))).toMatchObject(wrong)
    expect(await refusalOf(stage.confirm(submitter))).toMatchObject(wrong)
  })

  it('an API key is revoked when the store says that it failed after it was written', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['admin'] })
    await stage.apiKeys.check(key, here)
    // As a disk does that fails between the commit and its acknowledgement.
    await stage.commitsAndFails(() => stage.apiKeys.revoke(apiKey.id))
    expect(await refusalOf(stage.apiKeys.check(key, here))).toMatchObject(wrong)
  })

  it('a mailbox is removed with all its logins when nobody hears of it afterwards', async () => {
    const { userName, secret } = await stage.generated()
    const { key } = await stage.apiKeys.add({ scopes: ['token:me@example.com'] })
    await stage.check(userName, secret)
    // What any caller does next does not matter: the change itself tells.
    await stage.store.mailboxes.remove('me@example.com')
    expect(await refusalOf(stage.check(userName, secret))).toMatchObject(wrong)
    expect(await refusalOf(stage.apiKeys.check(key, here))).toMatchObject(wrong)
  })
})

it('a sender that was allowed counts though the journal took no line of it', async () => {
  const { id, userName, secret } = await stage.generated()
  breakLog()
  await expect(stage.logins.allow(id, ['new@example.org'])).rejects.toThrow('journal')
  expect((await stage.check(userName, secret)).senders).toEqual(['new@example.org'])
})

it('an answer of the store that the change is refused asks nobody to read anything again', async () => {
  await stage.generated({ userName: 'printer' })
  const { list } = stage.store.logins
  let asked = 0
  stage.store.logins.list = (...given) => {
    asked += 1
    return list(...given)
  }
  const again = stage.logins.add({
    mailboxes: ['me@example.com'],
    userName: 'printer',
    password: new Secret('mauve kettle orbits'),
  })
  await expect(again).rejects.toMatchObject({ code: 'already-exists' })
  expect(asked).toBe(0)
})
