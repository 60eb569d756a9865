// Follows docs/getting-started.md literally: takes its commands out of it and runs them, one after the other, on throw-away parts.
//   node test/documents/follow-getting-started.js FOLDER [WORD...]
// FOLDER is a clone in which nothing was installed or built yet; the words stand in front of each `sh`, and say as whom it runs.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mailScope, startAuthorizationServer } from '../../examples/demo/authorization-server.js'
import { freePort } from '../../examples/demo/free-port.js'
import { giveConsent } from '../../examples/demo/give-consent.js'
import { introspectionAt, startMailProvider } from '../../examples/demo/mail-provider.js'

const [billing, recipient] = ['billing@example.com', 'someone@example.net']

/**
 * @typedef {object} Reader
 * @property {string} folder where the commands are typed
 * @property {string[]} [words] in front of `sh`
 * @property {Record<string, string>} [environment] of the reader
 * @property {(command: string) => boolean} [leaveOut] what was done before
 * @property {(line: string) => void} [tell]
 *
 * @param {Reader} reader
 * @returns {Promise<string[]>} the commands that were run
 * @throws when one of them does not do what the page says
 */
export async function followGettingStarted(reader) {
  /** @type {(() => unknown)[]} */
  const closing = []
  try {
    return await follow(reader, closing)
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

/**
 * The commands of a page: its blocks of `sh`, in their order.
 * @param {string} page
 */
export function commandsOf(page) {
  const blocks = [...page.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)]
  return blocks.map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
  )
}

/** @param {Reader} reader @param {(() => unknown)[]} closing */
async function follow(
  { folder, words = [], environment = {}, leaveOut = () => false, tell = () => {} },
  closing,
) {
  const own = await mkdtemp(join(tmpdir(), 'postern-getting-started-'))
  closing.push(() => rm(own, { recursive: true, force: true }))
  const [smtpPort, webPort] = [await freePort(), await freePort()]
  const web = `http://localhost:${webPort}`
  const authority = await startAuthorizationServer({ redirectUris: [`${web}/oauth/callback`] })
  closing.push(authority.close)
  const mailProvider = await startMailProvider({ introspect: introspectionAt(authority) })
  closing.push(mailProvider.close)

  // What is no part of the page: where this postern listens, and whom it trusts beside public authorities.
  const settings = [
    `POSTERN_SMTP_LISTEN=127.0.0.1:${smtpPort}`,
    `POSTERN_WEB_LISTEN=127.0.0.1:${webPort}`,
    `POSTERN_PUBLIC_URL=${web}`,
    'POSTERN_EXTRA_CA_FILE=provider-ca.pem',
  ]
  await writeFile(join(folder, 'provider-ca.pem'), mailProvider.ca, { mode: 0o644 })
  const { id, secret } = authority.clients.postern
  /** @type {[string | RegExp, string][]} */
  const places = [
    ['https://id.example.org', authority.issuer],
    ['https://mail.example.org/SMTP.Send', mailScope],
    ['smtp.example.org:587', `${mailProvider.host}:${mailProvider.port}`],
    ['CLIENT-ID', id],
    ['registration check microsoft', 'registration check example'],
    ['--provider microsoft', '--provider example'],
    ['127.0.0.1:2587', `127.0.0.1:${smtpPort}`],
  ]
  const definitions = settings.map((setting) => `export ${setting}`)
  const ran = []

  const page = await readFile(
    fileURLToPath(new URL('../../docs/getting-started.md', import.meta.url)),
    'utf8',
  )
  for (const command of commandsOf(page)) {
    if (leaveOut(command)) continue
    tell(command)
    ran.push(command)
    if (/^\w+\(\) \{/.test(command)) {
      definitions.push(command)
      continue
    }
    const text = places.reduce((filled, [place, value]) => filled.replaceAll(place, value), command)
    const child = run([...definitions, text].join('\n'), folder, words, environment)
    if (command === 'npm start') {
      closing.push(child.stop)
      await child.waitFor(() => answers(`${web}/readyz`))
      continue
    }
    child.type(`${text.includes('example') && text.includes(id) ? secret : 'a-secret-of-google'}\n`)
    if (command.startsWith('postern consent')) await consents(child)
    const output = await child.ended()
    if (command.startsWith('postern login add')) places.push(...printedLogin(output))
  }

  const arrived = mailProvider.messages.map(({ account, sender, recipients }) =>
    [account, sender, ...recipients].join(' '),
  )
  const wanted = [`${billing} ${billing} ${billing}`, `${billing} ${billing} ${recipient}`]
  if (arrived.join('\n') !== wanted.join('\n'))
    throw new Error(
      `These have arrived (account, sender, recipient):\n${arrived.join('\n')}\nin the place of:\n${wanted.join('\n')}`,
    )
  return ran
}

/** Its owner opens the link that the command has printed. @param {ReturnType<typeof run>} child */
async function consents(child) {
  const [link = ''] = await child.says(/http\S+\/consent\/\S+/)
  const page = await giveConsent(link, { login: billing })
  if (page.status !== 200) throw new Error(`The consent ended with ${page.status}: ${page.body}`)
}

/** What somebody copies from `login add`. @param {string} output @returns {[string, string][]} */
function printedLogin(output) {
  const [, user] = /user name:? +(\S+)/i.exec(output) ?? []
  const [, password] = /password:? +(\S+)/i.exec(output) ?? []
  if (!user || !password) throw new Error(`No user name and password can be seen in this:\n${output}`)
  return [['USER:PASSWORD', `${user}:${password}`]]
}

/** @param {string} url */
async function answers(url) {
  const response = await fetch(url).catch(() => undefined)
  await response?.text()
  return response?.ok === true
}

/**
 * Types something in a shell.
 * @param {string} text
 * @param {string} folder
 * @param {string[]} words
 * @param {Record<string, string>} environment
 */
function run(text, folder, words, environment) {
  const [program = 'sh', ...rest] = [...words, 'sh', '-ec', `cd '${folder}'\n${text}`]
  // A group of its own: what npm starts ends with it.
  const child = spawn(program, rest, { env: environment, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => {
      output += piece
    })
  child.stdin.on('error', () => {})
  /** @type {Promise<number | null>} */
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  closed.catch(() => {})
  const failed = () =>
    new Error(`This does not work:\n${text}\n\nIt ended with ${child.exitCode}:\n${output}`)

  /** @template T @param {() => T | Promise<T>} look @returns {Promise<NonNullable<T>>} */
  async function waitFor(look) {
    const end = Date.now() + 120_000
    while (Date.now() < end && child.exitCode === null) {
      const seen = await look()
      if (seen) return seen
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw failed()
  }

  return {
    /** @param {string} input */
    type: (input) => child.stdin.end(input),
    /** @param {RegExp} pattern */
    says: (pattern) => waitFor(() => pattern.exec(output)),
    waitFor,
    /** Its output. @throws when it ends badly */
    async ended() {
      if ((await closed) !== 0) throw failed()
      return output
    },
    async stop() {
      try {
        process.kill(-(/** @type {number} */ (child.pid)), 'SIGTERM')
      } catch {
        // It has ended already.
      }
      await closed
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = '', ...words] = process.argv
  await followGettingStarted({ folder, words, tell: (command) => console.log(`$ ${command}`) })
  console.log('A message of each of both has arrived.')
}
