import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { dataFiles } from '../../src/store/data-dir.ts'
import { keysFromCommand } from '../../src/store/key-command.ts'
import { openKeyRing, parseKeys } from '../../src/store/key-ring.ts'
import { eventually } from '../support/eventually.ts'
import { searchPath } from '../support/peer.ts'

const one = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE='
const other = 'ab'.repeat(32)
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-key-command-'))
})
afterEach(() => rm(folder, { recursive: true }))

const areKeys = (text: string) => parseKeys(text) !== undefined

function command(line: string, environment: Record<string, string> = { PATH: searchPath }) {
  return { line: new Secret(line), environment }
}

async function whyNot(line: string, seconds?: number) {
  const error = await keysFromCommand(command(line), areKeys, seconds).then(
    () => undefined,
    (thrown) => thrown,
  )
  return { id: error?.id, message: error?.message }
}

it('the keys are what the command prints, once for each opening', async () => {
  const line = `echo asked >> '${folder}/asked'; printf '%s\\n' '${one}' '${other}'`
  const ring = await openKeyRing(dataFiles(folder), command(line))
  expect(ring.kids).toHaveLength(2)
  expect(ring.writing.key.export().toString('base64')).toBe(one)
  expect(ring.isOwn).toBe(false)
  expect(ring.reading(ring.kids[1] ?? '')).toBeDefined()
  expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('asked\n')
})

it('it is a line of the shell, and gets no other environment than it is given', async () => {
  const line = `env | sort > '${folder}/env'; printf %s '${other}' | cat | cat`
  await keysFromCommand(command(line, { PATH: searchPath, HOME: '/nowhere' }), areKeys)
  const names = (await readFile(join(folder, 'env'), 'utf8')).split('\n').map((entry) => entry.split('=')[0])
  // What the shell itself adds.
  const added = ['_', 'PWD', 'OLDPWD', 'SHLVL', '']
  expect(names.filter((name = '') => !added.includes(name))).toEqual(['HOME', 'PATH'])
})

it.each([
  [
    'ends badly',
    'echo "permission denied" >&2; exit 2',
    'key.command-failed',
    'ended with 2: permission denied',
  ],
  ['is not there', 'no-such-vault get', 'key.command-failed', 'ended with 127'],
  ['prints nothing', 'true', 'key.command-no-key', 'is not a key'],
  ['hides a failure in a pipe', 'false | cat', 'key.command-no-key', 'is not a key'],
  ['prints more than the key', `echo "key: ${one}"`, 'key.command-no-key', 'is not a key'],
  ['prints without end', 'yes', 'key.command-no-key', 'is not a key'],
])('a command that %s is refused', async (_, line, id, words) => {
  const why = await whyNot(line)
  expect(why.id).toBe(id)
  expect(why.message).toContain(words)
})

it('nothing that could be a key is in what is said', async () => {
  for (const line of [`echo ${one} >&2; exit 1`, `echo "${one} x"`, `echo "token=${other}" >&2; exit 1`]) {
    const { message } = await whyNot(line)
    expect(message).not.toMatch(/MDEy|abab/)
  }
})

it('one that does not end in time is ended, with what it has started', async () => {
  const line = `sleep 600 & echo $! > '${folder}/pid'; wait`
  expect((await whyNot(line, 1)).id).toBe('key.command-ended')
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
  await eventually('it is gone', async () => {
    // Whoever nobody waits for may stay as a zombie.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone Z')
    return state.split(' ').at(state.startsWith('gone') ? 1 : 2) === 'Z'
  })
})

it('it may not wait for input', async () => {
  await writeFile(join(folder, 'key'), one)
  expect((await keysFromCommand(command(`cat; cat '${folder}/key'`), areKeys)).reveal()).toBe(one)
})
