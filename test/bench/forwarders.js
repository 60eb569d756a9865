// What stands beside postern for scale: forwarders from plain TCP to TLS that read nothing. One is ours, in 30 lines of Node.js; the other is stunnel,
// where it is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { endWithUs, makeFolder, removeFolder } from './clear-up.js'
import { accessToken, bearer, mailbox } from './credentials.js'
import { pause } from './figures.js'
import { freePorts } from './free-ports.js'

const startSeconds = 5

/**
 * Their clients have to know the token.
 *
 * @param {(file: string) => import('./worker.js').Worker} worker
 * @param {{ implicitPort: number, ca: string }} facts of the provider
 * @param {(() => unknown)[]} ends what ends them is added
 */
export async function openForwarders(worker, { implicitPort, ca }, ends) {
  const ours = worker('forwarder.js')
  const { port } = await ours.ask({ do: 'open', port: implicitPort, ca })
  const stunnel = stunnelProgram()
    ? await openStunnel({ implicitPort, ca }, ends)
    : leaveOut('it is not installed (Debian: apt-get install stunnel4)')
  return {
    targets: { forwarder: targetAt(port), ...(stunnel && { stunnel: targetAt(stunnel.port) }) },
    pids: { forwarder: ours.pid, ...(stunnel && { stunnel: stunnel.pid }) },
  }
}

function targetAt(port) {
  return { port, auth: `XOAUTH2 ${bearer(mailbox, accessToken)}`, mailbox }
}

/** Debian keeps servers in /usr/sbin, which is not on everybody's path. @returns {string | undefined} */
export function stunnelProgram(path = [process.env.PATH, '/usr/sbin'].join(delimiter)) {
  const places = path
    .split(delimiter)
    .flatMap((folder) => [join(folder, 'stunnel'), join(folder, 'stunnel4')])
  return places.find((place) => existsSync(place))
}

async function openStunnel({ implicitPort, ca }, ends) {
  const directory = makeFolder()
  ends.push(() => removeFolder(directory))
  const [port = 0] = await freePorts(1)
  await writeFile(join(directory, 'ca.pem'), ca)
  await writeFile(join(directory, 'stunnel.conf'), settings({ directory, port, implicitPort }))
  const child = endWithUs(
    spawn(stunnelProgram() ?? '', [join(directory, 'stunnel.conf')], { stdio: 'ignore' }).on(
      'error',
      () => {},
    ),
  )
  const over = new Promise((resolve) => child.once('exit', resolve))
  ends.push(async () => child.kill() && (await over))
  for (let waited = 0; waited < startSeconds && child.exitCode === null; waited += 0.05) {
    if (await takesConnections(port)) return { port, pid: Number(child.pid) }
    await pause(0.05)
  }
  const log = await readFile(join(directory, 'stunnel.log'), 'utf8').catch(() => 'no log')
  return leaveOut(`it does not start: ${log.slice(-500)}`)
}

/** Its defaults, but for what must be said, and no line in the log for a connection. */
function settings({ directory, port, implicitPort }) {
  return `
foreground = quiet
pid =
syslog = no
debug = warning
output = ${join(directory, 'stunnel.log')}
[provider]
client = yes
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${implicitPort}
CAfile = ${join(directory, 'ca.pem')}
verifyChain = yes
checkHost = localhost
sni = localhost
`
}

/** @returns {Promise<boolean>} */
function takesConnections(port) {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

const said = new Set()

/** Each reason is told once. */
function leaveOut(reason) {
  if (!said.has(reason)) console.error(`stunnel is left out: ${reason}`)
  said.add(reason)
}
