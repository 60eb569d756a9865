import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FailureCode, failure } from '../../src/base/failure.ts'
import { runCommand } from '../../src/cli/program.ts'
import { exitCodeOf, table } from '../../src/cli/terminal.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

/** What scripts and documents rely on: those that there must be. */
const promised =
  `serve, config, health, log-level, status, test, doctor, explain, sign-in, token, consent, send, sendmail,
  mailbox add, mailbox list, mailbox show, mailbox try, mailbox remove, login add, login list, login set, login allow, login revoke,
  api-key add, api-key list, api-key revoke, consent-link list, consent-link revoke,
  registration add, registration list, registration show, registration set, registration remove, registration check, registration certificate,
  provider list, provider show, provider script, provider check, journal, journal verify, journal export, trace, tls make,
  backup, restore, store copy, keyring list, keyring rotate, export sasl-xoauth2, credential-helper, import, completion,
  service install, service remove`
    .split(',')
    .map((verb) => verb.trim())

/** One has the words of sendmail, the other any text that somebody pastes. */
const ofOtherWords = ['sendmail', 'explain']

const never = () => Promise.reject(new Error('not for this'))

async function run(words: readonly string[]) {
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const deps = { version: '1.2.3', readConfig: never, serve: never, openServices: never, openDoctor: never }
  const code = await runCommand(words, { stdin: Readable.from([]), stdout, stderr }, deps)
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/** Each verb that does something, and its help. */
async function verbsBelow(words: readonly string[] = []): Promise<[verb: string, help: string][]> {
  const { stdout } = await run([...words, '--help'])
  const [, list = ''] = stdout.split(/^Commands:$/m)
  const names = [...(list.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z][\w-]*)/gm)].map(
    ([, name = '']) => name,
  )
  const below = await Promise.all(
    names.filter((name) => name !== 'help').map((name) => verbsBelow([...words, name])),
  )
  const doesSomething = names.length === 0 || /Usage: postern journal/.test(stdout)
  return [...(doesSomething ? [[words.join(' '), stdout] as [string, string]] : []), ...below.flat()]
}

describe('every verb', () => {
  let verbs: [verb: string, help: string][]
  beforeAll(async () => {
    verbs = await verbsBelow()
  })

  it('those that are promised are there', () => {
    const there = verbs.map(([verb]) => verb)
    expect(promised.filter((verb) => !there.includes(verb))).toEqual([])
  })

  it('has help with an example and --json', () => {
    const lacking = verbs.filter(
      ([verb, help]) =>
        !help.startsWith(`Usage: postern ${verb}`) ||
        !/^Examples?\b.*:$/m.test(help) ||
        !/ --json +\S/.test(help),
    )
    expect(lacking.map(([verb]) => verb)).toEqual([])
  })

  it('refuses what is wrong in its words with 2, before anything is read or done, in JSON where that is asked for', async () => {
    const wrong: unknown[] = []
    for (const [verb] of verbs.filter(([name]) => !ofOtherWords.includes(name))) {
      const words = [...verb.split(' '), '--no-such-option']
      const plain = await run(words)
      const json = await run([...words, '--json'])
      const isRight =
        [plain.code, json.code].every((code) => code === 2) &&
        plain.stdout + json.stdout === '' &&
        plain.stderr !== '' &&
        JSON.parse(json.stderr).error.code === 'invalid'
      if (!isRight) wrong.push({ verb, plain, json })
    }
    expect(wrong).toEqual([])
    // A mail program reads the codes of sysexits.h.
    expect((await run(['sendmail', '--no-such-option'])).code).toBe(64)
  })
})

describe('exit codes', () => {
  const codes: Record<FailureCode, number> = {
    'wrong-credentials': 1,
    forbidden: 1,
    'sender-refused': 1,
    'consent-needed': 1,
    'provider-unavailable': 75,
    'provider-setup': 1,
    'limit-reached': 75,
    'outcome-unknown': 75,
    invalid: 1,
    'not-found': 1,
    'already-exists': 1,
    'store-unavailable': 75,
    configuration: 78,
    internal: 1,
  }

  it.each(Object.entries(codes))('of a failure %s is %i', (code, exit) => {
    expect(exitCodeOf(failure('postern.fault', { code: code as FailureCode }))).toBe(exit)
  })

  it('each is seen of the command, and stands in its document', async () => {
    const stage = await setCommandStage()
    try {
      const { code: none } = await stage.postern(['mailbox', 'list'])
      await stage.makeStore()
      const seen = {
        done: (await stage.postern(['mailbox', 'list'])).code,
        failed: (await stage.postern(['mailbox', 'show', 'nobody@example.com'])).code,
        usage: (await stage.postern(['mailbox', 'show'])).code,
        later: (await stage.postern(['token', 'me@example.com'])).code,
        configuration: none,
      }
      expect(seen).toEqual({ done: 0, failed: 1, usage: 2, later: 75, configuration: 78 })
      const page = await readFile(new URL('../../docs/command.md', import.meta.url), 'utf8')
      for (const code of Object.values(seen)) expect(page).toMatch(new RegExp(`^\\| ${code} \\| `, 'm'))
    } finally {
      await stage.close()
    }
  })
})

