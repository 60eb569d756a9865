import { randomBytes } from 'node:crypto'
import { accessSync, constants, type Stats } from 'node:fs'
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure, failure, filled } from '../base/failure.ts'
import { shellWord } from '../base/text.ts'
import { type TextId, text } from '../failures/texts.ts'
import {
  doubtOfPath,
  type FileKind,
  type Owners,
  ourOwners,
  requireOwnFiles,
  requireSafePath,
} from './file-trust.ts'

/** Every file that postern keeps in its data directory. All are for the owner only. */
export interface DataFiles {
  database: string
  /** A copy of a store that was not finished, and will be the database when it is. */
  unfinished: string
  /** The sealing key; absent where the key is given by the settings. */
  key: string
  ownerKey: string
  /** Held locked by the running broker; empty. */
  lock: string
  /** The process that holds the lock, for the message of the second one only. */
  pid: string
  /** Room on the disk for what must not be lost. */
  reserve: string
  /** Where the command reaches the running broker. */
  socket: string
  /** Tells that the database was closed in good order, and how its file was then. */
  sound: string
  /** That a backup was restored, until a start has noted it in the journal. */
  restored: string
}

/**
 * What a copy of the database that is being made is called, before its random part; a start removes
 * what was left.
 */
export const unfinishedCopy = 'postern.sqlite.copy-'

export function dataFiles(dataDir: string): DataFiles {
  return {
    database: join(dataDir, 'postern.sqlite'),
    unfinished: join(dataDir, 'postern.sqlite.unfinished'),
    key: join(dataDir, 'postern.key'),
    ownerKey: join(dataDir, 'owner.key'),
    lock: join(dataDir, 'lock.sqlite'),
    pid: join(dataDir, 'postern.pid'),
    reserve: join(dataDir, 'reserve'),
    socket: join(dataDir, 'postern.sock'),
    sound: join(dataDir, 'postern.sound'),
    restored: join(dataDir, 'postern.restored'),
  }
}

/**
 * Makes the data directory (mode 0700) if there is none, takes an empty one of ours for itself, and refuses one that other users of the
 * machine can enter or put another in the place of, or that holds a file which is theirs, or which
 * they can read or write. May be called any number of times.
 * @throws Failure `configuration`
 */
export async function prepareDataDir(dataDir: string): Promise<DataFiles> {
  const owners = ourOwners()
  // Before anything is made there.
  if (owners) requireSafePath(dataDir, owners)
  try {
    // mkdir's mode is cut by the umask; chmod's is not.
    const isNew = (await mkdir(dataDir, { recursive: true, mode: 0o700 })) !== undefined
    if (process.platform === 'win32') await closeOnWindows(dataDir)
    else if (isNew) await makePrivate(dataDir)
    else if (await isOursAndEmpty(dataDir)) await chmod(dataDir, 0o700).catch(() => {})
    if (!(await stat(dataDir)).isDirectory()) throw notADirectory(dataDir)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? notADirectory(dataDir)
      : unusable(error, 'file.data-directory', dataDir)
  }
  await closeToGroup(dataDir)
  await closeDatabaseFiles(dataDir)
  return requirePrivateFiles(dataDir, owners)
}

/**
 * Takes back what a volume gives to its group, as `fsGroup` of Kubernetes does at each mount with
 * all that is there. It is known by the bit that gives what is made in a directory to its group,
 * which nobody sets by mistake; and only what is ours is touched.
 */
async function closeToGroup(directory: string): Promise<void> {
  const us = process.geteuid?.()
  const folder = await lstat(directory)
  const isOfVolume = (folder.mode & 0o2000) !== 0 && (folder.mode & 0o7) === 0
  if (us === undefined || folder.uid !== us || !folder.isDirectory() || !isOfVolume) return
  await chmod(directory, 0o700).catch(() => {})
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const entry = await lstat(path)
    if (entry.isDirectory()) await closeToGroup(path)
    const isOurs = entry.uid === us && entry.gid === folder.gid && entry.nlink === 1
    if (entry.isFile() && isOurs && (entry.mode & 0o77) !== 0 && (entry.mode & 0o7) === 0)
      await chmod(path, 0o600).catch(() => {})
  }
}

/**
 * Takes the rights of others from a database of ours in a directory that they cannot enter: sqlite3's
 * `.backup` and `.recover` make files with those.
 */
async function closeDatabaseFiles(dataDir: string): Promise<void> {
  const us = process.geteuid?.()
  const folder = await stat(dataDir)
  if (us === undefined || folder.uid !== us || (folder.mode & 0o077) !== 0) return
  const { database } = dataFiles(dataDir)
  for (const suffix of ['', '-wal', '-shm']) {
    const file = await lstat(database + suffix).catch(() => undefined)
    if (file?.isFile() && file.uid === us && (file.mode & 0o077) !== 0 && file.nlink === 1)
      await chmod(database + suffix, 0o600).catch(() => {})
  }
}

