import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'
import { elsewhere } from '../../src/diagnosis/explain.ts'
import { knownErrors } from '../../src/providers/errors/known-errors.ts'

const settings = readFileSync(resolve(import.meta.dirname, '../../.env.example'), 'utf8')
const said = [
  ...knownErrors.flatMap(({ meaning, fix }) => [meaning, ...fix.map(({ words }) => words)]),
  ...elsewhere(''),
].flatMap(({ en, ja }) => [en, ja])
const commands = [
  ...knownErrors.flatMap(({ fix }) =>
    fix.flatMap(({ command }) => (command?.shell === 'sh' ? [command.text] : [])),
  ),
  ...said.flatMap((text) => /: (postern [a-z].*)$/.exec(text)?.[1] ?? []),
]

async function helpOf(words: readonly string[]): Promise<string> {
  const stdout = new PassThrough({ encoding: 'utf8' })
  const terminal = { stdin: Readable.from([]), stdout, stderr: new PassThrough() }
  const never = () => Promise.reject(new Error('not for this'))
  const deps = { version: '1', readConfig: never, serve: never, openServices: never, openDoctor: never }
  expect(await runCommand([...words, '--help'], terminal, deps), words.join(' ')).toBe(0)
  return stdout.read() ?? ''
}

describe('what is advised against errors', () => {
  it.each([...new Set(commands)])('the command can be typed: %s', async (command) => {
    const [program, ...words] = command.split(' ')
    expect(program).toBe('postern')
    const verbs = words.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-')).slice(0, 2)
    const value = words.findIndex((word) => /[{A-Z]/.test(word))
    const named = verbs.filter((word) => value === -1 || words.indexOf(word) < value)
    const help = await helpOf(named.filter((word) => word !== 'failed'))
    expect(help).toContain(`Usage: postern ${named[0]}`)
    for (const option of words.filter((word) => word.startsWith('--')))
      if (option !== '--help') expect(help, command).toContain(option)
  })

  it('the advice names only settings and options that there are', async () => {
    const names = new Set(said.flatMap((text) => text.match(/POSTERN_[A-Z_]+/g) ?? []))
    expect(names.size).toBeGreaterThan(5)
    for (const name of names) expect(settings).toContain(`${name}=`)
    const help = await Promise.all(
      [['login', 'add'], ['login', 'set'], ['mailbox', 'add'], ['journal']].map((words) => helpOf(words)),
    )
    const options = new Set(said.flatMap((text) => text.match(/--[a-z][a-z-]+/g) ?? []))
    for (const option of options) expect(help.join('\n')).toContain(option)
  })
})
