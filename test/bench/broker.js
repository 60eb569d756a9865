// postern as people start it, with a mailbox and a login made by its own commands.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { endWithUs, makeFolder, removeFolder } from './clear-up.js'
import { mailbox, refreshToken } from './credentials.js'
import { pause } from './figures.js'

const postern = resolve(import.meta.dirname, '../../dist/main.js')
const startSeconds = 20

/**
 * @typedef {object} Broker
 * @property {number} pid
 * @property {number} smtpPort
 * @property {number} webPort
 * @property {() => Promise<void>} stop
 */

/**
 * The settings of a postern whose only provider is `facts`.
 *
 * @param {string} directory
 * @param {{ smtpPort: number, tokenPort: number, ca: string }} facts
 * @param {Record<string, number>} limits
 */
export async function writeSettings(directory, { smtpPort, tokenPort, ca }, limits) {
  const providersFile = join(directory, 'providers.json')
  const caFile = join(directory, 'ca.pem')
  await writeFile(caFile, ca)
  const bench = {
    id: 'bench',
    name: 'Bench',
    authorizationEndpoint: `http://127.0.0.1:${tokenPort}/authorize`,
    tokenEndpoint: `http://127.0.0.1:${tokenPort}/token`,
    scopes: ['mail'],
    authorizationParameters: {},
    clientId: 'bench',
    smtp: { host: 'localhost', port: smtpPort, tls: 'starttls' },
    mechanisms: ['XOAUTH2'],
    limits,
  }
  await writeFile(providersFile, JSON.stringify({ providers: [bench] }), { mode: 0o600 })
  return {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_PROVIDERS_FILE: providersFile,
    POSTERN_EXTRA_CA_FILE: caFile,
  }
}

/** Starts `postern serve`; its log goes to a file, as it would at a service. @returns {Promise<Broker>} */
export async function startBroker(directory, environment) {
  const child = await spawnBroker(directory, environment)
  try {
    const running = await listening(environment.POSTERN_DATA_DIR, child.process)
    return {
      ...child,
      pid: Number(child.process.pid),
      smtpPort: running.smtp[0].port,
      webPort: running.web[0].port,
    }
  } catch (error) {
    await child.stop()
    const log = await readFile(join(directory, 'postern.log'), 'utf8')
    throw new Error(`${error instanceof Error ? error.message : error}: ${log.slice(-1000)}`)
  }
}

export async function spawnBroker(directory, environment) {
  const log = await open(join(directory, 'postern.log'), 'a')
  const child = endWithUs(
    spawn(process.execPath, [postern, 'serve'], { env: environment, stdio: ['ignore', log.fd, log.fd] }),
  )
  await log.close()
  const over = once(child, 'exit')
  const stop = async () => {
    child.kill()
    const timer = setTimeout(() => child.kill('SIGKILL'), startSeconds * 1000)
    await over
    clearTimeout(timer)
  }
  return { process: child, stop }
}

async function listening(dataDirectory, broker) {
  const path = join(dataDirectory, 'running.json')
  for (let waited = 0; waited < startSeconds && broker.exitCode === null; waited += 0.05) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    const running = text && JSON.parse(text)
    if (running?.pid === broker.pid) return running
    await pause(0.05)
  }
  throw new Error('postern did not start')
}

let made

/**
 * A data directory with the mailbox, a login and an API key for tokens. It is made once, and written anew wherever one is needed.
 * @returns {Promise<{ password: string, apiKey: string }>}
 */
export async function writeData(dataDirectory) {
  made ??= makeData()
  const { files, ...credentials } = await made
  await mkdir(dataDirectory, { mode: 0o700 })
  for (const { name, content } of files) await writeFile(join(dataDirectory, name), content, { mode: 0o600 })
  return credentials
}

async function makeData() {
  const directory = makeFolder()
  try {
    const facts = { smtpPort: 1, tokenPort: 1, ca: '' }
    const { POSTERN_EXTRA_CA_FILE: _, ...environment } = await writeSettings(directory, facts, {})
    // Only `serve` makes one.
    await mkdir(environment.POSTERN_DATA_DIR, { mode: 0o700 })
    const tokenFile = join(directory, 'refresh-token')
    await writeFile(tokenFile, refreshToken, { mode: 0o600 })
    const command = (...words) => runCommand([...words, '--json'], environment)
    await command('mailbox', 'add', mailbox, '--provider', 'bench', '--refresh-token-file', tokenFile)
    const { password } = await command('login', 'add', mailbox)
    const { key: apiKey } = await command('api-key', 'add', '--scope', `token:${mailbox}`)
    return { files: await readFolder(environment.POSTERN_DATA_DIR), password, apiKey }
  } finally {
    await removeFolder(directory)
  }
}

async function readFolder(folder) {
  const names = await readdir(folder)
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(folder, name)) })))
}

export async function runCommand(words, environment) {
  const child = endWithUs(
    spawn(process.execPath, [postern, ...words], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`postern ${words[0]} ${words[1]} ended with ${code}`)
  return JSON.parse(output)
}
