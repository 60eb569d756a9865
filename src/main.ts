#!/usr/bin/env node
import { fstatSync, readFileSync, writeSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { stderr, stdin, stdout } from 'node:process'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { RunningPostern } from './app.ts'
import { failure } from './base/failure.ts'
import { type Log, type LogLevel, silentLog } from './base/log.ts'
import { runCommand } from './cli/program.ts'
import type { Config } from './config/config.ts'
import { diskFiles } from './config/files.ts'
import { dataDirOf } from './config/given-values.ts'
import { type Endpoint, formatEndpoint } from './net/endpoint.ts'
import type { EventLog } from './system/windows.ts'

// Windows would look for a program that postern runs in the current folder first.
if (process.platform === 'win32') process.env.NoDefaultCurrentDirectoryInExePath = '1'

// Whatever is written belongs to the owner alone.
process.umask(0o077)

interface Build {
  version: string
  /** The commit that it was built from; of a release build alone. */
  commit?: string
}

/** Put in by the release build (`packaging/`), which has no package.json beside it. */
declare const releaseBuild: Build | undefined

const build =
  typeof releaseBuild === 'undefined'
    ? (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Build)
    : releaseBuild
const { version } = build

/** Whether this program and its Node.js are one file. */
const isSingleFile = process.getBuiltinModule('node:sea')?.isSea() === true

/** The exit code, after sysexits.h an error of input or output: rotated refresh tokens could be stored nowhere. */
const consentsLost = 74

/** Beyond the clients' grace at the end: then a provider that hangs does not keep the process. */
const lastSeconds = 10

/**
 * On Windows Ctrl+Break is the one signal that a program without a window can be sent, and SIGHUP is a console that was closed: it
 * leaves ten seconds, and is no wish to have anything read again.
 */
const hasHangUp = process.platform !== 'win32'
const endings: readonly NodeJS.Signals[] = hasHangUp
  ? ['SIGINT', 'SIGTERM']
  : ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP']

/** Which of several processes of this host this one is. Each is begun by the first, which tells it. */
const workerNumber = Number(process.env.WORKER_OF_POSTERN ?? 0)

/** How long a line of the log may wait for others, in milliseconds. Each write costs as much as a command of a client. */
const gatheringMilliseconds = 50
/** So much is written without waiting for more, and so much at most in one write, in octets: several processes write whole lines into one pipe. */
const [gatheredOctets, writtenOctets] = workerNumber > 0 ? [4096, 4096] : [16_384, 65_536]
/** While nothing reads the log, so much of it is kept, in octets; what comes then is lost. */
const mostUnread = 64 * 1024 * 1024

/** Of Windows, where it was asked for. */
let eventLog: EventLog | undefined

// What ends without an answer has failed.
process.exitCode = 1
void run()

async function run(): Promise<void> {
  const words = wordsOf(process.argv)
  if (process.platform === 'win32' && words.includes('--event-log'))
    eventLog = (await import('./system/windows.ts')).openEventLog()
  process.exitCode = await runCommand(
    words,
    { stdin, stdout, stderr: eventLog ? alsoTo(eventLog) : stderr },
    {
      version: versionInWords(),
      isDebugging: process.env.POSTERN_LOG_LEVEL === 'debug',
      sending: {
        apiKey: process.env.POSTERN_API_KEY,
        apiUrl: process.env.POSTERN_API_URL,
        sendmailFrom: process.env.POSTERN_SENDMAIL_FROM,
        sendmailTo: process.env.POSTERN_SENDMAIL_TO,
      },
      dataDir: () => dataDirOf(process.env, diskFiles(workingDirectory())),
      // What should be known is told once.
      readConfig: workerNumber > 0 ? readQuietly : readEverySetting,
      serve,
      host: {
        platform: process.platform,
        place: { command: ownCommand(), environment: process.env, user: process.geteuid?.() },
      },
      openDoctor: async (config) => (await loadApp()).openLocalDoctor(config),
      openServices: async (config) => (await loadApp()).openServices(config, silentLog),
    },
  )
  if (workerNumber > 0) (await import('./service/worker.ts')).leaveOthers(process)
}

/** Under the name of sendmail it is that verb. A single file is told by what name it was called apart from its own path. */
function wordsOf([, path = '', ...words]: readonly string[]): string[] {
  const name = basename(isSingleFile ? process.argv0 : path)
  return /^(postern-)?sendmail(\.exe)?$/.test(name) ? ['sendmail', ...words] : words
}

/** What begins postern as this process was begun. */
function ownCommand(): [string, ...string[]] {
  return isSingleFile ? [process.execPath] : [process.execPath, resolve(process.argv[1] ?? '')]
}

/** What is told to whoever sits at the terminal, where nobody does. */
function alsoTo(log: EventLog): Writable {
  return new Writable({
    write(text, _encoding, done) {
      log.write('error', String(text))
      stderr.write(text, done)
    },
  })
}

/** With what it was built of and runs on, where that is no npm package. */
function versionInWords(): string {
  if (typeof releaseBuild === 'undefined') return version
  const { platform, arch, versions } = process
  const kind = isSingleFile ? 'single file' : 'bundle'
  const commit = build.commit === undefined ? '' : `, commit ${build.commit}`
  return `${version} (${kind}${commit}, Node.js ${versions.node}, ${platform} ${arch})`
}

async function readEverySetting() {
  const { readConfig } = await import('./config/read-config.ts')
  return readConfig(process.env, diskFiles(workingDirectory()))
}

async function readQuietly() {
  const read = await readEverySetting()
  return 'config' in read ? { ...read, warnings: [] } : read
}

/** @throws Failure */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    throw failure('command.no-directory', { cause: error })
  }
}

