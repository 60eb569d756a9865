import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, normalize, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'

const root = resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'postern-tarball-'))
let tarball: string
let paths: string[]

beforeAll(() => {
  // The build that is tested here; packing would build once more, below the feet of the tests that run it.
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout, stderr } = spawnSync('npm', words, { cwd: root, encoding: 'utf8' })
  const [packed] = JSON.parse(stdout || `[{ "error": ${JSON.stringify(stderr)} }]`)
  expect(packed).toMatchObject({ name: 'postern', version: manifest.version })
  tarball = join(folder, packed.filename)
  paths = packed.files.map(({ path }: { path: string }) => path)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the tarball', () => {
  it('has all that belongs to a user, and nothing else', () => {
    expect([...new Set(paths.map((path) => path.replace(/\/.*/, '')))].sort()).toEqual([
      '.env.example',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'examples',
      'package.json',
      'packaging',
      'src',
      'test',
    ])
    const ofTheSource = paths.filter((path) => /^(packaging\/(?!container\/|helm\/)|src\/|test\/)/.test(path))
    expect(ofTheSource.sort()).toEqual(['packaging/README.md', 'src/README.md', 'test/README.md'])
    const odd = /^examples\/demo\/|\.test\.|\.tsbuildinfo|\.map$|\.log$|(^|\/)\.(?!env\.example$|helmignore$)/
    expect(paths.filter((path) => odd.test(path))).toEqual([])
  })

  it('has each file of the source, built', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    const built = sources.filter((path) => path.endsWith('.ts')).map((path) => `dist/${path.slice(0, -3)}.js`)
    const have = new Set(paths)
    expect(built.filter((path) => !have.has(path))).toEqual([])
    for (const program of Object.values<string>(manifest.bin)) expect(paths).toContain(program)
  })

  it('has what the README and the documents in it lead to', () => {
    const folders = new Set(
      paths.flatMap((path) => path.split('/').map((_, depth, all) => all.slice(0, depth).join('/'))),
    )
    const documents = paths.filter((path) => !path.includes('/') || path.startsWith('docs/'))
    const missing = documents
      .filter((path) => path.endsWith('.md'))
      .flatMap((document) => linksOf(document).map((target) => ({ document, target })))
      .filter(({ target }) => !paths.includes(target) && !folders.has(target.replace(/\/$/, '')))
    expect(missing).toEqual([])
  })
})

describe('by npx, in an empty folder', () => {
  const empty = join(folder, 'empty')
  const cache = join(folder, 'cache')
  let version = ''

  beforeAll(() => {
    mkdirSync(empty)
    mkdirSync(cache)
    const { stdout } = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' })
    // What has been fetched already is not fetched again, and what is installed for this goes with the folder.
    const fetched = join(stdout.trim(), '_cacache')
    if (existsSync(fetched)) symlinkSync(fetched, join(cache, '_cacache'))
    const { status, stdout: said, stderr } = npx('--version')
    version = said
    if (status === 0) return
    if (process.env.CI === 'true' || !/ENOTFOUND|EAI_AGAIN|ENETUNREACH|ECONNREFUSED|ETIMEDOUT/.test(stderr))
      throw new Error(stderr)
    console.log('skipped: npx: the npm registry is not reached from here')
  })

  function npx(...words: string[]) {
    return spawnSync(
      'npx',
      ['--yes', '--prefer-offline', '--package', `file:${tarball}`, 'postern', ...words],
      {
        cwd: empty,
        encoding: 'utf8',
        env: { ...process.env, npm_config_cache: cache },
      },
    )
  }

  it('the program says what it is, and explains an error', ({ skip }) => {
    skip(version === '')
    expect(version).toMatch(new RegExp(`^${manifest.version.replaceAll('.', '\\.')}\\b`))
    expect(npx('explain', '535 5.7.139').stdout).toContain('Exchange')
    expect(readdirSync(empty)).toEqual([])
  })

  it('what was installed sends a message', async ({ skip, onTestFinished }) => {
    skip(version === '')
    const [installed = ''] = readdirSync(join(cache, '_npx'))
    const program = join(cache, '_npx', installed, 'node_modules/.bin/postern')
    const stage: Stage = await setStage({ command: [process.execPath, program] })
    onTestFinished(() => stage.close())
    const mailbox = await consentedMailbox(stage.postern)
    await sendWithPassword(stage.postern.smtpPort, mailbox, {
      from: mailbox.address,
      to: 'you@example.net',
      subject: 'From a tarball',
      text: 'Hello\n',
    })
    expect(stage.mailProvider.messages.map(({ account }) => account)).toEqual([mailbox.address])
  })
})

/** Files and folders of the repository, by their paths from its root. */
function linksOf(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8').replace(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '')
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(document, '..', target)))
}
