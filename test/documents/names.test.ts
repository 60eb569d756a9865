import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'
import { settingList } from '../../src/config/settings.ts'
import { catalogue } from '../../src/failures/catalogue.ts'
import { knownErrors } from '../../src/providers/errors/known-errors.ts'
import { documented } from '../web/documented.ts'
import { verbsOf } from './command-page.js'
import { blocksOf, codeOf, filesIn, readDocuments, root } from './read-documents.ts'

/** Names with our prefix that are no settings: what reads them. */
const otherVariables: Record<string, string> = {
  POSTERN_ENV_FILE: 'says which file the settings are read from',
  POSTERN_API_KEY: 'postern sendmail',
  POSTERN_API_URL: 'postern sendmail',
  POSTERN_SENDMAIL_FROM: 'postern sendmail',
  POSTERN_SENDMAIL_TO: 'postern sendmail',
  POSTERN_VERSION: 'of an image; the start takes it for no mistake',
  POSTERN_X: 'stands for any setting',
}

/** What looks like the id of a failure or an event, and is a file or a host. */
const isFile =
  /\.(sqlite(-wal|-shm)?|sound|key|pid|sock|pem|json|jsonl|env|tar|csv|md|ts|js|mjs|cjs|sh|localhost|txt|yaml|yml|ini|service|socket|socks|conf|php|py|ps1|cs|java|rb|cf|deb|rpm|exe)$/

/** Lines of code that are words about postern. */
const isProse = /^postern (and|as|is|runs)\b/

interface Named {
  in: string
  name: string
}