/** The house behind the command. Most verbs only talk to one that runs already, and answer sooner without it. */
function loadApp() {
  return import('./app.ts')
}

/** Runs until SIGINT or SIGTERM; a second one ends the process at once. SIGHUP has the settings read again, or ends what a closed terminal leaves behind. */
async function serve(config: Config): Promise<number> {
  if (config.workers !== undefined && workerNumber === 0) return serveByWorkers(config, config.workers)
  const worker =
    workerNumber > 0 ? (await import('./service/worker.ts')).joinAsWorker(workerNumber, process) : undefined
  // Caught before anything starts: a signal during the start still ends it in good order.
  let stopAsked: () => void = () => {}
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    // One of several tells the first, which tells all.
    stopAsked = () => (worker ? process.kill(worker.firstPid, 'SIGTERM') : resolve('SIGTERM'))
    for (const signal of endings) process.once(signal, () => resolve(signal))
    worker?.follow({
      stop: () => resolve('SIGTERM'),
      end: () => process.exit(1),
      reload: async () => reload(),
    })
  })
  // Node would open its inspector, to everybody on this machine.
  process.on('SIGUSR1', () => {})
  process.title = 'postern serve'
  let reload: () => Promise<boolean> = async () => true
  const hasLostTerminal = watchTerminal()
  // Whatever reloads services sends it: it must not end one that is only starting.
  if (hasHangUp) process.on('SIGHUP', () => (hasLostTerminal() ? hangUp() : void reload()))
  const { log, setLevel } = await createLog(config.logLevel)
  // Loaded where a service manager has started this process, and only there.
  const handed =
    process.env.LISTEN_FDS === undefined
      ? undefined
      : (await import('./service/handed-sockets.ts')).takeHandedSockets(process.env, process.pid)
  const { startPostern } = await loadApp()
  const postern = await startPostern(config, log, version, readEverySetting, setLevel, {
    handed,
    worker,
    stopAsked,
  })
  const manager = worker || process.env.NOTIFY_SOCKET === undefined ? undefined : await serviceManager(log)
  reload = async () => {
    manager?.reloading()
    const isTaken = await postern.reload()
    manager?.ready(
      isTaken ? statusOf(postern) : `${statusOf(postern)}; the new settings have mistakes (see the log)`,
    )
    return isTaken
  }
  log.info(
    {
      event: 'postern.ready',
      smtp: postern.smtp.map(formatEndpoint),
      web: postern.web.map(formatEndpoint),
      ...(postern.metrics.length > 0 && { metrics: postern.metrics.map(formatEndpoint) }),
      version,
    },
    'postern is ready',
  )
  worker?.ready()
  manager?.ready(statusOf(postern))
  manager?.watch(postern.look)
  if (!worker || worker.number === 1) stderr.write(await welcome(postern))

  const signal = await signalled
  for (const again of endings) process.once(again, () => process.exit(1))
  log.info({ event: 'postern.stopping', signal }, 'postern stops')
  manager?.stopping(`Stopping: messages under way have ${postern.shutdownSeconds()} s to finish`)
  setTimeout(() => process.exit(1), (postern.shutdownSeconds() + lastSeconds) * 1000).unref()
  const { lostConsents } = await postern.stop()
  log.info(
    { event: 'postern.stopped', ...(lostConsents.length > 0 && { lostConsents }) },
    'postern has stopped',
  )
  await manager?.close()
  return lostConsents.length > 0 ? consentsLost : 0
}

