import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { posternEnvironment } from '../../examples/demo/postern-process.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { eventually } from '../support/eventually.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
// More than one answer of the journal holds.
const many = 1200
let stage: Stage
let follower: ChildProcess | undefined

beforeAll(async () => {
  stage = await setStage()
})
afterAll(async () => {
  follower?.kill()
  await stage?.close()
})

it('postern journal --follow prints each entry once and in order, also those of a busy second', async () => {
  const env = posternEnvironment(stage.process)
  const words = [program, 'journal', '--follow', '--json', '--kind', 'change']
  follower = spawn(process.execPath, words, { env, cwd: dirname(stage.process.dataDir) })
  let printed = ''
  follower.stdout?.on('data', (chunk) => {
    printed += chunk
  })
  const entries = () =>
    printed
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { id: string; event: string })
  await stage.postern.cli('mailbox', 'add', 'me@example.com', '--provider', 'example')
  await eventually('the first entry', () => entries().length > 0)

  // It sees nothing meanwhile, as of what happens within one second.
  follower.kill('SIGSTOP')
  const key = (await readFile(join(stage.process.dataDir, 'owner.key'), 'utf8')).trim()
  const headers = { authorization: `Bearer ${key}` }
  const makeLink = () => fetch(`${stage.postern.url}/api/v1/sign-in-links`, { method: 'POST', headers })
  for (let made = 0; made < many; made += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, makeLink))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  }
  follower.kill('SIGCONT')
  await eventually('all of them', () => entries().length >= many + 1)
  const ids = entries().map(({ id }) => id)
  expect(ids).toHaveLength(many + 1)
  expect(ids).toEqual([...new Set(ids)].sort())
  expect(entries()[0]?.event).toBe('mailbox.added')
})
