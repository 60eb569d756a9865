import { readFileSync } from 'node:fs'

/** What the configuration may read from the disk. */
export interface Files {
  /** Absolute; relative paths count from here, and `.env` is looked for here. */
  workingDirectory: string
  /** Throws Node's error with its `code`. */
  read(path: string): string
}

export function diskFiles(workingDirectory: string): Files {
  return { workingDirectory, read: (path) => readFileSync(path, 'utf8') }
}

/** Why a file could not be read, in words. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  const words: Record<string, string> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EACCES: 'this user may not read it',
    EPERM: 'this user may not read it',
    EISDIR: 'it is a directory',
  }
  return words[code] ?? code
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
