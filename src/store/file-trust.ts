import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { failure, type Sentence } from '../base/failure.ts'
import { shellWord } from '../base/text.ts'
import { text } from '../failures/texts.ts'

/** What a file of ours is called: texts of `failures/texts.ts`. */
export type FileKind =
  `file.${'any' | 'data-directory' | 'lock' | 'process' | 'key' | 'owner-key' | 'database' | 'settings'}`

/**
 * Why others can read or change a file: `problem` follows its name in a sentence, `fix` is what to
 * do.
 */
export interface Doubt {
  problem: Sentence
  fix: Sentence
  /** Not as it should be, but as containers have it. */
  tolerable?: true
}

const anybody: Owners = { has: () => true }

/** A file's mode as people write it. */
const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(3, '0')

/**
 * Root and this process's user; undefined on Windows, whose modes are made up. Within a user
 * namespace root may have another number: it is the owner of the root of all folders.
 */
export function ourOwners(): ReadonlySet<number> | undefined {
  const user = process.geteuid?.()
  return user === undefined ? undefined : new Set([0, user, statSync('/').uid])
}

/**
 * Whether another user could put another file in the place of this one, in any of the folders that
 * lead there, those of symbolic links too. A folder that everybody may write to, as /tmp, will do
 * if it is sticky and what stands in it is ours. What there is not yet is no doubt.
 */
export function doubtOfPath(path: string, owners: Owners): Doubt | undefined {
  let [here, rest, links] = ['/', steps(resolve(path)), 0]
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const entry = statIfThere(join(here, name))
    const doubt = doubtOfFolder(here, entry, owners)
    if (doubt || !entry) return doubt
    if (!entry.isSymbolicLink()) {
      here = join(here, name)
      continue
    }
    links += 1
    if (links > mostLinks) return undefined
    const target = readlinkSync(join(here, name))
    if (target.startsWith('/')) here = '/'
    rest = [...steps(target), ...rest]
  }
  return undefined
}

/** What a file is to us. */
export interface FileUse {
  /** Everybody may read it; nobody may change it. */
  isPublic: boolean
  /** Another service may own it, as the one that renews certificates does. */
  isForeign: boolean
}

/** Whether others can read or change a file. */
export function doubtOfFile(path: string, { isPublic, isForeign }: FileUse): Doubt | undefined {
  const ours = ourOwners()
  const found = ours && statIfThere(path, statSync)
  // What is no file on a disk, such as a pipe of the shell, has no name for others.
  if (!ours || !found?.isFile()) return undefined
  const owners = isPublic || isForeign ? anybody : ours
  const onPath = doubtOfPath(path, owners)
  if (onPath) return onPath
  if (!owners.has(found.uid)) return ofAnother(path, found)
  const fix = text('doubt.run', { command: `chmod ${isPublic ? 'go-w' : '600'} ${shellWord(path)}` })
  if (isPublic ? isWrittenByOthers(found, ours) : (found.mode & 0o022) !== 0) {
    return { problem: text('doubt.changed-by-others', { mode: modeOf(found) }), fix }
  }
  if (isPublic || !isReadByOthers(found)) return undefined
  const doubt = { problem: text('doubt.read-by-others', { mode: modeOf(found) }), fix }
  return isMountedSecret(path, found) ? { ...doubt, tolerable: true } : doubt
}

/** Not so for a group that is one user's own: many systems have files be writable for it. */
function isWrittenByOthers({ mode, gid }: Stats, owners: Owners): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isPrivateGroup(gid, owners))
}

/** The sentence about what belongs to a stranger. */
function ofAnother(path: string, { uid }: Stats): Doubt {
  const us = process.geteuid?.() ?? 0
  return {
    problem: text('doubt.of-another', { user: uid }),
    fix: text('doubt.run-chown', { command: `chown ${us} ${shellWord(path)}` }),
  }
}

const mostLinks = 40

const steps = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.')

function doubtOfFolder(path: string, entry: Stats | undefined, owners: Owners): Doubt | undefined {
  const folder = statIfThere(path)
  if (!folder) return undefined
  if (!owners.has(folder.uid)) {
    const { problem, fix } = ofAnother(path, folder)
    return { problem: text('doubt.in-folder', { folder: path, problem }), fix }
  }
  const isShared = isWrittenByOthers(folder, owners)
  const isSticky = (folder.mode & 0o1000) !== 0
  if (!isShared || (isSticky && (!entry || owners.has(entry.uid)))) return undefined
  const problem = text('doubt.in-shared-folder', { folder: path, mode: modeOf(folder) })
  return isSticky
    ? { problem, fix: text('doubt.move') }
    : { problem, fix: text('doubt.run', { command: `chmod go-w ${shellWord(path)}` }) }
}

