import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../support/run-program.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
const isRoot = process.geteuid?.() === 0
const service = 45_678

let folder: string
let dataDir: string
let env: Record<string, string>

const postern = (...words: string[]) =>
  runProgram(process.execPath, [program, ...words], { cwd: folder, env })
const asService = (...words: string[]) =>
  runProgram(
    'setpriv',
    [`--reuid=${service}`, `--regid=${service}`, '--clear-groups', process.execPath, program, ...words],
    { cwd: folder, env },
  )

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-root-'))
  await chmod(folder, 0o755)
  dataDir = join(folder, 'data')
  env = {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: dataDir,
    POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com',
  }
})
afterEach(() => rm(folder, { recursive: true }))

it('a command in a folder that is gone says so', async () => {
  const gone = join(folder, 'gone')
  const line = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$0" "$1" mailbox list`
  const said = await runProgram('/bin/sh', ['-c', line, process.execPath, program], { cwd: folder, env })
  expect(said).toMatchObject({
    code: 78,
    output: expect.stringContaining('The folder that this was started in is gone'),
  })
})

describe.skipIf(!isRoot)(
  `the command of root, in the directory of a service${isRoot ? '' : ' (skipped: these tests do not run as root)'}`,
  () => {
    beforeEach(async () => {
      await mkdir(dataDir, { mode: 0o700 })
      await chown(dataDir, service, service)
    })

    it('everything that it makes belongs to the service, which goes on with it, and root once more', async () => {
      expect(await postern('mailbox', 'add', 'me@example.com', '--provider', 'google')).toMatchObject({
        code: 0,
      })
      expect(await postern('tls', 'make')).toMatchObject({ code: 0 })
      const made = await readdir(dataDir, { recursive: true })
      expect(made).toEqual(
        expect.arrayContaining([
          'postern.sqlite',
          'postern.key',
          'lock.sqlite',
          join('tls', 'server-key.pem'),
        ]),
      )
      const owners = await Promise.all(made.map(async (name) => (await stat(join(dataDir, name))).uid))
      expect(new Set(owners)).toEqual(new Set([service]))

      const asked = await asService('mailbox', 'list', '--json')
      expect(asked).toMatchObject({ code: 0, output: expect.stringContaining('me@example.com') })
      expect(await postern('mailbox', 'list', '--json')).toMatchObject({ code: 0 })
    })

    it('a lock that belongs to somebody else is named, with what to do', async () => {
      await writeFile(join(dataDir, 'lock.sqlite'), '', { mode: 0o600 })
      const said = await asService('mailbox', 'add', 'me@example.com', '--provider', 'google')
      expect(said.code).toBe(78)
      expect(said.output).toContain('lock.sqlite')
      expect(said.output).not.toContain('Something went wrong')
    })
  },
)
