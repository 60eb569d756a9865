import { beforeEach, describe, expect, it } from 'vitest'
import { warnOfNamesAlike, warnOfOpenLogins } from '../../src/credentials/credential-index.ts'
import { type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const device = '192.0.2.7'
const nothing = { cramMd5: false, bearer: false, withoutPassword: false }
const offered = (from = device) => stage.signIns.authMethods(from)
const open = (request: object = {}) =>
  stage.logins.add({
    mailboxes: ['me@example.com'],
    withoutPassword: true,
    networks: ['192.0.2.7'],
    ...request,
  })

describe('what a client is offered beside PLAIN and LOGIN', () => {
  it('nothing is offered until somebody asks for it', async () => {
    await stage.generated()
    await stage.withChosen()
    await stage.apiKeys.add({ scopes: ['read', 'admin', 'token:me@example.com'] })
    expect(offered()).toEqual(nothing)
  })

  it('CRAM-MD5 is offered where a login for it may sign in from', async () => {
    await stage.generated({ cramMd5: true, networks: ['192.0.2.7'] })
    expect(offered('::ffff:192.0.2.7')).toEqual({ ...nothing, cramMd5: true })
    expect(offered('192.0.2.8')).toEqual(nothing)
    await stage.generated({ cramMd5: true })
    expect(offered('2001:db8::1')).toEqual({ ...nothing, cramMd5: true })
  })

  it('MAIL without AUTH is offered where a login without a password is bound to', async () => {
    await open()
    expect([offered(), offered('192.0.2.8')]).toEqual([{ ...nothing, withoutPassword: true }, nothing])
  })

  it('a bearer is offered when an API key may send', async () => {
    await stage.apiKeys.add({ scopes: ['send:me@example.com'] })
    expect(offered()).toEqual({ ...nothing, bearer: true })
  })

  it('a second client of an address gets the offer without a look at each login', async () => {
    for (let login = 0; login < 3; login += 1)
      await stage.generated({ cramMd5: true, networks: ['192.0.2.7'] })
    const first = offered('192.0.2.8')
    expect(offered('192.0.2.8')).toBe(first)
    await stage.generated({ cramMd5: true, networks: ['192.0.2.8'] })
    expect(offered('192.0.2.8')).toEqual({ ...nothing, cramMd5: true })
  })

  it('an offer ends when the credential is revoked', async () => {
    const { id } = await stage.generated({ cramMd5: true })
    const { login } = await open()
    const { apiKey } = await stage.apiKeys.add({ scopes: ['send:me@example.com'] })
    expect(offered()).toEqual({ cramMd5: true, bearer: true, withoutPassword: true })
    for (const one of [id, login.id]) await stage.logins.revoke(one)
    await stage.apiKeys.revoke(apiKey.id)
    expect(offered()).toEqual(nothing)
  })

  it('an offer ends at the second at which the credential does', async () => {
    const expires = '2030-05-01T12:00:10Z'
    await stage.generated({ cramMd5: true, expires })
    await open({ expires })
    await stage.apiKeys.add({ scopes: ['send:me@example.com'], expires })
    stage.clock.advance(9.999)
    expect(offered()).toEqual({ cramMd5: true, bearer: true, withoutPassword: true })
    stage.clock.advance(0.001)
    expect(offered()).toEqual(nothing)
  })

  it('an offer is as before once a clock that ran ahead has been put right', async () => {
    const expires = '2030-05-01T12:00:10Z'
    await stage.generated({ cramMd5: true, expires })
    const { now } = stage.clock
    stage.clock.now = () => now() + 20_000
    expect(offered()).toEqual(nothing)
    stage.clock.now = now
    expect(offered()).toEqual({ ...nothing, cramMd5: true })
  })

  it('a slower reading that began earlier undoes no offer', async () => {
    const { list } = stage.store.logins
    let release = () => {}
    const before = await list()
    stage.store.logins.list = async () => {
      await new Promise<void>((resolve) => (release = resolve))
      return before
    }
    const slow = stage.index.refresh()
    stage.store.logins.list = list
    await stage.generated({ cramMd5: true })
    release()
    await slow
    expect(offered()).toEqual({ ...nothing, cramMd5: true })
  })

  it('the offer is read again at the next question when the store did not answer', async () => {
    const { list } = stage.store.logins
    stage.store.logins.list = () => Promise.reject(new Error('busy'))
    await stage.generated({ cramMd5: true })
    expect(stage.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ event: 'sign-ins.not-read' }),
      }),
    )
    stage.store.logins.list = list
    expect(offered()).toEqual(nothing)
    await expect.poll(() => offered()).toEqual({ ...nothing, cramMd5: true })
  })
})

it('every start says which logins need no password', async () => {
  const { login } = await open({ userName: 'copier' })
  await open({ userName: 'fax' })
  await open({ userName: 'scanner', expires: '2030-05-02' })
  await stage.generated({ cramMd5: true })
  await stage.logins.revoke(login.id)
  stage.clock.advance(2 * 86_400)
  stage.log.lines.length = 0
  warnOfOpenLogins(stage.index, stage.log)
  expect(stage.log.lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      fields: {
        event: 'login.without-password',
        userName: 'fax',
        mailboxes: ['Me@example.com'],
        networks: ['192.0.2.7/32'],
      },
    }),
  ])
})

it('every start names the logins that differ in case only, which an earlier release took', async () => {
  await stage.generated({ userName: 'till' })
  stage.clock.advance(1)
  const { login } = await open({ userName: 'other' })
  const list = stage.store.logins.list
  stage.store.logins.list = async () =>
    (await list()).map((one) => (one.id === login.id ? { ...one, userName: 'Till' } : one))
  await stage.index.refresh()
  expect(stage.index.generated('till')?.userName).toBe('till')
  expect(stage.index.generated('TILL')).toBeUndefined()
  stage.log.lines.length = 0
  warnOfNamesAlike(stage.index, stage.log)
  expect(stage.log.lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      fields: expect.objectContaining({ event: 'login.names-alike', userNames: ['till', 'Till'] }),
    }),
  ])
})

it('a name is shown in the log only where a login has it', async () => {
  await stage.generated({ userName: 'caf\u00e9' })
  expect(stage.signIns.loggable('CAFE\u0301').userName).toBe('caf\u00e9')
  expect(stage.signIns.loggable('mauve kettle orbits').userName).toBe('no such login')
})

it('a credential is not trusted from memory while a newer reading is under way', async () => {
  const { id } = await stage.generated()
  expect(stage.index.login(id)).toMatchObject({ id })
  const reading = stage.index.refresh()
  expect(stage.index.login(id)).toBeUndefined()
  await reading
  expect(stage.index.login(id)).toMatchObject({ id })
})
