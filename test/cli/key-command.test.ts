import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const [first, second] = ['1'.repeat(64), '2'.repeat(64)]
let folder: string
let vault: string
let stage: CommandStage

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-vault-'))
  vault = join(folder, 'vault')
  await writeFile(vault, first)
  stage = await setCommandStage({ POSTERN_KEY_COMMAND: `cat '${vault}'` })
  await stage.makeStore()
})
afterEach(async () => {
  await stage.close()
  await rm(folder, { recursive: true })
})

async function json(...words: string[]) {
  const { code, stdout, stderr } = await stage.postern([...words, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

it.each(['running', 'at rest'])(
  'the key of the vault is replaced, while postern is %s, and it is said what to take out of the vault',
  async (state) => {
    await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
    expect(existsSync(join(stage.folder, 'data', 'postern.key'))).toBe(false)
    const [{ kid: old }] = (await json('keyring', 'list')).keys
    expect((await stage.postern(['keyring', 'rotate'])).stderr).toContain('POSTERN_KEY_COMMAND')

    await writeFile(vault, `${second}\n${first}\n`)
    if (state === 'running') await stage.serve()
    const { code, stdout } = await stage.postern(['keyring', 'rotate'])
    expect(code).toBe(0)
    expect(stdout).toContain(`The key ${old} is not needed`)
    expect(stdout).toContain('take its line out of what POSTERN_KEY_COMMAND prints')
    await stage.stop()

    await writeFile(vault, second)
    const { keys } = await json('keyring', 'list')
    expect(keys).toMatchObject([{ writes: true, held: true }])
    expect(keys).toHaveLength(1)
    expect((await json('mailbox', 'list')).mailboxes).toHaveLength(1)
  },
)

it('a backup names the command, and is restored with it alone', async () => {
  const file = join(folder, 'postern.tar')
  expect((await json('backup', file)).keep[0]).toContain('POSTERN_KEY_COMMAND')
  const data = join(stage.folder, 'data')
  await rm(data, { recursive: true })
  await mkdir(data, { mode: 0o700 })
  await writeFile(vault, second)
  const { code, stderr } = await stage.postern(['restore', file, '--json'])
  expect([code, JSON.parse(stderr).error.failure]).toEqual([78, 'backup.of-other-key'])
  await writeFile(vault, first)
  await json('restore', file)
  expect((await json('keyring', 'list')).keys).toMatchObject([{ held: true }])
})

it('a vault that is away is worth another try, and one that has no key is not; verbs that need no store do not ask', async () => {
  await rm(vault)
  const away = await stage.postern(['mailbox', 'list'])
  expect(away.code).toBe(75)
  expect(away.stderr).toContain('ended with 1')
  expect(away.stderr).toContain('Run it as the user that runs postern')
  await writeFile(vault, 'nothing of use')
  const wrong = await stage.postern(['mailbox', 'list'])
  expect(wrong.code).toBe(78)
  expect(wrong.stderr).not.toContain('nothing of use')
  const { code, stdout } = await stage.postern(['config'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/POSTERN_KEY_COMMAND\s+\[secret\]/)
})

it('a running postern is asked without the vault', async () => {
  await stage.serve()
  await rm(vault)
  expect((await json('mailbox', 'list')).mailboxes).toEqual([])
})
