import { Failure } from '../base/failure.ts'

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is not a directory',
}

/** What the file system refused while postern was starting, as a sentence. A Failure passes unchanged. */
export function unusable(error: unknown, what: string, path: string): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return new Failure('configuration', `The ${what} ${path} cannot be used: ${reasons[code] ?? code}`, {
    cause: error,
    fix: 'Let the user that runs postern own the data directory, on a disk with space; or set POSTERN_DATA_DIR.',
  })
}
