import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runPostern } from '../../examples/demo/postern-process.js'

const root = resolve(import.meta.dirname, '../..')
let folder: string
let program: string

beforeAll(() => {
  const built = spawnSync('npm', ['run', '--silent', 'build:bundle'], { cwd: root, encoding: 'utf8' })
  expect(built).toMatchObject({ status: 0, stderr: '' })
  folder = mkdtempSync(join(tmpdir(), 'postern-bundle-'))
  program = join(folder, 'postern.cjs')
  copyFileSync(join(root, built.stdout.trim()), program)
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (words: string[]) =>
  runPostern(words, { POSTERN_DATA_DIR: join(folder, 'data') }, join(folder, 'data'), '', [
    process.execPath,
    program,
  ])

it('the bundle runs by itself, and says what it is', async () => {
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+ \(bundle.*, Node\.js \d+\./)
  expect((await run(['explain', '535 5.7.139'])).stdout).toContain('Exchange')
})

it('it loads a SQLite, or says what is missing', async () => {
  const added = await run(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
  const { isTransaction } = await sqliteOfNode()
  if (isTransaction) expect(added.stderr).not.toContain('SQLite')
  else expect(added.stderr).toContain('There is no SQLite for this machine')
})

it('what it contains is named, with its licence', () => {
  const licences = readFileSync(join(root, 'packaging/built/third-party-licences.txt'), 'utf8')
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const [name, version] of Object.entries(dependencies)) {
    if (name === '@photostructure/sqlite') continue
    expect(licences).toMatch(new RegExp(`^${name} ${version} \\([\\w .-]+\\)$`, 'm'))
  }
})

it('nothing else in the source is found by where its file stands, which a bundle has not', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const beside = files.filter((file) => {
    return file.endsWith('.ts') && readFileSync(join(root, 'src', file), 'utf8').includes('import.meta')
  })
  expect(beside.sort()).toEqual(['main.ts', 'store/kysely.ts'])
})

/** Whether Node.js brings one that is complete. */
async function sqliteOfNode(): Promise<{ isTransaction: boolean }> {
  const script = "new (require('node:sqlite').DatabaseSync)(':memory:').isTransaction"
  const { stdout } = spawnSync(process.execPath, ['-p', script], { encoding: 'utf8' })
  return { isTransaction: stdout.trim() === 'false' }
}
