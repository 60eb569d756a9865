import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

it('each package of the lock file has its address at the registry, and its hash', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const bare = Object.entries<Record<string, string>>(lock.packages).filter(
    ([path, { resolved, integrity }]) =>
      path !== '' &&
      !(resolved?.startsWith('https://registry.npmjs.org/') && integrity?.startsWith('sha512-')),
  )
  expect(bare.map(([path]) => path)).toEqual([])
})

it.each([
  ['without the development dependencies', ['package.json', 'src']],
  [
    'without the source, as in a Dockerfile that copies package.json first',
    ['package.json', 'node_modules/typescript'],
  ],
])('an installation is not refused %s', (_, there) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-prepare-'))
  for (const path of there.filter((path) => path !== 'package.json')) {
    execFileSync('mkdir', ['-p', join(folder, path)])
  }
  execFileSync('cp', [join(root, 'package.json'), folder])
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'prepare'], {
    cwd: folder,
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true })
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: 'postern is not built here: that takes its source and the development dependencies\n',
  })
})
