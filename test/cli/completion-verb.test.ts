import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage
const script = (shell: string) => join(stage.folder, `completion.${shell}`)

beforeAll(async () => {
  stage = await setCommandStage()
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await stage.postern(['completion', shell])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await writeFile(script(shell), stdout)
  }
  await mkdir(join(stage.folder, 'zsh'))
  await copyFile(script('zsh'), join(stage.folder, 'zsh', '_postern'))
  await mkdir(join(stage.folder, 'here'))
  await writeFile(join(stage.folder, 'here', 'a-file.txt'), '')
})
afterAll(() => stage.close())

/** What a shell completes the words before the cursor to; the last one may be begun. */
type Completed = (...words: string[]) => Promise<string[]>

const run = async (name: string, words: string[]) => {
  const { code, output } = await runProgram(name, words, {
    cwd: join(stage.folder, 'here'),
    env: { HOME: stage.folder },
  })
  expect({ code, output }).toMatchObject({ code: 0 })
  return output
}

const inBash: Completed = async (...words) => {
  const quoted = ['postern', ...words].map((word) => `'${word}'`).join(' ')
  const lines = [
    `source '${script('bash')}'`,
    `COMP_WORDS=(${quoted})`,
    `COMP_CWORD=${words.length}`,
    '_postern',
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ]
  return (await run('bash', ['--norc', '-c', lines.join('\n')])).split('\n').filter(Boolean)
}

const inFish: Completed = async (...words) => {
  const line = ['postern', ...words].join(' ')
  const output = await run('fish', ['--no-config', '-c', `source '${script('fish')}'; complete -C '${line}'`])
  return output.split('\n').flatMap((one) => one.split('\t')[0] || [])
}

describe.each([
  ['bash', inBash, peer('bash')],
  ['fish', inFish, peer('fish')],
] as const)('%s', (_, completed, isThere) => {
  it.runIf(isThere)('completes verbs, at each place', async () => {
    expect(await completed('mailb')).toEqual(['mailbox'])
    const all = await completed('')
    for (const verb of ['serve', 'mailbox', 'token', 'import', 'completion']) expect(all).toContain(verb)
    const below = await completed('mailbox', '')
    for (const verb of ['add', 'list', 'show', 'try', 'remove']) expect(below).toContain(verb)
    expect(below).not.toContain('serve')
    expect(await completed('export', 's')).toEqual(['sasl-xoauth2'])
  })

  it.runIf(isThere)('completes options, and what they may be', async () => {
    expect(await completed('mailbox', 'add', 'me@example.com', '--prov')).toEqual(['--provider'])
    expect((await completed('token', 'me@example.com', '--format', '')).sort()).toEqual([
      'json',
      'token',
      'xoauth2',
    ])
    expect((await completed('completion', '')).filter((word) => !word.startsWith('-')).sort()).toEqual([
      'bash',
      'fish',
      'zsh',
    ])
    expect(await completed('token', '--deb')).toEqual([])
  })

  it.runIf(isThere)('completes files where files are meant, and nowhere else', async () => {
    expect(await completed('import', 'a-f')).toEqual(['a-file.txt'])
    expect(await completed('mailbox', 'add', 'me@example.com', '--refresh-token-file', 'a-')).toEqual([
      'a-file.txt',
    ])
    expect(await completed('mailbox', 'show', 'a-')).toEqual([])
  })
})

it.runIf(peer('bash'))('bash: a name with a space is one', async () => {
  await writeFile(join(stage.folder, 'here', 'with a space'), '')
  expect(await inBash('import', 'with')).toEqual(['with a space'])
})

describe.runIf(peer('zsh'))('zsh', () => {
  /** The line as the editor of a real zsh on a terminal has it after Tab. */
  async function lineAfterTab(line: string, load: string): Promise<string> {
    const program = `
zmodload zsh/zpty
zpty inner zsh -f -i
ask() { zpty -w inner "$1"; zpty -r inner answer "*$2*" }
ask "PS1= PS2= TERM=dumb; unsetopt zle_bracketed_paste; fpath=('${stage.folder}/zsh' $fpath); autoload -Uz compinit; compinit -u -d $HOME/zcompdump; ${load}; print re''ady" ready
ask 'show() { print -r -- "<""<$BUFFER>"">"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show; print s''et' set
zpty -w -n inner ${`"${line}"`}$'\\t\\x18'
zpty -r inner answer '*<<*>>*'
print -r -- $answer
zpty -d inner
`
    const output = await run('zsh', ['-f', '-c', program])
    return /<<(.*?)>>/.exec(output)?.[1] ?? output
  }

  it('is read by a line of .zshrc as well', async () => {
    const load = `source '${script('zsh')}'`
    expect(await lineAfterTab('postern keyring ro', load)).toBe('postern keyring rotate ')
  })

  it.each([
    ['postern mailb', 'postern mailbox '],
    ['postern mailbox rem', 'postern mailbox remove '],
    ['postern mailbox add me@example.com --prov', 'postern mailbox add me@example.com --provider '],
    ['postern token me@example.com --format xo', 'postern token me@example.com --format xoauth2 '],
    ['postern completion fi', 'postern completion fish '],
    ['postern import a-f', 'postern import a-file.txt '],
    ['postern mailbox show a-f', 'postern mailbox show a-f'],
  ])('completes "%s"', async (line, whole) => {
    expect(await lineAfterTab(line, ':')).toBe(whole)
  })
})

it('every verb of the help is completed', async () => {
  const { stdout } = await stage.postern(['--help'])
  const verbs = [...stdout.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, verb]) => verb)
  expect(verbs.length).toBeGreaterThan(20)
  const all = await readFile(script('bash'), 'utf8')
  for (const verb of verbs.filter((one) => one !== 'help')) expect(all).toContain(`'${verb}'`)
})

it('another shell is wrong usage', async () => {
  const { code, stderr } = await stage.postern(['completion', 'csh'])
  expect(code).toBe(2)
  expect(stderr).toContain('bash, zsh, fish')
})
