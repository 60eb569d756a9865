import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../../src')

// A line that imports or re-exports a value, and the last line of one that is broken; types are gone when the program runs.
const valueImports =
  /^(?:import(?! type\b)[^'\n]*|export(?! type\b)[^'\n]*\bfrom |\} from |.*createRequire\(import\.meta\.url\)\(\s*)'([^']+)'/gm
const laterImports = /(?<!typeof )\bimport\('([^']+)'\)/g

interface Loaded {
  /** Below src. */
  files: string[]
  packages: Set<string>
  /** The rooms that they lie in. */
  rooms: Set<string>
  /** What one of these files loads only when it comes to it. */
  later: Set<string>
}

/** What is loaded with these files, before anything of them runs. */
function loadedWith(...roots: string[]): Loaded {
  const files = new Set<string>()
  const packages = new Set<string>()
  const later = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const text = withoutTypes(readFileSync(file, 'utf8'))
    for (const [, name = ''] of text.matchAll(laterImports)) later.add(name)
    for (const [, name = ''] of text.matchAll(valueImports)) {
      if (name.startsWith('.')) visit(resolve(dirname(file), name))
      else if (!name.startsWith('node:')) packages.add(packageOf(name))
    }
  }
  for (const root of roots) visit(resolve(source, root))
  const paths = [...files].map((file) => file.slice(source.length + 1))
  const rooms = new Set(paths.map((path) => path.split('/')[0] ?? ''))
  return { files: paths, packages, rooms, later }
}

/** Type imports over several lines would look like values at their last line. */
function withoutTypes(text: string): string {
  return text.replace(/^(?:import|export) type \{[^}]*\} from '[^']+'/gm, '')
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

it('every command loads no more than reads its arguments', () => {
  expect([...loadedWith('main.ts').packages]).toEqual(['commander'])
})

it('postern explain loads no package beside, and nothing that serves, sends or opens a store', () => {
  const { packages, rooms } = loadedWith('main.ts', 'cli/explain.ts', 'diagnosis/explain.ts')
  expect([...packages]).toEqual(['commander'])
  const heavy = ['app.ts', 'web', 'smtp', 'upstream', 'governor', 'grants', 'journal', 'notices', 'metrics']
  expect(heavy.filter((room) => rooms.has(room))).toEqual([])
})

it('whoever asks a running postern loads little: no setting but where its data directory is', () => {
  const { files, packages, rooms } = loadedWith('main.ts', 'cli/token.ts')
  expect([...packages]).toEqual(['commander'])
  expect([...rooms].sort()).toEqual(['base', 'cli', 'config', 'failures', 'main.ts', 'net', 'store'])
  expect(files.filter((path) => /^(config|net|store)\//.test(path)).sort()).toEqual([
    'config/files.ts',
    'config/given-values.ts',
    'net/endpoint.ts',
    'store/data-dir.ts',
    'store/file-trust.ts',
  ])
  // Each costs about half a millisecond: together with Node they stay below 110.
  expect(files.length).toBeLessThanOrEqual(30)
})

it('each verb loads its own file, and no other verb', () => {
  const texts = loadedWith('main.ts').files.filter((path) => path.startsWith('cli/'))
  expect(texts.sort()).toEqual([
    'cli/program.ts',
    'cli/reach-broker.ts',
    'cli/remote-broker.ts',
    'cli/terminal.ts',
  ])
})

it('serve loads only what it needs to open its store and to listen', () => {
  const verbs = loadedWith('cli/program.ts').later
  const { packages, later } = loadedWith('main.ts', 'app.ts', 'cli/config.ts')
  for (const verb of verbs) later.delete(verb)
  expect([...packages].sort()).toEqual(['commander', 'jose', 'kysely', 'lru-cache'])
  expect([...later].sort()).toEqual([
    '../model/sending-limits.ts',
    '../providers/file/providers-file.ts',
    // On that system alone.
    '../system/macos.ts',
    './app.ts',
    // With the first message that needs approval, as another line below.
    './approvals/create-approvals.ts',
    // Where several processes share a database, as other lines below.
    './budget-store.ts',
    './config/network-access.ts',
    './config/read-config.ts',
    './config/reload.ts',
    './copies.ts',
    './create-oauth-client.ts',
    './discoveries.ts',
    './exposition.ts',
    './governor/shared-budgets.ts',
    './governor/told-pauses.ts',
    './grants/shared-renewals.ts',
    './held-messages.ts',
    './http-errors.ts',
    './kept-rotations.ts',
    './key-command.ts',
    './keyring.ts',
    './known-errors.ts',
    './passing-store.ts',
    './pause-store.ts',
    './postgres-database.ts',
    './program-limits.ts',
    './providers/certificate-keeper.ts',
    './providers/create-own-certificates.ts',
    './registration-fields.ts',
    './sending-limits.ts',
    './service/handed-sockets.ts',
    './service/service-manager.ts',
    './service/worker.ts',
    './service/workers.ts',
    './shared-account.ts',
    './shared-changes.ts',
    './shared-guesses.ts',
    './shared-tokens.ts',
    './smtp/submissions.ts',
    './store/backup.ts',
    './store/data-dir-lock.ts',
    './system/windows.ts',
    './tls/issue.ts',
    './web-app.ts',
    '@photostructure/sqlite',
    '@zxcvbn-ts/core',
    '@zxcvbn-ts/language-common',
    '@zxcvbn-ts/language-en',
    'nodemailer',
    'pino',
    'undici',
  ])
})

it.each([
  ['the first request to the web server', 'web/web-app.ts', ['express', 'helmet', 'zod']],
  ['the first question to a provider', 'providers/oauth/create-oauth-client.ts', ['openid-client']],
  ['the first look at the metrics', 'metrics/exposition.ts', ['prom-client']],
  ['a providers file', 'providers/file/providers-file.ts', ['zod']],
  ['the first change to a registration', 'providers/registration-fields.ts', ['zod']],
])('%s loads what only that needs', (_, file, needed) => {
  expect([...loadedWith(file).packages]).toEqual(expect.arrayContaining(needed))
})
