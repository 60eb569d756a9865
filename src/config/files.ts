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

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
