import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { Failure } from '../base/failure.ts'

/** With mode 0700 where there was none: private keys stand in it. @throws Failure `configuration` */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(error, path)
  }
}

/** Undefined when there is no such file. @throws Failure `configuration` */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(error, path)
  }
}

/** Writes a file so that it appears under its name whole: a postern that runs may look at any moment. @throws Failure `configuration` */
export async function replaceFile(path: string, contents: string | Buffer, mode: number): Promise<void> {
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(contents)
      // The umask cuts the mode that open() is given, but not this one.
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    throw unusable(error, path)
  }
}

/** Content when there is none. @throws Failure `configuration` */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw unusable(error, path)
  }
}

function unusable(error: unknown, path: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return new Failure('configuration', `${path} cannot be used: ${reasons[code] ?? code}`, {
    cause: error,
    fix: 'Run this as the user that postern runs as, or name another folder with --dir.',
  })
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}