async function serviceManager(log: Log) {
  const { createServiceManager } = await import('./service/service-manager.ts')
  return createServiceManager({ environment: process.env, pid: process.pid, log })
}

/** As `systemctl status` shows it. */
function statusOf({ smtp, mailboxes }: RunningPostern): string {
  return `Ready: SMTP at ${smtp.map(formatEndpoint).join(', ')}; ${mailboxes} mailboxes at the start`
}

/** Several processes on the same addresses. This one has no store, no client and no mail: it holds the others together. */
async function serveByWorkers(config: Config, count: number): Promise<number> {
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of endings) process.once(signal, () => resolve(signal))
  })
  process.on('SIGUSR1', () => {})
  process.title = 'postern serve'
  const { log } = await createLog(config.logLevel)
  const [{ startWorkers }, { lockDataDir }] = await Promise.all([
    import('./service/workers.ts'),
    import('./store/data-dir-lock.ts'),
  ])
  const { LISTEN_FDS, LISTEN_PID, NOTIFY_SOCKET } = process.env
  if (LISTEN_FDS !== undefined && LISTEN_PID === String(process.pid))
    throw failure('listen.handed-to-workers')
  const lock = await lockDataDir(config.dataDir)
  try {
    const [program = '', ...words] = process.argv.slice(isSingleFile ? 2 : 1)
    const workers = startWorkers({ count, program, words, log })
    const hasLostTerminal = watchTerminal()
    const manager = NOTIFY_SOCKET === undefined ? undefined : await serviceManager(log)
    const status = `Ready: ${count} workers`
    async function reload(): Promise<void> {
      manager?.reloading()
      const isTaken = await workers.reload()
      manager?.ready(isTaken ? status : `${status}; the new settings have mistakes (see the log)`)
    }
    if (hasHangUp) process.on('SIGHUP', () => (hasLostTerminal() ? hangUp() : void reload()))
    const failed = await Promise.race([workers.begun, signalled])
    if (typeof failed === 'number') return failed
    if (failed === undefined) {
      log.info({ workers: count, version }, 'postern is ready')
      manager?.ready(status)
      manager?.watch(workers.look)
    }
    const signal = await signalled
    for (const again of endings)
      process.once(again, () => {
        workers.end()
        process.exit(1)
      })
    log.info({ signal }, 'postern stops')
    manager?.stopping('Stopping: messages under way have their time to finish')
    const code = await workers.stop()
    log.info({}, 'postern has stopped')
    await manager?.close()
    return code
  } finally {
    await lock.release()
  }
}

/** Tells later on whether a terminal that this process writes to is gone. */
function watchTerminal(): () => boolean {
  const terminals = [stdout.fd, stderr.fd].filter(isatty)
  return () => !terminals.every(isatty)
}

