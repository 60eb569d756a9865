import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

describe.each([
  { name: 'while no postern runs', running: false },
  { name: 'with the running postern', running: true },
])('the command, $name', ({ running }) => {
  let stage: CommandStage

  beforeEach(async () => {
    stage = await setCommandStage()
    if (running) await stage.serve()
    else await stage.makeStore()
  })
  afterEach(() => stage.close())

  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await stage.postern([...words, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  it('a mailbox is added, listed, shown and removed', async () => {
    const added = await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toContain('Next: postern consent me@example.com')
    expect(await json('mailbox', 'list')).toEqual({
      mailboxes: [
        { address: 'me@example.com', provider: 'google', state: 'absent', condition: 'not-connected' },
      ],
    })
    expect((await stage.postern(['mailbox', 'list'])).stdout).toMatch(
      /MAILBOX .*\nme@example\.com +google +not connected yet +never/,
    )
    expect(await json('mailbox', 'show', 'ME@example.com')).toMatchObject({ address: 'me@example.com' })
    expect(await json('mailbox', 'remove', 'me@example.com')).toEqual({
      removed: 'me@example.com',
      revocation: 'nothing',
      logins: [],
    })
    expect(await stage.postern(['mailbox', 'show', 'me@example.com'])).toMatchObject({ code: 1, stdout: '' })
  })

  it('a mailbox at a provider that is not its own is added, and what speaks against it is said', async () => {
    const outlook = await stage.postern(['mailbox', 'add', 'me@outlook.com', '--provider', 'google'])
    expect(outlook.code).toBe(0)
    expect(outlook.stderr).toMatch(/me@outlook\.com seems to be at Outlook\.com.*, not at Gmail/)
    const gmail = await stage.postern(['mailbox', 'add', 'me@gmail.com', '--provider', 'google'])
    expect(gmail).toMatchObject({ code: 0, stderr: '' })
  })

  it('a mailbox that needs no consent is added where the registration can do without', async () => {
    const wrong = await stage.postern([
      'mailbox',
      'add',
      'me@example.com',
      '--provider',
      'google',
      '--app-only',
    ])
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    const app = await setCommandStage({
      POSTERN_MICROSOFT_CLIENT_ID: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab',
      POSTERN_MICROSOFT_CLIENT_SECRET: 'the-value-of-it',
      POSTERN_MICROSOFT_TENANT: 'example.com',
    })
    onTestFinished(app.close)
    const added = await app.postern([
      'mailbox',
      'add',
      'me@example.com',
      '--provider',
      'microsoft',
      '--app-only',
      '--json',
    ])
    expect(JSON.parse(added.stdout)).toMatchObject({
      state: 'active',
      flow: 'client-credentials',
      scopes: ['https://outlook.office365.com/.default'],
    })
  })

  it('remove says what goes with a mailbox', async () => {
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

  it('a refresh token is adopted from standard input or a file, and not shown', async () => {
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

  it('the command looks at what is there before it says what is next', async () => {
    const show = async () => (await stage.postern(['mailbox', 'show', 'me@example.com'])).stdout
    const add = ['mailbox', 'add', 'me@example.com', '--provider', 'google', '--refresh-token-file', '-']
    const added = await stage.postern(add, 'a-refresh-token\n')
    expect(added.stdout).toContain('Next: postern login add me@example.com\n')
    const { login } = await json('login', 'add', 'me@example.com', '--user', 'printer')
    expect(await show()).toContain('One login sends from it: postern login list me@example.com\n')
    await json('login', 'revoke', login.id)
    expect(await show()).toContain('Next: postern login add me@example.com\n')
  })

  it('a login is made with a generated password, shown once, and revoked', async () => {
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

  it('a chosen password comes from standard input, and a refused one is told why', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const add = ['login', 'add', 'me@example.com', '--password-file', '-']
    const refused = await stage.postern(add, 'password123\n')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^postern: .*password/)
    const taken = await stage.postern([...add, '--json'], 'vier Elche im Nebel\n')
    expect(JSON.parse(taken.stdout)).toMatchObject({ login: { password: 'chosen' } })
    expect(taken.stdout).not.toContain('Elche')
  })

  it('a login for CRAM-MD5 is made, with what that costs', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const words = ['login', 'add', 'me@example.com', '--cram-md5', '--network', '192.0.2.7']
    const { code, stdout } = await stage.postern(words)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^password +\w{28}$/m)
    expect(stdout).toContain('kept sealed instead of hashed')
    const chosen = await stage.postern([...words, '--password-file', '-', '--json'], 'vier Elche im Nebel\n')
    expect(JSON.parse(chosen.stdout)).toMatchObject({ login: { password: 'chosen', cramMd5: true } })
    expect((await stage.postern(['login', 'add', '--help'])).stdout).toContain('rests on MD5')
  })

  it('a login without a password is made, and tells no password', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const words = ['login', 'add', 'me@example.com', '--no-password', '--network', '192.0.2.7']
    const { code, stdout } = await stage.postern(words)
    expect(code).toBe(0)
    expect(stdout).toContain('Whoever sends from 192.0.2.7/32 is taken for this login.')
    expect(stdout).not.toMatch(/^(user name|password) /m)
    const { login, password } = await json(...words, '--rewrite-sender')
    expect(password).toBeUndefined()
    expect(login).toMatchObject({ password: 'none', rewriteSender: true, networks: ['192.0.2.7/32'] })
  })

  it.each([
    { options: ['--no-password'], says: 'must be bound to a network' },
    { options: ['--no-password', '--network', '0.0.0.0/0'], says: '0.0.0.0/0 is too wide' },
    { options: ['--no-password', '--cram-md5', '--network', '::1'], says: 'none for CRAM-MD5' },
    { options: ['--no-password', '--password-file', '-', '--network', '::1'], says: 'has none to choose' },
    { options: ['--cram-md5'], says: 'must be bound to a network' },
    { options: ['--cram-md5', '--network', '::1', '--password-file', '-'], says: 'This password is refused' },
  ])('no login is made with $options', async ({ options, says }) => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const outcome = await stage.postern(['login', 'add', 'me@example.com', ...options], 'password123\n')
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toContain(says)
    expect(await json('login', 'list')).toEqual({ logins: [] })
  })

  it('a login is allowed further senders', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const { login } = await json('login', 'add', 'me@example.com', '--sender', 'a@example.com')
    const allow = ['login', 'allow', login.id, '--sender', '*@example.org']
    expect(await json(...allow)).toMatchObject({ senders: ['a@example.com', '*@example.org'] })
    expect((await stage.postern(allow)).stdout).toContain('may also send as a@example.com, *@example.org')
    expect(await stage.postern(['login', 'allow', login.id])).toMatchObject({ code: 2 })
  })

  it('a login and an API key get limits, which are changed and lifted', async () => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    const options = [
      '--recipient',
      '*@example.com',
      '--rate',
      '20/hour',
      '--recipients-per-day',
      '5',
      '--approve',
    ]
    const limits = {
      recipients: ['*@example.com'],
      messagesPerHour: 20,
      recipientsPerDay: 5,
      needsApproval: true,
    }
    const { login } = await json('login', 'add', 'me@example.com', ...options)
    const key = ['api-key', 'add', '--scope', 'send:me@example.com', '--network', '192.0.2.7']
    const { apiKey } = await json(...key, ...options)
    expect([login.limits, apiKey.limits, apiKey.networks]).toEqual([limits, limits, ['192.0.2.7/32']])
    const words = 'recipient *@example.com, rate 20/hour, recipients-per-day 5, approve'
    expect((await stage.postern(['login', 'list'])).stdout).toContain(words)
    expect((await stage.postern(['api-key', 'list'])).stdout).toContain(`network 192.0.2.7/32, ${words}`)
    for (const set of [
      ['login', 'set', login.id],
      ['api-key', 'set', apiKey.id],
    ]) {
      expect((await json(...set, '--rate', '3', '--no-recipient')).limits).toEqual({
        ...{ messagesPerHour: 3, recipientsPerDay: 5, needsApproval: true },
      })
      const lifted = await stage.postern([...set, '--no-rate', '--no-recipients-per-day', '--no-approve'])
      expect(lifted.stdout).toContain('has no limits of its own')
      expect(await stage.postern(set)).toMatchObject({ code: 2 })
      expect(await stage.postern([...set, '--rate', 'many'])).toMatchObject({ code: 2 })
    }
  })

  it('a mailbox gets aliases, and loses them', async () => {
    const add = ['mailbox', 'add', 'me@example.com', '--provider', 'google']
    const aliases = ['--alias', 'a@example.com', '--alias', 'b@example.com']
    expect((await stage.postern([...add, ...aliases])).stdout).toMatch(/^aliases +a@\S+ b@\S+$/m)
    expect(await json(...add, '--replace')).toMatchObject({ aliases: ['a@example.com', 'b@example.com'] })
    expect(await json(...add, '--replace', '--no-alias')).not.toHaveProperty('aliases')
    expect(await json(...add, '--replace', '--no-alias', '--alias', 'c@example.com')).toMatchObject({
      aliases: ['c@example.com'],
    })
  })

  it('an API key is made, listed and revoked', async () => {
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
    { words: ['login', 'allow', 'nothing', '--sender', 'a@example.com'], code: 1, says: 'nothing' },
    { words: ['api-key', 'add', '--scope', 'everything'], code: 1, says: '"everything" is not a scope' },
    {
      words: ['mailbox', 'add', 'a@example.com', '--provider', 'google', '--refresh-token-file', '/none'],
      code: 1,
      says: '/none cannot be read',
    },
  ])('$words is refused with $code and changes nothing', async ({ words, code, says }) => {
    const outcome = await stage.postern(words)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toContain(says)
    expect(await json('mailbox', 'list')).toEqual({ mailboxes: [] })
    expect(await json('login', 'list')).toEqual({ logins: [] })
    expect(await json('api-key', 'list')).toEqual({ apiKeys: [] })
    expect(JSON.parse((await stage.postern([...words, '--json'])).stderr).error.message).toContain(says)
  })
})