describe('the names in the documents', () => {
  let texts: Map<string, string>
  /** Whatever else is in examples/: scripts, settings of other programs. */
  let examples: [path: string, text: string][]
  let verbs: Map<string, string>
  beforeAll(async () => {
    const files = (await filesIn('examples')).filter((path) => !path.endsWith('.md'))
    examples = await Promise.all(
      files.map(async (path): Promise<[string, string]> => [path, await readFile(join(root, path), 'utf8')]),
    )
    texts = await readDocuments()
    verbs = new Map((await verbsOf(runCommand)).map(({ words, help }) => [words.join(' '), help]))
  })

  /** Everything in the documents that a function finds. */
  const found = (names: (text: string, path: string) => readonly string[]): Named[] =>
    [...texts].flatMap(([path, text]) => [...new Set(names(text, path))].map((name) => ({ in: path, name })))

  /** Lines of code that begin with `postern`, with what stands before it taken off. */
  const commandsIn = (text: string): string[] =>
    [...blocksOf(text).flat(), ...codeOf(text)].flatMap((line) => {
      const [, command] = /^(?:\$ )?(?:sudo (?:-u \S+ )?|[A-Z_]+=\S+ )*(postern [a-z].*)$/.exec(line) ?? []
      return command === undefined || isProse.test(command) ? [] : [command]
    })

  it('each setting is one', () => {
    const names = new Set(
      settingList.flatMap(([, { name, secret }]) => (secret ? [name, `${name}_FILE`] : [name])),
    )
    const isKnown = (name: string) =>
      name.endsWith('_') || name.endsWith('…')
        ? [...names].some((one) => one.startsWith(name.replace(/…$/, '')))
        : names.has(name) || name in otherVariables
    const inTexts = (text: string) => text.match(/POSTERN_[A-Z0-9_]+…?/g) ?? []
    const all = [
      ...found(inTexts),
      ...examples.flatMap(([path, text]) => inTexts(text).map((name) => ({ in: path, name }))),
    ]
    expect(all.length).toBeGreaterThan(200)
    expect(all.filter(({ name }) => !isKnown(name))).toEqual([])
  })

  /** Whether a verb is there, has what is below it, and every option. */
  const isCommand = (line: string): boolean => {
    const command = line.replace(/ +(?:#|[|>]|&&|;) .*$/, '')
    const [first = '', second = ''] = command.split(/\s+/).slice(1)
    if (first === 'help' || first === '--help' || first === '--version') return true
    const verb = [`${first} ${second}`, first].find((one) => verbs.has(one))
    const help = verb === undefined ? '' : (verbs.get(verb) ?? '')
    const lacksVerb = verb === first && help.includes('\nCommands:\n') && /^[a-z]/.test(second)
    const options = command.replace(/"[^"]*"|'[^']*'/g, '').match(/(?<=[\s[(])--[a-z][a-z0-9-]*/g) ?? []
    return help !== '' && !lacksVerb && options.every((one) => new RegExp(`${one}[\\s,]`).test(help))
  }

  it('each command is one that there is, with options that it has', () => {
    const all = found(commandsIn)
    expect(all.length).toBeGreaterThan(150)
    expect(all.filter(({ name }) => !isCommand(name))).toEqual([])
  })

  it('each id of a failure, an event or a known error is one', () => {
    const events = new Set(
      [...(texts.get('docs/events.md') ?? '').matchAll(/^\| `([a-z.-]+)`/gm)].map(([, event = '']) => event),
    )
    const known = new Set([...Object.keys(catalogue), ...events])
    const subjects = new Set([...known].map((id) => id.slice(0, id.indexOf('.'))))
    // Of the API's page the members of objects are no ids.
    const ids = found((text, path) =>
      codeOf(path === 'docs/api.md' ? (text.split('<!-- From here on')[0] ?? '') : text).filter((code) =>
        /^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/.test(code),
      ),
    )
    const own = ids.filter(({ name }) => subjects.has(name.slice(0, name.indexOf('.'))) && !isFile.test(name))
    expect(own.length).toBeGreaterThan(100)
    expect(own.filter(({ name }) => !known.has(name))).toEqual([])
    const errors = new Set(knownErrors.map(({ id }) => id))
    const named = found((text) =>
      codeOf(text).filter((code) => /^(exo|entra|gmail|google|yahoo)-[a-z0-9.-]+$/.test(code)),
    )
    const providers = /^google-service-account$/
    expect(
      named.filter(({ name }) => !errors.has(name) && !isFile.test(name) && !providers.test(name)),
    ).toEqual([])
  })

  it('each operation of the API is one', () => {
    const operations = Object.entries(documented.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => {
        const whole = path === '/token' ? '/oauth2/token' : `/api/v1${path}`
        const pattern = whole.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')
        return new RegExp(`^${method.toUpperCase()} ${pattern}$`)
      }),
    )
    const all = found((text) =>
      [...codeOf(text), ...blocksOf(text).flat()].flatMap(
        (code) => code.match(/\b(?:GET|POST|PATCH|PUT|DELETE) \/(?:api\/v1|oauth2)\/[^\s?`'"]*/g) ?? [],
      ),
    )
    expect(all.length).toBeGreaterThan(20)
    expect(all.filter(({ name }) => !operations.some((one) => one.test(name)))).toEqual([])
  })

  it('each test and each file of the source that is named is there', async () => {
    const files = new Set([
      ...(await filesIn('test')),
      ...(await filesIn('src')).map((path) => path.slice(4)),
    ])
    const isThere = (name: string) =>
      [name, `test/${name}`, `test/dialogues/${name}`, name.replace(/^src\//, '')].some((path) =>
        files.has(path),
      )
    const all = found((text, path) =>
      /^(docs|src|test)\//.test(path)
        ? codeOf(text).filter((code) => /^[\w/.-]+(\.ts|test\.js)$/.test(code) && code.includes('/'))
        : [],
    )
    const dialogues = ['docs/field-reports.md', 'docs/hardening.md'].flatMap((path) =>
      codeOf(texts.get(path) ?? '')
        .filter((code) => /^[\w-]+\.txt$/.test(code))
        .map((name) => ({ in: path, name })),
    )
    expect(all.length).toBeGreaterThan(150)
    expect([...all, ...dialogues].filter(({ name }) => !isThere(name))).toEqual([])
  })

  it('each script of npm is one', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const all = found((text) =>
      [...text.matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
    )
    expect(all.length).toBeGreaterThan(10)
    expect(all.filter(({ name }) => !Object.hasOwn(scripts, name))).toEqual([])
  })

  it('each package that postern depends on is told why', async () => {
    const { dependencies, optionalDependencies = {} } = JSON.parse(
      await readFile(join(root, 'package.json'), 'utf8'),
    )
    const told = [...(texts.get('docs/decisions.md') ?? '').matchAll(/\*\*(@?[a-z0-9/-]+)\*\*/g)].map(
      ([, name]) => name,
    )
    const all = Object.keys({ ...dependencies, ...optionalDependencies })
    expect(all.filter((name) => !told.includes(name))).toEqual([])
  })
})