/**
 * Beside ourselves and root: a group of ours is there so that the service can read what root owns.
 */
function isReadByOthers({ mode, gid }: Stats): boolean {
  const ours = [0, process.getegid?.(), ...(process.getgroups?.() ?? [])]
  return (mode & 0o004) !== 0 || ((mode & 0o040) !== 0 && !ours.includes(gid))
}

/**
 * How containers are handed their secrets: owned by root, readable by all users of the container,
 * and writable by none.
 */
function isMountedSecret(path: string, { mode, uid }: Stats): boolean {
  return uid === 0 && ((mode & 0o222) === 0 || isOnReadOnlyFileSystem(path))
}

function isOnReadOnlyFileSystem(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}

/**
 * Undefined also for what this user may not look at: reading it fails later, with a message of its
 * own.
 */
function statIfThere(path: string, look: (path: string) => Stats = lstatSync): Stats | undefined {
  try {
    return look(path)
  } catch {
    return undefined
  }
}

/**
 * Refuses a data directory in whose place others could put another.
 * @throws Failure `configuration`
 */
export function requireSafePath(dataDir: string, owners: Owners): void {
  refuse('file.data-directory', dataDir, doubtOfPath(dataDir, owners))
}

/**
 * Refuses a data directory, or anything that stands in it, that another user owns or can change.
 * @throws Failure `configuration`
 */
export function requireOwnFiles(dataDir: string, owners: Owners): void {
  requireSafePath(dataDir, owners)
  refuse('file.data-directory', dataDir, doubtOf(dataDir, entryAt(dataDir, statSync), owners))
  for (const name of namesIn(dataDir)) {
    const path = join(dataDir, name)
    refuse('file.any', path, doubtOf(path, entryAt(path, lstatSync), owners))
  }
}

function doubtOf(path: string, entry: Stats | undefined, owners: Owners): Doubt | undefined {
  if (!entry) return undefined
  if (!owners.has(entry.uid)) return ofAnother(path, entry)
  if (entry.isSymbolicLink())
    return doubtOfPath(path, owners) ?? doubtOf(path, entryAt(path, statSync), owners)
  if (!isWrittenByOthers(entry, owners)) return undefined
  return {
    problem: text('doubt.changed-by-others', { mode: modeOf(entry) }),
    fix: text('doubt.run', { command: `chmod go-w ${shellWord(path)}` }),
  }
}

function refuse(what: FileKind, path: string, doubt: Doubt | undefined): void {
  if (!doubt) return
  const { problem, fix: remedy } = doubt
  throw failure('data.not-trusted', { what: text(what), path, problem, remedy })
}

/**
 * Empty for a directory that cannot be read: opening its files fails later, with a message of its
 * own.
 */
function namesIn(dataDir: string): string[] {
  try {
    return readdirSync(dataDir)
  } catch {
    return []
  }
}

/** Undefined for one that has gone since: the database's own come and go. */
function entryAt(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path)
  } catch {
    return undefined
  }
}

/** The users whose files are believed. */
export type Owners = Pick<ReadonlySet<number>, 'has'>

/**
 * Whether a group is one user's own, as many systems give everybody one of the same name, and have
 * folders be writable for it: nobody but these users may be in it. A group that this machine's own
 * lists do not have could have anybody in it.
 */
function isPrivateGroup(gid: number, owners: Owners): boolean {
  // Root needs no group to write, and who else is in its group is there to share something.
  if (gid === 0) return false
  const group = rowsOf('/etc/group').find(([, , number]) => number === String(gid))
  const users = rowsOf('/etc/passwd')
  const own = users.filter(([, , , first]) => first === String(gid)).map(([name]) => name)
  if (!group || own.length === 0) return false
  const members = (group[3] ?? '').split(',').filter((name) => name !== '')
  const numbers = [...own, ...members].map((member) => users.find(([name]) => name === member)?.[2])
  return numbers.every((uid) => uid !== undefined && owners.has(Number(uid)))
}

function rowsOf(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
  } catch {
    return []
  }
}
