import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { eximRoot } from './peer.ts'
import { type Outcome, runProgram } from './run-program.ts'

export interface Exim {
  /** Takes a message as a local program hands it in, and delivers it while that waits. */
  handIn(message: string, sender: string, recipient: string): Promise<Outcome>
  log(): Promise<string>
  close(): Promise<void>
}

/**
 * Debian's Exim, which cannot be installed beside Postfix: its packages are unpacked in a folder, which is laid over the file system in a
 * mount namespace of its own. There its files are where they always are.
 * @param settings files in /etc by their names there
 */
export async function startExim(settings: Readonly<Record<string, string>>): Promise<Exim> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-exim-'))
  await chmod(folder, 0o755)
  const [etc, mainLog] = [join(folder, 'etc'), join(folder, 'var/log/exim4/mainlog')]
  await cp(join(eximRoot, 'etc'), etc, { recursive: true })
  for (const part of ['spool', 'log', 'lib'])
    await mkdir(join(folder, 'var', part, 'exim4'), { recursive: true })
  await writeFile(
    join(etc, 'passwd'),
    await withLine('/etc/passwd', `Debian-exim:x:${group}:${group}::/var/spool/exim4:/bin/false`),
  )
  await writeFile(join(etc, 'group'), await withLine('/etc/group', `Debian-exim:x:${group}:`))
  await writeFile(join(etc, 'mailname'), 'legacy.example.test\n')
  for (const [name, text] of Object.entries(settings)) {
    const path = join(etc, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { mode: /passwd/.test(name) ? 0o640 : 0o644 })
    await chown(path, 0, group)
  }
  const inside = (command: string, input = '') =>
    runProgram(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-ec', `${mounts(folder)}\n${command}`],
      { input },
    )
  const made = await inside(
    'chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4; update-exim4.conf',
  )
  if (made.code !== 0) throw new Error(`Exim takes no such settings: ${made.output}`)
  return {
    handIn: (message, sender, recipient) => inside(`exim4 -odf -oi -f ${sender} ${recipient}`, message),
    log: () => readFile(mainLog, 'utf8').catch(() => ''),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Of a user of that name, too. */
const group = 9119

const withLine = async (path: string, line: string) =>
  `${(await readFile(path, 'utf8')).trimEnd()}\n${line}\n`

/** What is unpacked over what is there, and three folders to write in. */
function mounts(folder: string): string {
  const over = (above: string, below: string) =>
    `mount -t overlay overlay -o lowerdir=${above}:${below} ${below}`
  const written = ['spool', 'log', 'lib'].map(
    (part) => `mount --bind ${folder}/var/${part}/exim4 /var/${part}/exim4`,
  )
  return [
    over(`${eximRoot}/usr`, '/usr'),
    over(`${folder}/etc`, '/etc'),
    over(`${folder}/var`, '/var'),
    ...written,
  ].join('\n')
}
