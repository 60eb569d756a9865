import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { must, type Outcome, runProgram } from './run-program.ts'

/** This machine's own system once more, started by a systemd of its own: its files are a layer over this machine's, it has no network but loopback, and nothing that is done in it reaches this machine. */
export interface BootedLinux {
  /** Where its files are seen from here. */
  root: string
  /** Its systemd, as a process here. */
  pid: number
  /** Words that run a program in it, from here. */
  within: readonly string[]
  run(...words: string[]): Promise<Outcome>
  /** @throws with what it said, where it ends with another code than 0 */
  output(...words: string[]): Promise<string>
  close(): Promise<void>
}

export async function bootLinux(): Promise<BootedLinux> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-booted-'))
  const [layer, root] = [join(folder, 'layer'), join(folder, 'root')]
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })]
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    await Promise.all([mkdir(layer), mkdir(root)])
    await must(['mount', '-t', 'tmpfs', '-o', 'size=2g,mode=755', 'postern', layer])
    closing.push(() => must(['umount', layer]))
    await Promise.all(['changed', 'work'].map((name) => mkdir(join(layer, name))))
    const layers = `lowerdir=/,upperdir=${layer}/changed,workdir=${layer}/work`
    await must(['mount', '-t', 'overlay', '-o', layers, 'postern', root])
    closing.push(() => must(['umount', root]))
    // There is no network that anybody could wait for.
    await symlink('/dev/null', join(root, 'etc/systemd/system/systemd-networkd-wait-online.service'))
    // A machine of its own, on which services may be started by being installed.
    for (const file of ['etc/machine-id', 'usr/sbin/policy-rc.d', 'var/log/journal'])
      await rm(join(root, file), { recursive: true, force: true })

    const nspawn = ['--quiet', '--register=no', '--keep-unit', '--private-network', '--console=pipe']
    const named = [`--directory=${root}`, '--machine=postern-test', '--boot', 'systemd.unit=basic.target']
    const child = spawn('systemd-nspawn', [...nspawn, ...named], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    closing.push(() => ended(child))
    const pid = await eventually('systemd starts', () => firstChildOf(child, () => said), 30)
    closing.push(async () => process.kill(pid, 'SIGKILL'))
    const within = ['nsenter', '--target', `${pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--']
    const run = ([name = '', ...words]: readonly string[]) => runProgram(name, words)
    await eventually(
      'systemd has started',
      async () => /running|degraded/.test((await run([...within, 'systemctl', 'is-system-running'])).output),
      60,
    )
    return {
      root,
      pid,
      within,
      run: (...words) => run([...within, ...words]),
      output: (...words) => must([...within, ...words]),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** @throws when nspawn has ended */
async function firstChildOf(
  { pid, exitCode }: ChildProcess,
  said: () => string,
): Promise<number | undefined> {
  if (exitCode !== null) throw new Error(`systemd-nspawn ended with ${exitCode}: ${said()}`)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  for (const child of children.split(' ').filter(Boolean))
    if ((await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')).trim() === 'systemd')
      return Number(child)
  return undefined
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
}
