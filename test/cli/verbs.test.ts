import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

describe.each([
  { name: 'while no postern runs', running: false },
  { name: 'with the running postern', running: true },
])('the command, $name', ({ running }) => {
  let stage: CommandStage

  beforeEach(async () => {
    stage = await setCommandStage()
    if (running) await stage.serve()
  })
  afterEach(() => stage.close())

  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await stage.postern([...words, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  it('adds, lists, shows and removes a mailbox', async () => {
    const added = await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toContain('Next: postern consent me@example.com')
    expect(await json('mailbox', 'list')).toEqual({
      mailboxes: [{ address: 'me@example.com', provider: 'google', state: 'absent' }],
    })
    expect((await stage.postern(['mailbox', 'list'])).stdout).toMatch(
      /MAILBOX .*\nme@example\.com +google +absent/,
    )
    expect(await json('mailbox', 'show', 'ME@example.com')).toMatchObject({ address: 'me@example.com' })
    expect(await json('mailbox', 'remove', 'me@example.com')).toEqual({
      removed: 'me@example.com',
      logins: [],
    })
    expect(await stage.postern(['mailbox', 'show', 'me@example.com'])).toMatchObject({ code: 1, stdout: '' })
  })

  it('says what goes with a mailbox that is removed', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    await json('login', 'add', 'me@example.com', '--user', 'printer')
    const { login } = await json('login', 'add', 'me@example.com', '--user', 'scanner')
    await json('login', 'revoke', login.id)
    expect(await stage.postern(['mailbox', 'remove', 'ME@example.com'])).toEqual({
      code: 0,
      stdout: 'Removed me@example.com (google), whose grant was absent.\nRemoved its logins: printer.\n',
      stderr: '',
    })
    expect(await json('login', 'list')).toEqual({ logins: [] })
  })

  it('adopts a refresh token from standard input or a file, and does not show it', async () => {
    const add = ['mailbox', 'add', 'me@example.com', '--provider', 'google', '--refresh-token-file']
    const first = await stage.postern([...add, '-', '--json'], 'the-first-refresh-token\n')
    expect(JSON.parse(first.stdout)).toMatchObject({ state: 'active', flow: 'adopted' })
    const file = join(stage.folder, 'token')
    await writeFile(file, 'the-second-refresh-token\n')
    const refused = await stage.postern([...add, file])
    expect(refused).toMatchObject({ code: 1 })
    const replaced = await stage.postern([...add, file, '--replace'])
    expect(replaced).toMatchObject({ code: 0 })
    expect(JSON.stringify([first, refused, replaced])).not.toMatch(/the-(first|second)-refresh-token/)
  })

  it('makes a login with a generated password, shown once, and revokes it', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const words = ['login', 'add', 'me@example.com', '--name', 'Printer', '--user', 'printer']
    const { login, password } = await json(...words, '--sender', '*@example.com', '--network', '10.0.0.0/8')
    expect(password).toMatch(/^\w{28}$/)
    expect(login).toMatchObject({ userName: 'printer', senders: ['*@example.com'], networks: ['10.0.0.0/8'] })
    const list = await stage.postern(['login', 'list', 'me@example.com'])
    expect(list.stdout).toContain('Printer')
    expect(list.stdout).not.toContain(password)
    await json('login', 'revoke', login.id)
    expect((await json('login', 'list')).logins).toMatchObject([{ id: login.id, state: 'revoked' }])
  })

  it('takes a chosen password from standard input, and says why one is refused', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const add = ['login', 'add', 'me@example.com', '--password-file', '-']
    const refused = await stage.postern(add, 'password123\n')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^postern: .*password/)
    const taken = await stage.postern([...add, '--json'], 'vier Elche im Nebel\n')
    expect(JSON.parse(taken.stdout)).toMatchObject({ login: { password: 'chosen' } })
    expect(taken.stdout).not.toContain('Elche')
  })

  it('makes, lists and revokes an API key', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const { apiKey, key } = await json('api-key', 'add', '--scope', 'read', '--scope', 'token:me@example.com')
    expect(key).toMatch(/^postern_/)
    expect(apiKey.scopes).toEqual(['read', 'token:me@example.com'])
    const list = await stage.postern(['api-key', 'list'])
    expect(list.stdout).toContain(apiKey.id)
    expect(list.stdout).not.toContain(key)
    await json('api-key', 'revoke', apiKey.id)
    expect(await stage.postern(['api-key', 'revoke', apiKey.id])).toMatchObject({ code: 1 })
  })

  it.each([
    {
      words: ['mailbox', 'add', 'me@example.com', '--provider', 'nope'],
      code: 1,
      says: 'no provider "nope"',
    },
    {
      words: ['mailbox', 'add', 'me@@example.com', '--provider', 'google'],
      code: 1,
      says: 'not a mail address',
    },
    {
      words: ['mailbox', 'add', 'me@example.com', '--provider', 'microsoft'],
      code: 78,
      says: 'no app registration',
    },
    { words: ['mailbox', 'show', 'you@example.com'], code: 1, says: 'you@example.com' },
    { words: ['login', 'add', 'you@example.com'], code: 1, says: 'you@example.com' },
    { words: ['login', 'revoke', 'nothing'], code: 1, says: 'nothing' },
    { words: ['api-key', 'add', '--scope', 'everything'], code: 1, says: '"everything" is not a scope' },
    {
      words: ['mailbox', 'add', 'a@example.com', '--provider', 'google', '--refresh-token-file', '/none'],
      code: 1,
      says: '/none cannot be read',
    },
  ])('refuses $words with $code and changes nothing', async ({ words, code, says }) => {
    const outcome = await stage.postern(words)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toContain(says)
    expect(await json('mailbox', 'list')).toEqual({ mailboxes: [] })
    expect(await json('login', 'list')).toEqual({ logins: [] })
    expect(await json('api-key', 'list')).toEqual({ apiKeys: [] })
    expect(JSON.parse((await stage.postern([...words, '--json'])).stderr).error.message).toContain(says)
  })
})
