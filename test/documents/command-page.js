import { PassThrough, Readable } from 'node:stream'
import { anchorOf } from './made-part.js'

/**
 * Every verb of the command with its own help, as `postern VERB --help` prints it.
 * @param {(words: string[], terminal: any, deps: any) => Promise<number>} runCommand
 */
export async function commandPart(runCommand) {
  const verbs = await verbsOf(runCommand)
  const rows = verbs.map(({ words, about }) => {
    const name = ['postern', ...words].join(' ')
    return `${'  '.repeat(words.length - 1)}- [\`${name}\`](#${anchorOf(name)}): ${about}\n`
  })
  const parts = verbs.map(({ words, help }) => {
    const level = '#'.repeat(words.length + 1)
    return `${level} \`${['postern', ...words].join(' ')}\`\n\n\`\`\`\n${help.trim()}\n\`\`\`\n`
  })
  return `${rows.join('')}\n${parts.join('\n')}`
}

/**
 * @typedef {{ words: string[], help: string, about: string }} Verb
 * @param {(words: string[], terminal: any, deps: any) => Promise<number>} runCommand
 * @param {number} [columns] of the help, where it is not that of a pipe
 * @returns {Promise<Verb[]>} in the order of the help, each before those below it
 */
export async function verbsOf(runCommand, columns) {
  /** @param {string[]} path @returns {Promise<Verb[]>} */
  const below = async (path) => {
    const found = []
    for (const verb of namesIn(await helpOf(runCommand, path, columns))) {
      const words = [...path, verb]
      const help = await helpOf(runCommand, words, columns)
      found.push(
        { words, help, about: help.split('\n\n')[1]?.replaceAll('\n', ' ') ?? '' },
        ...(await below(words)),
      )
    }
    return found
  }
  return below([])
}

/**
 * What stands below "Commands:".
 * @param {string} help
 */
function namesIn(help) {
  const [, list = ''] = help.split(/^Commands:\n/m)
  const [own = ''] = list.split('\n\n')
  const names = [...own.matchAll(/^ {2}(\S+)/gm)].map(([, name = '']) => name)
  return names.filter((name) => name !== 'help')
}

/**
 * @param {(words: string[], terminal: any, deps: any) => Promise<number>} runCommand
 * @param {string[]} words
 * @param {number} [columns]
 */
export function helpOf(runCommand, words, columns) {
  return outputOf(runCommand, [...words, '--help'], columns)
}

/**
 * What a verb prints that asks nobody and reads nothing.
 * @param {(words: string[], terminal: any, deps: any) => Promise<number>} runCommand
 * @param {string[]} words
 * @param {number} [columns]
 * @returns {Promise<string>}
 */
export async function outputOf(runCommand, words, columns) {
  const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), columns && { columns })
  const terminal = { stdin: Readable.from([]), stdout, stderr: new PassThrough() }
  const never = () => Promise.reject(new Error('not for this'))
  const deps = { version: '1', readConfig: never, serve: never, openServices: never, openDoctor: never }
  const code = await runCommand(words, terminal, deps)
  if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}`)
  return stdout.read() ?? ''
}
