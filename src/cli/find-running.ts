import { lstat, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Endpoint } from '../config/config.ts'
import { formatEndpoint, isWildcard } from '../config/endpoint.ts'
import { ownersOfRunning, requirePrivateFiles } from '../store/data-dir.ts'
import { readOwnerKey } from '../store/owner-key.ts'
import { ownerProof } from '../store/owner-proof.ts'
import type { BrokerAddress } from './remote-broker.ts'
import { type Running, readRunningFile } from './running-file.ts'

export type Search =
  | { state: 'found'; running: Running; address: BrokerAddress }
  /** A killed one's file is there, but nobody behind it who proves to be postern; `found` says so in words. */
  | { state: 'left-behind'; found: string }
  | { state: 'none' }

const patienceMilliseconds = 2_000

/**
 * The postern that runs on this data directory. Neither a process of that number nor an open port proves anything, because others get them
 * after a kill: it is the socket in the directory that nobody else can enter, or whoever ends a handshake with the owner key.
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
