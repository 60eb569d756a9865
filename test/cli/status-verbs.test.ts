import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage

beforeEach(async () => {
  stage = await setCommandStage()
})
afterEach(() => stage.close())

const add = ['mailbox', 'add', 'me@example.com', '--provider', 'google']

/** A terminal at which somebody types. */
function typing(text: string) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  stdin.end(text)
  return stdin
}

describe('postern status', () => {
  it('says that no postern runs, and what to do', async () => {
    await stage.makeStore()
    const { code, stderr } = await stage.postern(['status'])
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/No postern is running[\s\S]*Fix:/)
  })

  it('tells on one screen where it listens, what is so, and what is to do', async () => {
    await stage.makeStore()
    await stage.serve()
    const empty = await stage.postern(['status'])
    expect(empty.code).toBe(1)
    expect(empty.stdout).toMatch(/^postern +runs\nSMTP +127\.0\.0\.1:\d+ without TLS\nmailboxes +none\n/)
    expect(empty.stdout).toContain('Fix: postern mailbox add')
    await stage.postern(add)
    const { stdout } = await stage.postern(['status'])
    expect(stdout).toContain('mailboxes     1 not connected yet\nlast hour     0 sent, 0 not sent\n')
    expect(stdout).toContain('  me@example.com: not connected yet\n    Fix: postern consent me@example.com\n')
    expect(JSON.parse((await stage.postern(['status', '--json'])).stdout)).toMatchObject({
      ready: true,
      smtp: [{ host: '127.0.0.1', tls: 'none' }],
      mailboxes: { 'not-connected': 1 },
      lastHour: { sent: 0, notSent: 0 },
      toDo: [{ what: 'me@example.com: not connected yet' }],
    })
  })
})

describe('postern test', () => {
  it('ends with the step that fails, as a login or not, and remembers that', async () => {
    await stage.makeStore()
    await stage.serve()
    await stage.postern(add)
    const plain = await stage.postern(['test', 'me@example.com', '--to', 'you@example.net'])
    expect(plain.code).toBe(1)
    expect(plain.stderr).toMatch(/^✗ token: .*me@example\.com[\s\S]*Fix:/)
    expect(plain.stdout).toBe('It was not sent.\n')
    await stage.postern(['login', 'add', 'me@example.com', '--user', 'Scanner'])
    const as = ['test', 'me@example.com', '--as', 'scanner', '--json']
    const { code, stdout, stderr } = await stage.postern(as)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      sent: false,
      steps: [
        { step: 'login', outcome: 'good', said: 'Scanner' },
        { step: 'token', outcome: 'fault' },
      ],
    })
    const unknown = await stage.postern(['test', 'me@example.com', '--as', 'nobody'])
    expect(unknown.stderr).toContain('✗ login: This login has ended')
    const shown = await stage.postern(['mailbox', 'show', 'me@example.com'])
    expect(shown.stdout).toMatch(/failing since +\d{4}-/)
    const entries = JSON.parse((await stage.postern(['journal', '--json'])).stdout).entries
    expect(entries).toContainEqual(
      expect.objectContaining({ event: 'test-message.failed', login: 'Scanner', mailbox: 'me@example.com' }),
    )
  })
})

describe('what cannot be undone', () => {
  it.each([
    ['n\n', 2, 1],
    ['', 2, 1],
    ['y\n', 0, 0],
  ])('a mailbox is removed on a terminal by a yes alone: %j', async (typed, code, left) => {
    await stage.postern(add)
    const removed = await stage.postern(['mailbox', 'remove', 'me@example.com'], typing(typed))
    expect(removed.code).toBe(code)
    expect(removed.stderr).toContain('[y/N]')
    const { mailboxes } = JSON.parse((await stage.postern(['mailbox', 'list', '--json'])).stdout)
    expect(mailboxes).toHaveLength(left)
  })

  it('a mailbox is removed on a terminal with --yes, and nobody is asked', async () => {
    await stage.postern(add)
    const removed = await stage.postern(['mailbox', 'remove', 'me@example.com', '--yes'], typing(''))
    expect(removed).toMatchObject({ code: 0, stderr: '' })
  })

  it('a login is revoked by its id, its user name, or a name that is its own', async () => {
    await stage.postern(add)
    const logins = [
      ['--user', 'one', '--name', 'Printer'],
      ['--user', 'two', '--name', 'Copier'],
      ['--user', 'three', '--name', 'Till'],
      ['--user', 'four', '--name', 'Till'],
    ]
    for (const options of logins) await stage.postern(['login', 'add', 'me@example.com', ...options])
    const list = async () => JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout).logins
    const ids = (await list()).filter(({ userName }: { userName: string }) => userName === 'four')
    for (const named of ['ONE', 'copier', ids[0].id])
      expect(await stage.postern(['login', 'revoke', named])).toMatchObject({ code: 0, stderr: '' })
    await stage.postern(['login', 'add', 'me@example.com', '--user', 'five', '--name', 'till'])
    const unsure = await stage.postern(['login', 'revoke', 'Till'])
    expect(unsure.code).toBe(1)
    expect(unsure.stderr).toMatch(/Several logins are called Till: [0-9a-f]{16}, [0-9a-f]{16}\n {2}Fix: /)
    const none = await stage.postern(['login', 'revoke', 'one'])
    expect(none.stderr).toMatch(/There is no login one\n {2}Fix: /)
    const active = (await list()).filter(({ state }: { state: string }) => state === 'active')
    expect(active.map(({ userName }: { userName: string }) => userName).sort()).toEqual(['five', 'three'])
  })

  it('the list of logins fits a terminal of a hundred columns', async () => {
    await stage.postern(add)
    const long = [
      '--user',
      'a-user-name-that-goes-on-and-on@example.com',
      '--name',
      'Printer on the 2nd floor, left',
    ]
    await stage.postern(['login', 'add', 'me@example.com', ...long])
    const { stdout } = await stage.postern(['login', 'list'])
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)
  })
})
