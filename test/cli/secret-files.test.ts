import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'
import { readSecret } from '../../src/cli/terminal.ts'

async function read(mode: number): Promise<{ secret: string; told: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-secret-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'password')
  await writeFile(path, 'four elks in the fog\n')
  await chmod(path, mode)
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const secret = (await readSecret(path, { stdin, stdout, stderr })).reveal()
  return { secret, told: `${stderr.read() ?? ''}`, path }
}

it('a file with a secret is named when others can read or change it', async () => {
  for (const [mode, what] of [
    [0o644, 'can be read by other users (its mode is 644)'],
    [0o620, 'can be changed by other users (its mode is 620)'],
  ] as const) {
    const { secret, told, path } = await read(mode)
    expect(secret).toBe('four elks in the fog')
    expect(told).toBe(`postern: ${path} ${what}. Run: chmod 600 ${path}.\n`)
  }
})

it('a file that is only ours is not named', async () => {
  expect((await read(0o600)).told).toBe('')
})
