import { beforeEach, describe, expect, it } from 'vitest'
import type { LoginRequest } from '../../src/credentials/logins.ts'
import { refusalOf, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage

beforeEach(async () => {
  stage = await setSignInStage()
})

const device = '192.0.2.7'

/** Each is younger than the one before, as they are when people make them: the older one counts. */
async function open(userName: string, request: Partial<LoginRequest> = {}) {
  stage.clock.advance(0.001)
  const { login } = await stage.logins.add({
    mailboxes: ['me@example.com'],
    userName,
    withoutPassword: true,
    networks: ['192.0.2.0/28'],
    ...request,
  })
  return login
}

const admitted = async (sender: string, from = device) =>
  (await stage.signIns.authorize(sender, from)).userName

describe('a client that cannot sign in', () => {
  it('the client gets the login whose networks hold its address and which may use its sender', async () => {
    const { id } = await open('copier')
    await open('scanner', { mailboxes: ['shop@example.com'], senders: ['*@scans.example'] })
    await open('elsewhere', { networks: ['192.0.2.128/25'], senders: ['x@example.net'] })
    expect(await stage.signIns.authorize('ME@example.com', '::ffff:192.0.2.7')).toEqual({
      userName: 'copier',
      login: id,
      mailboxes: [{ address: 'Me@example.com', key: 'me@example.com', aliases: [] }],
      senders: [],
      rewriteSender: false,
    })
    expect(await admitted('shop@example.com')).toBe('scanner')
    expect(await admitted('page1@scans.example')).toBe('scanner')
    expect(await admitted('')).toBe('copier')
    expect(await admitted('x@example.net', '192.0.2.200')).toBe('elsewhere')
  })

  it('a login that may use the sender goes before one that would replace it', async () => {
    await open('copier', { rewriteSender: true })
    await open('scanner', { mailboxes: ['shop@example.com'] })
    expect(await admitted('shop@example.com')).toBe('scanner')
    expect(await admitted('anybody@example.net')).toBe('copier')
  })

  it('a login that replaces what is no address is taken, where there is one', async () => {
    await open('scanner', { senders: ['*@example.com'] })
    expect(await refusalOf(stage.signIns.authorize('Scanner 2', device))).toMatchObject({
      code: 'sender-refused',
    })
    await open('copier', { rewriteSender: true })
    for (const sender of ['Scanner 2', 'root', 'a b@example.com'])
      expect(await admitted(sender)).toBe('copier')
  })

  it('the sign-in makes its source known, as every use does', async () => {
    const { id } = await open('copier')
    await admitted('me@example.com')
    await stage.usesAreNoted()
    expect(await stage.store.logins.knows(id, device, stage.clock.now())).toBe(true)
  })

  it('the client is told which sender is missing, and the command that would allow it', async () => {
    const { id } = await open('copier')
    expect(await refusalOf(stage.signIns.authorize('x@example.net', device))).toMatchObject({
      code: 'sender-refused',
      message: 'No login without a password may send as x@example.net from here',
      fix: `Allow it with: postern login allow ${id} --sender x@example.net`,
    })
  })

  it('a sender cannot slip another command into that one', async () => {
    const { id } = await open('copier')
    expect(await refusalOf(stage.signIns.authorize("`reboot`'$x@example.net", device))).toMatchObject({
      fix: `Allow it with: postern login allow ${id} --sender '\`reboot\`'\\''$x@example.net'`,
    })
  })

  const nobody: [string, () => Promise<unknown>, string?][] = [
    ['when there is no such login', async () => {}],
    ['from another address', () => open('copier'), '192.0.2.16'],
    ['from no address', () => open('copier'), ''],
    ['when its login has a password', () => stage.generated({ networks: ['192.0.2.0/28'] })],
    ['when its login was revoked', async () => stage.logins.revoke((await open('copier')).id)],
    [
      'when its login has expired',
      async () => {
        await open('copier', { expires: '2030-05-02' })
        stage.clock.advance(2 * 86_400)
      },
    ],
    [
      'when its mailbox was removed',
      async () => {
        await open('copier')
        await stage.store.mailboxes.remove('me@example.com')
      },
    ],
    [
      'when the name belongs to a login with a password by now',
      async () => {
        await stage.store.logins.revoke((await open('copier')).id, 0)
        const add = stage.store.logins.list
        stage.store.logins.list = async () => Promise.reject(new Error('busy'))
        await stage.generated({ userName: 'copier', networks: ['192.0.2.0/28'] })
        stage.store.logins.list = add
      },
    ],
  ]
  it.each(nobody)('the client is nobody %s', async (_when, prepare, from = device) => {
    await prepare()
    expect(await refusalOf(stage.signIns.authorize('me@example.com', from))).toMatchObject({
      code: 'wrong-credentials',
    })
  })
})
