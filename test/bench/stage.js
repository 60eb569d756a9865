// What every workload needs: a provider, a postern with one mailbox and one login, each in a process of its own.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const mailbox = 'bench@example.com'
const accessToken = `bench-${'t'.repeat(1400)}`
const here = import.meta.dirname
const postern = resolve(here, '../../dist/main.js')

/**
 * @typedef {object} Stage
 * @property {import('./conversation.js').Target} direct the provider itself
 * @property {import('./conversation.js').Target} through the same by postern
 * @property {number} posternPid
 * @property {(file: string) => Worker} worker a process of this folder, ended with the stage
 * @property {() => Promise<void>} clear
 *
 * @typedef {object} Worker
 * @property {(job: object) => Promise<any>} ask one job; rejects with its error, or when the process ends
 */

/** @param {Record<string, string>} settings beside those that postern needs to run here; @returns {Promise<Stage>} */
export async function setStage(settings = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'))
  const ends = [() => rm(directory, { recursive: true, force: true })]
  let clearing
  const clear = () => {
    clearing ??= endAll(ends)
    return clearing
  }
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => clear().finally(() => process.exit(1)))
  }
  try {
    return { ...(await set(directory, settings, ends)), clear }
  } catch (error) {
    await clear()
    throw error
  }
}

async function endAll(ends) {
  while (ends.length > 0) await ends.pop()()
}

async function set(directory, settings, ends) {
  const provider = fork(join(here, 'provider.js'), {
    env: { ...process.env, BENCH_ACCESS_TOKEN: accessToken },
  })
  ends.push(() => provider.disconnect())
  const [facts] = await once(provider, 'message')
  const environment = { ...(await environmentOf(directory, facts)), ...settings }
  const password = await addLogin(directory, environment)
  const broker = spawn(process.execPath, [postern, 'serve'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const over = once(broker, 'exit')
  ends.push(async () => {
    broker.kill()
    await over
  })
  const port = await listening(directory, broker)
  return {
    direct: { port: facts.smtpPort, ca: facts.ca, auth: xoauth2(), mailbox },
    through: { port, auth: `PLAIN ${base64(`\u0000${mailbox}\u0000${password}`)}`, mailbox },
    posternPid: broker.pid,
    worker: (file) => startWorker(file, ends),
  }
}

function startWorker(file, ends) {
  const child = fork(join(here, file))
  ends.push(() => child.connected && child.disconnect())
  return {
    ask(job) {
      return new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`${file} has ended`))
        child.once('exit', ended)
        child.once('message', (answer) => {
          child.off('exit', ended)
          if (answer.error) reject(new Error(answer.error))
          else resolve(answer)
        })
        child.send(job)
      })
    },
  }
}

async function environmentOf(directory, { smtpPort, tokenPort, ca }) {
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
    limits: { connections: 20 },
  }
  await writeFile(providersFile, JSON.stringify({ providers: [bench] }))
  return {
    PATH: process.env.PATH,
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_PROVIDERS_FILE: providersFile,
    POSTERN_EXTRA_CA_FILE: caFile,
    POSTERN_LOG_LEVEL: 'warn',
  }
}

async function addLogin(directory, environment) {
  const tokenFile = join(directory, 'refresh-token')
  await writeFile(tokenFile, 'bench-refresh-token', { mode: 0o600 })
  const command = (...words) => runCommand(words, environment)
  await command('mailbox', 'add', mailbox, '--provider', 'bench', '--refresh-token-file', tokenFile)
  return JSON.parse(await command('login', 'add', mailbox, '--json')).password
}

async function runCommand(words, environment) {
  const child = spawn(process.execPath, [postern, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`postern ${words[0]} ${words[1]} ended with ${code}`)
  return output
}

async function listening(directory, broker) {
  for (let attempt = 0; attempt < 200 && broker.exitCode === null; attempt++) {
    const text = await readFile(join(directory, 'data/running.json'), 'utf8').catch(() => undefined)
    if (text) return JSON.parse(text).smtp[0].port
    await new Promise((later) => setTimeout(later, 50))
  }
  throw new Error('postern did not start')
}

function xoauth2() {
  return `XOAUTH2 ${base64(`user=${mailbox}\u0001auth=Bearer ${accessToken}\u0001\u0001`)}`
}

function base64(text) {
  return Buffer.from(text, 'utf8').toString('base64')
}