/**
 * Refuses what other users can reach, as `prepareDataDir` does, and makes nothing.
 * @param owners whose files are believed
 * @throws Failure `configuration`
 */
export async function requirePrivateFiles(
  dataDir: string,
  owners: Owners | undefined = ourOwners(),
): Promise<DataFiles> {
  const files = dataFiles(dataDir)
  await requirePrivate(dataDir, 'file.data-directory', '700', await elsewhere(files, dataDir, owners))
  await requirePrivate(files.key, 'file.key', '600')
  await requirePrivate(files.ownerKey, 'file.owner-key', '600')
  for (const suffix of ['', '-wal', '-shm'])
    await requirePrivate(files.database + suffix, 'file.database', '600')
  if (owners) requireOwnFiles(dataDir, owners)
  if (process.platform === 'win32') await (await import('../system/windows.ts')).requireClosed(dataDir)
  return files
}

/** No postern has kept anything there. */
export class NoStoreHere extends Failure {}

/**
 * Refuses to go on where no postern has kept anything: a command that runs in the wrong folder is
 * not answered by an empty store.
 * @param mayBeEmpty a store may be made in a directory that somebody has made for it
 * @throws NoStoreHere
 */
export async function requireStore(dataDir: string, mayBeEmpty = false): Promise<void> {
  if (!(await exists(dataDir)))
    throw new NoStoreHere(filled('data.directory-missing', { directory: dataDir }))
  if (!mayBeEmpty && !(await exists(dataFiles(dataDir).database)))
    throw new NoStoreHere(filled('data.store-missing', { directory: dataDir }))
}

/**
 * Whether the system can have a UNIX socket by this path: its address holds 108 octets on Linux,
 * 104 elsewhere, and ends with a zero.
 */
export function socketPathFits(path: string): boolean {
  if (process.platform === 'win32') return false
  return Buffer.byteLength(path) < (process.platform === 'linux' ? 108 : 104)
}

/** True when there is such a file. @throws Failure `configuration` when that cannot be told */
export async function exists(path: string): Promise<boolean> {
  return (await modeAt(path)) !== undefined
}

/**
 * Whose files root believes when it only asks the running postern: those of the user that runs it,
 * too. It asks the owner of the data directory.
 */
export async function ownersOfRunning(dataDir: string): Promise<Owners | undefined> {
  const owners = ourOwners()
  if (!owners || process.geteuid?.() !== 0) return owners
  return new Set([...owners, (await stat(dataDir)).uid])
}

/**
 * What root does in a data directory of another user it does as that user, or the service could not read what root has made there. Gives
 * what ends that.
 */
export async function becomeOwnerOf(dataDir: string): Promise<() => void> {
  const { geteuid, getegid, seteuid, setegid } = process
  const owner = await stat(dataDir).catch(() => undefined)
  if (geteuid?.() !== 0 || !getegid || !setegid || !seteuid || !owner || owner.uid === 0) return () => {}
  const group = getegid()
  setegid(owner.gid)
  seteuid(owner.uid)
  return () => {
    seteuid(0)
    setegid(group)
  }
}

/** What stands in it already was not made by us: its rights are looked at, and left. */
async function closeOnWindows(dataDir: string): Promise<void> {
  if ((await readdir(dataDir)).length > 0) return
  const { protect } = await import('../system/windows.ts')
  await protect(dataDir)
}

/** Made for postern, by `mkdir` or as a volume: nobody has kept anything there yet. */
async function isOursAndEmpty(dataDir: string): Promise<boolean> {
  const { uid } = await stat(dataDir)
  if (uid !== process.geteuid?.()) return false
  return (await readdir(dataDir).catch(() => ['?'])).length === 0
}

/**
 * Of a directory that was made just now.
 * @throws Failure `configuration` where its file system keeps no modes
 */
async function makePrivate(dataDir: string): Promise<void> {
  // Such a file system may refuse this, or say that it is done.
  await chmod(dataDir, 0o700).catch(() => {})
  const mode = await modeAt(dataDir)
  if (mode === undefined || (mode & 0o077) === 0 || process.platform === 'win32') return
  const found = (mode & 0o777).toString(8)
  throw failure('data.file-system-open', { directory: dataDir, mode: found })
}

/**
 * What to do with a directory whose mode cannot be changed, as those of some volumes; one that is
 * in use had a better one before.
 */