/** As if nobody had caught the signal: a log that goes to a closed terminal would block everything, and so would a good end. */
function hangUp(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/**
 * JSON lines on standard output: level as a word, time as ISO 8601. Lines that follow each other
 * soon are written together; a warning or an error takes with it, at once, what came before it.
 *
 * The level may change later. pino copies its own to each child, so all lines come as far as the hook.
 */
async function createLog(level: LogLevel): Promise<{ log: Log; setLevel: (level: LogLevel) => void }> {
  const { pino } = await import('pino')
  const output = pino.destination({
    fd: stdout.fd,
    sync: false,
    maxWrite: writtenOctets,
    maxLength: mostUnread,
  })
  const urgent = pino.levels.values.warn ?? 0
  const least = (from: LogLevel): number => pino.levels.values[from] ?? Number.POSITIVE_INFINITY
  let threshold = least(level)
  let gathered = ''
  let timer: NodeJS.Timeout | undefined
  function pass(): void {
    clearTimeout(timer)
    timer = undefined
    if (gathered !== '') output.write(gathered)
    gathered = ''
  }
  let isBroken = false
  // A full disk is no reason to stop: the lines wait, the oldest of them longest.
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (!isBroken) stderr.write(`postern: The log cannot be written (${error.code ?? error.message}).\n`)
    isBroken = true
  })
  output.on('write', () => {
    isBroken = false
  })
  // pino's own listener, between these two, tries for ever where nothing can be written.
  process.prependListener('exit', () => isBroken && output.destroy())
  process.on('exit', () => isBroken || writeLast(gathered))
  const priority = goesToJournald() ? journaldPriority : () => ''
  const lines = {
    write(line: string) {
      if (eventLog && !line.startsWith('{"level":"info"') && !line.startsWith('{"level":"debug"'))
        eventLog.write(line.startsWith('{"level":"warn"') ? 'warning' : 'error', line)
      gathered += priority(line) + line
      if (gathered.length >= gatheredOctets) pass()
      else timer ??= setTimeout(pass, gatheringMilliseconds).unref()
    },
  }
  const log: Log = pino(
    {
      level: 'debug',
      base: workerNumber > 0 ? { worker: workerNumber } : null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      hooks: {
        logMethod(given, method, number) {
          if (number < threshold) return
          method.apply(this, given)
          if (number >= urgent) pass()
        },
      },
    },
    lines,
  )
  return {
    log,
    setLevel(next) {
      threshold = least(next)
    },
  }
}

/** Whether standard output is the stream that systemd names: "device:inode". */
function goesToJournald(): boolean {
  const { JOURNAL_STREAM: named } = process.env
  if (named === undefined) return false
  try {
    const { dev, ino } = fstatSync(stdout.fd)
    return named === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** As sd-daemon(3) has it: journald takes it off the line, and `journalctl -p warning` shows what it should. */
function journaldPriority(line: string): string {
  if (line.startsWith('{"level":"error"')) return '<3>'
  if (line.startsWith('{"level":"warn"')) return '<4>'
  return line.startsWith('{"level":"debug"') ? '<7>' : '<6>'
}

/** At the end of the process, when nothing else can be waited for. */
function writeLast(lines: string): void {
  try {
    writeSync(stdout.fd, lines)
  } catch {
    // Nobody reads it any more.
  }
}

/** For the person at the terminal; the log on standard output stays JSON. */
async function welcome(postern: RunningPostern): Promise<string> {
  const { smtp, web, pagesUrl } = postern
  const addresses = (endpoints: readonly Endpoint[]) => endpoints.map(formatEndpoint).join(', ')
  return `
  postern ${version}
  SMTP    ${addresses(smtp)}
  pages   ${pagesUrl.href}  (${addresses(web)})

  ${await signInWords(postern)}

  ${nextStep(postern)}

`
}

/** By what is there already. */
function nextStep({ registeredProviders, mailboxes }: RunningPostern): string {
  if (registeredProviders.length === 0)
    return 'No provider is set up yet: the pages say how, and .env.example names the settings.'
  const known = `Providers that are set up: ${registeredProviders.join(', ')}.`
  if (mailboxes > 0)
    return `${known} Mailboxes: ${mailboxes}; the pages show how they stand, and so does:\n    postern mailbox list`
  return `${known} Add a mailbox on the pages, or:\n    postern mailbox add ADDRESS --provider ${registeredProviders[0]}`
}

/** For a terminal alone: what else standard error leads to is kept, and read by more people than may come in as the administrator. */
async function signInWords({ signInLink }: RunningPostern): Promise<string> {
  const link = isatty(stderr.fd) ? await signInLink().catch(() => undefined) : undefined
  if (link === undefined) return 'To sign in to the pages: "postern sign-in" prints a one-time link.'
  return `Open this link to sign in (works once, 15 minutes):\n    ${link}${tunnelWords(new URL(link))}`
}

/** Who has come to this machine by ssh has the browser on another one, where `localhost` is that one. */
function tunnelWords({ hostname, port, protocol }: URL): string {
  const [, , server] = (process.env.SSH_CONNECTION ?? '').split(' ')
  if (server === undefined || protocol !== 'http:') return ''
  const there = port === '' ? '80' : port
  return `\n  From the machine with your browser, first:\n    ssh -L ${there}:${hostname}:${there} ${server}`
}
