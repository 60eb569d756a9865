import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { giveConsent } from '../../examples/demo/give-consent.js'
import { eventually } from '../support/eventually.ts'
import { runProgram } from '../support/run-program.ts'
import { setProviderParts } from './provider-parts.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string

/** A folder of somebody else, in which the package is installed as npm packs it: no file of this repository is beside. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-consumer-'))
  const modules = join(folder, 'node_modules')
  // Nothing is built anew: what is tested is what lies in dist/.
  const words = ['pack', '--json', '--dry-run', '--ignore-scripts', '--offline']
  const [{ files }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' })) as [
    { files: { path: string }[] },
  ]
  for (const { path } of files) {
    const installed = join(modules, 'postern', path)
    mkdirSync(dirname(installed), { recursive: true })
    copyFileSync(join(root, path), installed)
  }
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    mkdirSync(resolve(modules, name, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', type: 'module', private: true }),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (script: string) =>
  runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })

it('what it exports is this, and importing it does nothing', async () => {
  const script = `
    const before = process.umask()
    const library = await import('postern')
    console.log(JSON.stringify([Object.keys(library), process.umask() === before, process.eventNames()]))`
  const { code, output } = await run(script)
  expect({ code, output: JSON.parse(output) }).toEqual({
    code: 0,
    output: [
      ['createBroker', 'isBrokerFailure'],
      true,
      expect.not.arrayContaining(['SIGTERM', 'SIGINT', 'SIGHUP']),
    ],
  })
  expect(readdirSync(folder)).not.toContain('data')
})

it.each([
  'postern/dist/app.js',
  'postern/dist/main.js',
  'postern/dist/library.js',
  'postern/library',
  'postern/src/app.ts',
])('nothing else can be imported: %s', async (name) => {
  const { output } = await run(`import('${name}').catch(({ code }) => console.log(code))`)
  expect(output.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

it('a program in TypeScript compiles at its strictest, without the types of Node, and runs', async () => {
  writeFileSync(
    join(folder, 'consumer.ts'),
    `import {
  type AccessToken, type BegunConsent, type Broker, type BrokerFailure, type BrokerFailureCode, type BrokerMailboxes,
  type BrokerOptions, type CompletedConsent, createBroker, isBrokerFailure, type LogLine, type MailboxInfo, type NewMailbox,
} from 'postern'

declare const process: { exitCode: number }
declare const console: { log(text: string): void }

const lines: LogLine[] = []
const key: string | undefined = undefined
const options: BrokerOptions = { dataDir: 'typed', key, settings: { POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com' }, log: (line) => lines.push(line) }
const broker: Broker = await createBroker(options)
const mailboxes: BrokerMailboxes = broker.mailboxes
const wanted: NewMailbox = { address: 'me@gmail.com', provider: 'google' }
const added: MailboxInfo = await mailboxes.add(wanted)
const begun: BegunConsent = await broker.beginConsent(added.address)
const done = (text: string): Promise<CompletedConsent> => broker.completeConsent(text, begun.browser)
let failed: BrokerFailure | undefined
try {
  const token: AccessToken = await broker.accessToken('me@gmail.com', { minLife: 600 })
  token.reveal()
} catch (error) {
  if (isBrokerFailure(error)) failed = error
}
const code: BrokerFailureCode | undefined = failed?.code
// @ts-expect-error: there is no such member
broker.store
// @ts-expect-error: a mailbox has a provider
const half: NewMailbox = { address: 'me@gmail.com' }
const lost: readonly string[] = (await broker.close()).lostConsents
console.log([added.consent, begun.url.startsWith('https://accounts.google.com/'), code, typeof done, half.address, lost.length, lines.length > 0].join(' '))
`,
  )
  const options = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--skipLibCheck',
    'false',
    '--types',
    '',
  ]
  const target = ['--target', 'es2023', '--lib', 'es2023', '--module', 'nodenext', '--outDir', 'out']
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const compiled = await runProgram(process.execPath, [tsc, ...options, ...target, 'consumer.ts'], {
    cwd: folder,
  })
  expect(compiled).toEqual({ code: 0, output: '' })
  const ran = await runProgram(process.execPath, ['out/consumer.js'], { cwd: folder })
  expect(ran).toEqual({ code: 0, output: 'absent true consent-needed function me@gmail.com 0 true\n' })
})

it('the example connects a mailbox and sends by nodemailer, and ends in good order', async () => {
  const parts = await setProviderParts()
  let child: ChildProcess | undefined
  try {
    copyFileSync(join(root, 'examples/library/program.js'), join(folder, 'program.js'))
    writeFileSync(join(folder, 'postern.env'), `POSTERN_PROVIDERS_FILE=${parts.files.providers}\n`, {
      mode: 0o600,
    })
    const { PATH = '' } = process.env
    const example = spawn(process.execPath, ['program.js'], {
      cwd: folder,
      env: {
        ...{ PATH, PORT: String(parts.port), PROVIDER: 'example', MAILBOX: 'reports@example.com' },
        NODE_EXTRA_CA_CERTS: parts.files.ca,
      },
    })
    child = example
    let output = ''
    for (const stream of [example.stdout, example.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    const ended = new Promise((ends) => example.once('close', ends))
    await eventually('the program listens', () => output.includes('ready at'))
    const report = () => fetch(`${parts.publicUrl}/report?to=you@example.net`, { method: 'POST' })
    const early = await report()
    expect({ status: early.status, body: await early.text() }).toEqual({
      status: 409,
      body: expect.stringContaining('reports@example.com has no consent yet'),
    })
    const page = await giveConsent(`${parts.publicUrl}/`, { login: 'reports@example.com' })
    expect(page.body).toContain('reports@example.com is connected')
    expect((await report()).status).toBe(200)
    expect(parts.mailProvider.messages).toMatchObject([
      { sender: 'reports@example.com', recipients: ['you@example.net'] },
    ])
    example.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(output).toContain('info: ')
  } finally {
    child?.kill('SIGKILL')
    await parts.close()
  }
})
