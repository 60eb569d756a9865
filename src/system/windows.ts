import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { join as windowsPath } from 'node:path/win32'
import { promisify } from 'node:util'
import { type Failure, failure } from '../base/failure.ts'
import { printable, shellWord } from '../base/text.ts'
import type { Place, ServiceSystem, Step } from './service-steps.ts'

/*
 * What only Windows has: who may do what with a file, the event log, and how a program is begun with the machine. All of it by programs
 * that every Windows has; users are named by their numbers (SIDs), because their names differ with the language of the system.
 */

const task = 'postern'

const system = 'S-1-5-18'
const administrators = 'S-1-5-32-544'
/** The user of services that need no rights on the machine. It has no password. */
const localService = 'S-1-5-19'

/**
 * A task that begins with the machine. A service of Windows has to answer the service manager by functions of the system that
 * Node.js has not; the task scheduler begins any program, as the same users, and needs nothing beside it.
 */
export const windows: ServiceSystem = {
  name: 'the task scheduler of Windows',
  // Where the folders of others are closed to the user of the task.
  isHidden: (program) => /^[a-z]:\\users\\/i.test(program),
  install(place) {
    const folder = folderOf(place)
    const file = windowsPath(folder, 'postern-task.xml')
    return [
      { do: 'make-folder', path: dataDirOf(place) },
      run(protectWords(folder, [localService])),
      { do: 'write', path: file, text: taskXml(place), encoding: 'utf16le' },
      run(['schtasks.exe', '/Create', '/TN', task, '/XML', file, '/F']),
      { do: 'remove-file', path: file },
      // So that the command finds the same store, from any folder, in windows that are opened from now on.
      run(['setx.exe', 'POSTERN_DATA_DIR', dataDirOf(place), '/M']),
      // The first event under a name makes the name known, which an administrator alone may do.
      run(eventWords('information', 'postern begins with the machine from now on.')),
      run(['schtasks.exe', '/Run', '/TN', task]),
    ]
  },
  remove: () => [
    run(['schtasks.exe', '/Change', '/TN', task, '/DISABLE'], true),
    { do: 'stop-postern' },
    run(['schtasks.exe', '/End', '/TN', task], true),
    run(['schtasks.exe', '/Delete', '/TN', task, '/F'], true),
    run(['reg.exe', 'delete', machineEnvironment, '/v', 'POSTERN_DATA_DIR', '/f'], true),
  ],
  start: () => [
    run(['schtasks.exe', '/Change', '/TN', task, '/ENABLE']),
    run(['schtasks.exe', '/Run', '/TN', task]),
  ],
  // It would begin again within a minute.
  stop: () => [
    run(['schtasks.exe', '/Change', '/TN', task, '/DISABLE']),
    { do: 'stop-postern' },
    run(['schtasks.exe', '/End', '/TN', task], true),
  ],
  dataDir: dataDirOf,
  log: () => 'the event log, under Windows Logs, Application, source postern',
}

const machineEnvironment = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment'

function run(words: readonly [string, ...string[]], mayFail = false): Step {
  return { do: 'run', words, ...(mayFail && { mayFail }) }
}

function folderOf({ environment: { ProgramData = 'C:\\ProgramData' } }: Place): string {
  return windowsPath(ProgramData, 'postern')
}

function dataDirOf(place: Place): string {
  return windowsPath(folderOf(place), 'data')
}

/**
 * Begun with the machine, and looked for each minute: the scheduler's own setting for failures minds only what cannot be begun, and
 * nothing of how it ends.
 */
