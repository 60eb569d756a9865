import { readFileSync } from 'node:fs'
import { type Doubt, doubtOfFile, type FileUse } from '../store/file-trust.ts'

/** What the configuration may read from the disk. */
export interface Files {
  /** Absolute; relative paths count from here, and `.env` is looked for here. */
  workingDirectory: string
  /** Throws Node's error with its `code`. */
  read(path: string): string
  /** Why others can read or change a file more than they should. */
  doubtOf(path: string, use: FileUse): Doubt | undefined
}

export function diskFiles(workingDirectory: string): Files {
  return { workingDirectory, read: (path) => readFileSync(path, 'utf8'), doubtOf: doubtOfFile }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
