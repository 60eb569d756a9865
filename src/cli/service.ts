import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { failure } from '../base/failure.ts'
import { printable, shellWord } from '../base/text.ts'
import type { ServiceSystem, Step } from '../system/service-steps.ts'
import type { Context, Host } from './context.ts'
import { stopRunning } from './reach-broker.ts'

interface ServiceOptions {
  print?: boolean
  json?: boolean
}

const actions = {
  install: 'have postern begin with this machine, and begin it now',
  remove: 'end that; what postern keeps stays',
  start: 'begin the service',
  stop: 'end it, until it is begun or the machine is',
} as const

/** `postern service install | remove | start | stop` */
export function addServiceVerbs(program: Command, context: Context): void {
  const service = program.command('service').description('postern as a service of this machine')
  for (const [name, about] of Object.entries(actions) as [keyof typeof actions, string][]) {
    service
      .command(name)
      .description(about)
      .option('--print', 'show what would be done, and do nothing')
      .addHelpText('after', name === 'install' ? installHelp : `\nExample:\n  postern service ${name}`)
      .action(async ({ print = false }: ServiceOptions, command: Command) => {
        const { host } = context
        const system = await systemOf(host.platform)
        const { place } = host
        const steps = system[name](place)
        const result = { system: system.name, dataDir: system.dataDir(place), steps }
        if (print) {
          context.tell(command, result, steps.map((step) => shown(step, host)).join('\n'))
          return
        }
        if (name === 'install') requireFit(system, host)
        const own = await context.dataDir().catch(() => undefined)
        const dataDirs = [...new Set([system.dataDir(place), ...(own === undefined ? [] : [own])])]
        for (const step of steps) await take(step, dataDirs, host)
        context.tell(command, result, doneWords(name, system, host))
      })
  }
}

const installHelp = `
Linux: a unit of systemd, closed as far as postern allows, with a user of its own. Settings: /etc/postern/env.
macOS: a job of launchd; by sudo from the start of the machine on, else from each login of this user on. Settings: the file that
POSTERN_ENV_FILE names now.
Windows: a task that begins with the machine, as LOCAL SERVICE; warnings and errors go to the event log. Settings: .env in
C:\\ProgramData\\postern.

Examples:
  sudo postern service install
  postern service install --print`

async function systemOf(platform: NodeJS.Platform): Promise<ServiceSystem> {
  if (platform === 'linux') return (await import('../system/linux.ts')).linux
  if (platform === 'darwin') return (await import('../system/macos.ts')).macos
  if (platform === 'win32') return (await import('../system/windows.ts')).windows
  throw failure('service.unknown-system', { platform })
}

/** @throws Failure `configuration` where what would be installed could not begin */
export function requireFit(
  { isHidden, packaged }: Pick<ServiceSystem, 'isHidden' | 'packaged'>,
  { platform, place }: Host,
  isThere: (path: string) => boolean = existsSync,
): void {
  // As sd_booted(3) looks.
  if (platform === 'linux' && !isThere('/run/systemd/system')) throw failure('service.no-systemd')
  const there = packaged?.find((path) => isThere(path))
  if (there !== undefined) throw failure('service.of-package', { path: there })
  // Where launchd is told no user, it is root; the services of the other systems have one of their own.
  const { SUDO_USER: person = 'root' } = place.environment
  if (platform === 'darwin' && place.user === 0 && person === 'root') throw failure('service.as-root')
  const hidden = place.command.find((word) => isHidden?.(word))
  if (hidden !== undefined) throw failure('service.program-hidden', { path: hidden })
}

/**
 * @param dataDirs where a postern may run that is asked to end
 * @throws Failure `configuration` where this user may not, `internal` where a program fails
 */
export async function take(step: Step, dataDirs: readonly string[], { platform }: Host): Promise<void> {
  try {
    switch (step.do) {
      case 'write':
        await writeFile(
          step.path,
          step.encoding === 'utf16le' ? Buffer.from(`\uFEFF${step.text}`, 'utf16le') : step.text,
        )
        // The umask keeps it from others, who begin the service.
        await chmod(step.path, 0o644)
        return
      case 'make-folder':
        await mkdir(step.path, { recursive: true, mode: 0o700 })
        return
      case 'remove-file':
        await rm(step.path, { force: true })
        return
      case 'run':
        await runStep(step.words, step.mayFail === true, platform)
        return
      case 'stop-postern':
        for (const dataDir of dataDirs) await stopRunning(dataDir)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw failure('service.not-allowed', { what: 'path' in step ? step.path : step.do, cause: error })
  }
}

/** What it prints is shown where it fails, and not otherwise. */
async function runStep(
  words: readonly [string, ...string[]],
  mayFail: boolean,
  platform: NodeJS.Platform,
): Promise<void> {
  const [program, ...rest] = words
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (status, signal) => resolve(status ?? signal ?? 1))
  })
  if (code === 0 || mayFail) return
  const line = said.trim().split(/\r?\n/).at(-1) ?? ''
  const reason = line === '' ? ` (${code})` : `: ${printable(line, 300)}`
  throw failure('service.step-failed', {
    command: words.map((word) => shellWord(word, platform)).join(' '),
    reason,
  })
}

function shown(step: Step, { platform, place }: Host): string {
  const word = (text: string) => shellWord(text, platform)
  switch (step.do) {
    case 'write':
      return `# ${step.path}\n${step.text.replaceAll('\r\n', '\n')}`
    case 'make-folder':
      return `mkdir ${word(step.path)}\n`
    case 'remove-file':
      return `${platform === 'win32' ? 'del' : 'rm'} ${word(step.path)}\n`
    case 'run':
      return `${step.words.map(word).join(' ')}\n`
    case 'stop-postern':
      return `# the postern that runs is asked to end in good order (process of ${word(place.command[0])})\n`
  }
}

function doneWords(name: keyof typeof actions, system: ServiceSystem, { place, platform }: Host): string {
  const dataDir = system.dataDir(place)
  if (name === 'remove') return `postern is no service any more. What it keeps is still in ${dataDir}\n`
  if (name === 'stop')
    return 'postern has ended, until "postern service start" or the next start of the machine.\n'
  const example =
    platform === 'win32'
      ? 'postern status      in a new window of an administrator'
      : `${place.user === 0 ? 'sudo ' : ''}POSTERN_DATA_DIR=${shellWord(dataDir, platform)} postern status`
  return `postern is run by ${system.name}.
  It keeps its store in  ${dataDir}
  Its log is in          ${system.log(place)}
  To see how it is:      ${example}
`
}