function taskXml(place: Place): string {
  const [program, ...first] = place.command
  const words = [...first, 'serve', '--event-log'].map(argument).join(' ')
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>postern, OAuth2 token broker for SMTP</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition>
        <Interval>PT1M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <Enabled>true</Enabled>
    </BootTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${localService}</UserId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
    <Hidden>true</Hidden>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escaped(program)}</Command>
      <Arguments>${escaped(words)}</Arguments>
      <WorkingDirectory>${escaped(folderOf(place))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`.replaceAll('\n', '\r\n')
}

/** As CommandLineToArgvW takes it apart again. */
function argument(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

// Rights of files.

/**
 * Takes all rights from a folder and what is made in it later, but for the system, the administrators, and these users.
 * @param users SIDs
 */
export function protectWords(path: string, users: readonly string[]): readonly [string, ...string[]] {
  const all = [...new Set([system, administrators, ...users])]
  return ['icacls.exe', path, '/inheritance:r', ...all.flatMap((user) => ['/grant:r', `*${user}:(OI)(CI)F`])]
}

/** Who has rights in a folder and in what stands there, as `icacls /save` writes it. */
export function saveWords(path: string, file: string): readonly [string, ...string[]] {
  return ['icacls.exe', path, '/save', file, '/T', '/C', '/Q']
}

/** This user's number. The first value is the name, in the language of the system. */
export const whoWords = ['whoami.exe', '/user', '/fo', 'csv', '/nh'] as const

/** @param printed by `whoWords`: `"machine\\name","S-1-5-…"` */
export function userIn(printed: string): string | undefined {
  return /"(S-1-[\d-]+)"\s*$/.exec(printed)?.[1]
}

/** What may be open to others, and to whom. */
export interface OpenFile {
  /** From the folder above the one that was asked for. */
  path: string
  /** SIDs, or their short names in SDDL: `WD` is everybody, `BU` the users of this machine. */
  users: readonly string[]
}

/**
 * What of a folder others have any right in. The text has two lines a file: its path, and its rights in SDDL
 * (https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format).
 * @param own SIDs that may have rights beside the system and the administrators
 */
export function openFiles(saved: string, own: readonly string[]): OpenFile[] {
  const trusted = new Set([...wellTrusted, ...own.flatMap(namesOf)])
  const lines = saved
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '')
  const found: OpenFile[] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [path = '', rights = ''] = lines.slice(at, at + 2)
    const users = usersIn(rights).filter((user) => !trusted.has(user))
    if (users.length > 0) found.push({ path, users: [...new Set(users)] })
  }
  return found
}

/**
 * The system and the administrators, who can do everything anyhow; the owner of a file and who makes one, which are not more than
 * who they are; the user of our service.
 */
const wellTrusted = ['SY', system, 'BA', administrators, 'OW', 'S-1-3-4', 'CO', 'S-1-3-0', 'LS', localService]

/** SDDL has short names for some: of NETWORK SERVICE, and of the administrator that each machine has from the beginning. */
function namesOf(user: string): string[] {
  if (user === 'S-1-5-20') return [user, 'NS']
  return /^S-1-5-21-.*-500$/.test(user) ? [user, 'LA'] : [user]
}

/** Who is allowed something. No list at all (`NO_ACCESS_CONTROL`) allows everything to everybody. */
function usersIn(rights: string): string[] {
  const [, list] = /^D:([^()]*(?:\(.*\))?)/.exec(rights) ?? []
  if (list === undefined || list.startsWith('NO_ACCESS_CONTROL')) return ['WD']
  const entries = [...list.matchAll(/\((X?A|OA|ZA);[^;]*;[^;]*;[^;]*;[^;]*;([\w-]+)/g)]
  return entries.map(([, , user = '']) => user)
}

const inTurn = promisify(execFile)

/** Runs a program of the system, and gives what it prints. */
type Run = (words: readonly [string, ...string[]]) => Promise<string>

const runHidden: Run = async ([program, ...words]) =>
  (await inTurn(program, words, { windowsHide: true, maxBuffer: 16 * 1024 * 1024 })).stdout

/**
 * Leaves a folder, and what is made in it, to this user, the system and the administrators.
 * @throws Failure `configuration` where there are no such rights, as on a disk with FAT
 */
export async function protect(path: string, runs: Run = runHidden): Promise<void> {
  try {
    await runs(protectWords(path, [...(await ourselves(runs)), localService]))
  } catch (error) {
    throw rightsUnknown(path, error)
  }
}

function rightsUnknown(path: string, cause: unknown): Failure {
  const { stderr = '', code } = cause as { stderr?: string; code?: string | number }
  const said = printable(stderr.trim().split(/\r?\n/)[0] || String(code ?? ''), 200)
  return failure('data.rights-unknown', { path, reason: said === '' ? '' : `: ${said}`, cause })
}

/**
 * What of a folder others than this user, the system and the administrators have a right in.
 * @throws Failure `configuration` where there are no such rights
 */
export async function openToOthers(path: string, runs: Run = runHidden): Promise<OpenFile[]> {
  const file = join(tmpdir(), `postern-rights-${randomBytes(6).toString('hex')}`)
  try {
    await runs(saveWords(path, file))
    return openFiles(await readFile(file, 'utf16le'), await ourselves(runs))
  } catch (error) {
    throw rightsUnknown(path, error)
  } finally {
    await rm(file, { force: true })
  }
}

/** What has been found closed: a start asks more than once. */
const closed = new Set<string>()

/**
 * Refuses a folder in which others than this user, the system and the administrators have a right.
 * @throws Failure `configuration`, with the command that takes it away
 */
export async function requireClosed(path: string, runs: Run = runHidden): Promise<void> {
  if (closed.has(path)) return
  const [open] = await openToOthers(path, runs)
  if (!open) {
    closed.add(path)
    return
  }
  const close = protectWords(path, [...(await ourselves(runs)), localService])
  const inherit = ['icacls.exe', windowsPath(path, '*'), '/reset', '/T', '/C', '/Q']
  const command = [close, inherit].map((words) => words.map((word) => shellWord(word, 'win32')).join(' '))
  throw failure('data.open-to-others', {
    path: windowsPath(path, '..', open.path),
    users: open.users.map((user) => names[user] ?? user).join(', '),
    command: command.join('; '),
  })
}

/** For people, of those that Windows gives rights to by itself. */
const names: Readonly<Record<string, string>> = {
  WD: 'everybody',
  BU: 'all users',
  AU: 'whoever has signed in',
}

async function ourselves(runs: Run): Promise<string[]> {
  const user = userIn(await runs(whoWords))
  return user === undefined ? [] : [user]
}

// The event log.

type EventKind = 'information' | 'warning' | 'error'

/** Beyond that a command line of Windows does not go. */
const longestEvent = 7000

/** Numbers that eventcreate takes; each kind has one of its own to be filtered by. */
const numbers = { information: 1, warning: 2, error: 3 } as const satisfies Record<EventKind, number>

export function eventWords(kind: EventKind, text: string): readonly [string, ...string[]] {
  const about = text.length > longestEvent ? `${text.slice(0, longestEvent)}…` : text
  const number = String(numbers[kind])
  return [
    'eventcreate.exe',
    '/L',
    'APPLICATION',
    '/SO',
    'postern',
    '/T',
    kind.toUpperCase(),
    '/ID',
    number,
    '/D',
    about,
  ]
}

export interface EventLog {
  write(kind: EventKind, text: string): void
}

/**
 * One event at a time, each by a program of its own. What comes while one is written goes into the next together, and what is too much
 * for that is counted only.
 * @param begin calls `done` when it has ended
 */
export function openEventLog(
  begin: (words: readonly string[], done: () => void) => void = beginHidden,
): EventLog {
  let isBusy = false
  let waiting: { kind: EventKind; texts: string[]; left: number } | undefined

  function next(): void {
    if (!waiting) return
    const { kind, texts, left } = waiting
    waiting = undefined
    isBusy = true
    const more = left > 0 ? [`And ${left} more.`] : []
    begin(eventWords(kind, [...more, ...texts].join('\r\n')), () => {
      isBusy = false
      next()
    })
  }

  return {
    write(kind, text) {
      waiting ??= { kind, texts: [], left: 0 }
      if (numbers[kind] > numbers[waiting.kind]) waiting.kind = kind
      const octets = waiting.texts.reduce((sum, one) => sum + one.length, text.length)
      if (waiting.texts.length === 0 || octets < longestEvent) waiting.texts.push(text)
      else waiting.left += 1
      if (!isBusy) next()
    },
  }
}

function beginHidden([program = '', ...words]: readonly string[], done: () => void): void {
  const child = spawn(program, words, { stdio: 'ignore', windowsHide: true })
  // One that cannot be started closes, too.
  child.on('error', () => {})
  child.once('close', done)
}