describe('on a terminal', () => {
  let stage: CommandStage
  beforeEach(async () => {
    stage = await setCommandStage()
    await stage.makeStore()
  })
  afterEach(() => stage.close())

  const long = 'billing-department@subsidiary.example.com'
  const lists = [
    ...[['mailbox'], ['login'], ['api-key'], ['registration'], ['provider'], ['keyring']].map((words) => [
      ...words,
      'list',
    ]),
    ['config'],
  ]

  it('tables fit into 80 columns, and nothing of them is left out', async () => {
    const names = ['--name', 'The multi-function printer on the second floor, next to the kitchen']
    for (const words of [
      ['mailbox', 'add', long, '--provider', 'google'],
      ['login', 'add', long, ...names],
      ['api-key', 'add', '--scope', `token:${long}`, '--scope', `send:${long}`, ...names],
    ])
      expect((await stage.postern(words)).code).toBe(0)
    for (const words of lists) {
      const { stdout: plain } = await stage.postern(words)
      stage.columns = 80
      const { stdout: fitted } = await stage.postern(words)
      delete stage.columns
      const [first = ''] = fitted.split('\n\n')
      const wide = first.split('\n').filter((line) => line.length > 80)
      expect(wide, words.join(' ')).toEqual([])
      const letters = (text: string) => [...text.replaceAll(/\s/g, '')].sort().join('')
      expect(letters(fitted), words.join(' ')).toBe(letters(plain))
    }
  })

  it('a wide cell is broken at a blank where there is one, and the first column at last', () => {
    const rows = [['an-address-that-is-long@example.com', 'ok', 'some words that are too many for it']]
    expect(table(['ADDRESS', 'STATE', 'WHY'], rows, { columns: 60 })).toBe(
      [
        'ADDRESS                              STATE  WHY',
        'an-address-that-is-long@example.com  ok     some words that',
        '                                            are too many for',
        '                                            it',
        '',
      ].join('\n'),
    )
    expect(table(['ADDRESS', 'STATE', 'WHY'], rows, { columns: 30 }).split('\n').slice(0, 3)).toEqual([
      'ADDRESS            STATE  WHY',
      'an-address-that-i  ok     some',
      's-long@example.co         word',
    ])
  })

  it('long work shows how far it is, there alone, and leaves nothing behind', async () => {
    const token = join(stage.folder, 'me@example.com')
    await writeFile(
      token,
      '{"access_token":"x","expiry":"0","refresh_token":"r","client_id":"c.apps.googleusercontent.com","client_secret":"s"}',
      {
        mode: 0o600,
      },
    )
    await mkdir(join(stage.folder, 'elsewhere'), { mode: 0o700 })
    const work: [string[], string][] = [
      [['import', token, '--dry-run'], 'of 2: '],
      [['keyring', 'rotate'], 'sealed anew: '],
      [['store', 'copy', '--to', join(stage.folder, 'copied')], 'comparing: '],
      [['backup', join(stage.folder, 'backup.tar')], 'checked: '],
      [['restore', join(stage.folder, 'backup.tar'), '--replace'], 'read: '],
    ]
    for (const [words, said] of work) {
      stage.columns = 80
      const shown = await stage.postern(words)
      expect(shown, words.join(' ')).toMatchObject({ code: 0, stderr: expect.stringContaining(said) })
      expect(shown.stderr.endsWith('\r\x1b[K'), words.join(' ')).toBe(true)
      delete stage.columns
    }
    const quiet = [
      ['keyring', 'rotate'],
      ['store', 'copy', '--to', join(stage.folder, 'copied-again')],
      ['backup', join(stage.folder, 'backup-2.tar')],
    ]
    for (const words of quiet) expect(await stage.postern(words)).toMatchObject({ code: 0, stderr: '' })
  })
})
