import { lstat, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import { type Endpoint, formatEndpoint, isWildcard } from '../net/endpoint.ts'
import type { SmtpListener } from '../net/listen.ts'
import {
  ownersOfRunning,
  putInPlace,
  requirePrivateFiles,
  requireStore,
  unusable,
} from '../store/data-dir.ts'
import type { Broker, RunningBroker } from './context.ts'
import { type BrokerAddress, createRemoteBroker } from './remote-broker.ts'

export interface Reached<B extends Broker> {
  broker: B
  /** Where applications hand in their mail. */
  smtp: readonly SmtpListener[]
}

/** What is known before anything of it is needed. */
export interface Place {
  /** By its own setting alone. Undefined where that is in doubt. */
  dataDir(): string | undefined
  /** @throws Failure `configuration` with every mistake */
  config(): Promise<Config>
}

/**
 * The running postern, or its store where none runs. Which of its settings have changed since it
 * began is no matter of who asks it, and reading them all takes a while.
 * @param warn called with what a killed postern left behind
 * @param mayBegin a store may be made, in a data directory that is there
 * @throws Failure `configuration` when there is none of these, or the data directory cannot be used
 */
export async function reachBroker(
  place: Place,
  openServices: (config: Config) => Promise<Broker>,
  warn: (warnings: readonly string[]) => void,
  mayBegin: boolean,
): Promise<Reached<Broker>> {
  const search = await findAt(place)
  if (search.state === 'found') {
    return { broker: createRemoteBroker(search.address, warn), smtp: search.running.smtp }
  }
  const config = await place.config()
  await requireStore(config.dataDir, mayBegin || config.databaseUrl !== undefined)
  const broker = await openServices(config)
  // Told only now: where the store is in use, that says more.
  if (search.state === 'left-behind') warn([`${search.found}. This was done in its store itself.`])
  return { broker, smtp: config.smtpListen }
}

/**
 * @throws Failure `configuration` where none ever ran, `store-unavailable` when none runs; nothing
 * is made or opened then
 */
export async function reachRunningBroker(
  place: Place,
  warn: (warnings: readonly string[]) => void,
): Promise<Reached<RunningBroker>> {
  const search = await findAt(place)
  if (search.state === 'found') {
    return { broker: createRemoteBroker(search.address, warn), smtp: search.running.smtp }
  }
  const { dataDir, databaseUrl } = await place.config()
  await requireStore(dataDir, databaseUrl !== undefined)
  if (search.state === 'none') throw failure('command.no-broker', { directory: dataDir })
  throw failure('command.broker-left-behind', { found: search.found })
}

/** Longer than messages under way get. */
const stopSeconds = 60

/**
 * Has the postern that runs on this data directory end in good order, if one does.
 * @throws Failure `store-unavailable` when it takes too long
 */
export async function stopRunning(dataDir: string): Promise<void> {
  const search = await findRunning(dataDir)
  if (search.state !== 'found') return
  const { pid } = search.running
  await createRemoteBroker(search.address).stop()
  const end = performance.now() + stopSeconds * 1000
  while (isAlive(pid)) {
    if (performance.now() > end) throw failure('service.not-stopped', { seconds: stopSeconds, pid })
    await pause(100)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function findAt(place: Place): Promise<Search> {
  return findRunning(place.dataDir() ?? (await place.config()).dataDir)
}

type Search =
  | { state: 'found'; running: Running; address: BrokerAddress }
  /**
   * A killed one's file is there, but nobody behind it who proves to be postern; `found` says so in
   * words.
   */
  | { state: 'left-behind'; found: string }
  | { state: 'none' }

const patienceMilliseconds = 2_000

/**
 * The postern that runs on this data directory. Neither a process of that number nor an open port
 * proves anything, because others get them after a kill: it is the socket in the directory that
 * nobody else can enter, or whoever ends a handshake with the owner key.
 * @throws Failure `configuration` when others can reach the data directory, or this user cannot
 */
export async function findRunning(dataDir: string): Promise<Search> {
  const running = await readRunningFile(dataDir)
  if (!running) return { state: 'none' }
  const owners = await ownersOfRunning(dataDir)
  const { socket } = await requirePrivateFiles(dataDir, owners)
  if ((await isSocketOfOwner(socket, dataDir)) && (await opens(connect({ path: socket }), 'connect'))) {
    return { state: 'found', running, address: { socketPath: socket } }
  }
  if (running.command) {
    const [{ connect: connectTls }, { ownerProof, readOwnerKey }] = await Promise.all([
      import('node:tls'),
      import('../store/owner-key.ts'),
    ])
    const { client } = ownerProof(await readOwnerKey(dataDir, owners))
    const { host, port } = running.command
    const address = { ...client, host, port, rejectUnauthorized: true }
    if (await opens(connectTls(address), 'secureConnect')) return { state: 'found', running, address }
  }
  return { state: 'left-behind', found: await describe(dataDir, running) }
}

async function isSocketOfOwner(path: string, dataDir: string): Promise<boolean> {
  try {
    const [found, folder] = [await lstat(path), await stat(dataDir)]
    return found.isSocket() && [0, folder.uid].includes(found.uid)
  } catch {
    return false
  }
}

async function describe(dataDir: string, { pid, web }: Running): Promise<string> {
  const taken: string[] = []
  for (const endpoint of web) {
    const { host, port } = fromHere(endpoint)
    if (await opens(connect({ host, port }), 'connect')) taken.push(formatEndpoint({ host, port }))
  }
  const listens =
    taken.length === 0
      ? 'nobody listens where it did'
      : `what listens on ${taken.join(' and ')} does not prove to be postern, and was told nothing`
  return `No postern answers on the data directory ${dataDir}: process ${pid} noted there that it had started, but ${listens}`
}

/** "Every address" is for listening; who connects needs one. */
function fromHere({ host, port }: Endpoint): Endpoint {
  if (!isWildcard(host)) return { host, port }
  return { host: host === '::' ? '::1' : '127.0.0.1', port }
}

function opens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (result: boolean) => {
      clearTimeout(impatience)
      socket.destroy()
      resolve(result)
    }
    const impatience = setTimeout(() => settle(false), patienceMilliseconds)
    socket.once(event, () => settle(true))
    socket.on('error', () => settle(false))
    socket.once('close', () => settle(false))
  })
}

/** Where the running postern listens, for commands on the same machine. */
interface Running {
  pid: number
  web: readonly Endpoint[]
  smtp: readonly SmtpListener[]
  /** Where the command comes in, if there is no socket in the data directory. */
  command?: Endpoint
}

export async function writeRunningFile(dataDir: string, running: Running): Promise<void> {
  const path = runningFile(dataDir)
  await writeFile(`${path}.new`, `${JSON.stringify(running)}\n`, { mode: 0o600 })
  await putInPlace(`${path}.new`, path)
}

/** On a disk that takes nothing it stays, as that of a killed one does. */
export async function removeRunningFile(dataDir: string): Promise<void> {
  await rm(runningFile(dataDir), { force: true }).catch(() => {})
}

/**
 * What a postern wrote when it started, or undefined. One that was killed leaves it behind: it
 * proves nothing.
 * @throws Failure `configuration` when this user may not read it
 */
async function readRunningFile(dataDir: string): Promise<Running | undefined> {
  try {
    const running = JSON.parse(await readFile(runningFile(dataDir), 'utf8')) as Running
    return Array.isArray(running.web) && Array.isArray(running.smtp) ? running : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') throw unusable(error, 'file.data-directory', dataDir)
    return undefined
  }
}

function runningFile(dataDir: string): string {
  return join(dataDir, 'running.json')
}
