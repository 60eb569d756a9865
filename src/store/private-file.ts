import { randomBytes } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exists } from './data-dir.ts'
import { unusable } from './file-failures.ts'

/**
 * Makes a file that only its owner can read (mode 0600), whole or not at all, and durably: it appears under its name
 * only when its contents are on disk. False, and nothing changed, when there is such a file already.
 * @throws Failure `configuration`
 */
export async function createPrivateFile(path: string, what: string, text: string): Promise<boolean> {
  if (await exists(path)) return false
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeDurably(draft, text)
    try {
      // link() is the rename that never replaces: of two first starts, one wins and the other reads its key.
      await link(draft, path)
    } finally {
      await unlink(draft)
    }
    await syncDirectory(dirname(path))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unusable(error, what, path)
  }
}

/** Undefined when there is no such file. @throws Failure `configuration` */
export async function readPrivateFile(path: string, what: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(error, what, path)
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