async function elsewhere(files: DataFiles, dataDir: string, owners: Owners | undefined): Promise<string> {
  if (await exists(files.database)) return ''
  const below = join(dataDir, 'postern')
  const fits = owners !== undefined && isWritable(dataDir) && doubtOfPath(below, owners) === undefined
  return fits
    ? `; where that cannot be, as on some volumes, set POSTERN_DATA_DIR to the folder ${shellWord(below)} below it, which postern makes for itself`
    : '; where that cannot be, as on some volumes, set POSTERN_DATA_DIR to a directory on another disk'
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function requirePrivate(path: string, what: FileKind, wanted: string, otherwise = ''): Promise<void> {
  const { mode, uid } = (await statAt(path)) ?? {}
  // Windows has no such modes: what stat() tells there is made up.
  if (mode === undefined || (mode & 0o077) === 0 || process.platform === 'win32') return
  const found = (mode & 0o777).toString(8)
  throw failure('data.readable-by-others', {
    what: text(what),
    path,
    mode: found,
    owner: String(uid),
    user: String(process.geteuid?.()),
    wanted,
    word: shellWord(path),
    otherwise,
  })
}

async function modeAt(path: string): Promise<number | undefined> {
  return (await statAt(path))?.mode
}

async function statAt(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(error, 'file.any', path)
  }
}

function notADirectory(path: string): Failure {
  return failure('data.no-directory', { path })
}

/**
 * Makes a file that only its owner can read (mode 0600), whole or not at all, and durably: it
 * appears under its name only when its contents are on disk. False, and nothing changed, when there
 * is such a file already.
 * @throws Failure `configuration`
 */
export async function createPrivateFile(path: string, what: FileKind, text: string): Promise<boolean> {
  if (await exists(path)) return false
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeDurably(draft, text)
    try {
      // link() is the rename that never replaces: of two first starts, one wins and the other reads
      // its key.
      await link(draft, path)
    } catch (error) {
      if (!withoutLinks.includes((error as NodeJS.ErrnoException).code)) throw error
      await claimAndReplace(draft, path)
    } finally {
      await rm(draft, { force: true })
    }
    await syncDirectory(dirname(path))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unusable(error, what, path)
  }
}

/** What file systems without hard links say: SMB, exFAT, some of FUSE; Windows says one of the last three. */
const withoutLinks: readonly unknown[] = [
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EISDIR',
  'EINVAL',
  'UNKNOWN',
]

/** The name is taken by an empty file first, which only one can make. Whoever reads it in this moment finds no key in it, and says so. */
async function claimAndReplace(draft: string, path: string): Promise<void> {
  await (await open(path, 'wx', 0o600)).close()
  await putInPlace(draft, path)
}

/** Undefined when there is no such file. @throws Failure `configuration` */
export async function readPrivateFile(path: string, what: FileKind): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(error, what, path)
  }
}

/**
 * As `createPrivateFile`, in the place of what is there.
 * @throws Failure `configuration`
 */
export async function replacePrivateFile(path: string, what: FileKind, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeDurably(draft, text)
    await putInPlace(draft, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    throw unusable(error, what, path)
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    // On a full disk each try would leave one.
    await unlink(path).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
}

interface PlacingOptions {
  move?: (from: string, to: string) => Promise<void>
  platform?: NodeJS.Platform
  patienceMilliseconds?: number
}

/**
 * Gives a file its name, also in the place of another one. Windows refuses that as long as anybody has the other one open, such as a
 * virus scanner or a command that reads it: that passes.
 */
export async function putInPlace(
  draft: string,
  path: string,
  { move = rename, platform = process.platform, patienceMilliseconds = 2000 }: PlacingOptions = {},
): Promise<void> {
  const passing = platform === 'win32' ? whileOpen : []
  const end = performance.now() + patienceMilliseconds
  for (;;) {
    try {
      return await move(draft, path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!passing.includes(code) || performance.now() > end) throw error
      await pause(20)
    }
  }
}

const whileOpen: readonly unknown[] = ['EPERM', 'EACCES', 'EBUSY']

/** What was renamed or made in it is on disk then. Windows opens no directories, and looks after that itself. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const reasons = {
  EACCES: 'refused.permission',
  EPERM: 'refused.permission',
  EROFS: 'refused.read-only',
  ENOSPC: 'refused.full',
  EDQUOT: 'refused.quota',
  ENOTDIR: 'refused.no-directory',
} as const satisfies Record<string, TextId>

/**
 * What the file system refused while postern was starting, as a sentence. A Failure passes
 * unchanged.
 */
export function unusable(error: unknown, what: FileKind, path: string): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  const reason = Object.hasOwn(reasons, code) ? text(reasons[code as keyof typeof reasons]) : code
  return failure('data.unusable', { what: text(what), path, reason, cause: error })
}
