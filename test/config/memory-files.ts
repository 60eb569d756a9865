import { resolve } from 'node:path'
import type { Files } from '../../src/config/files.ts'

/** Files that exist only for one test; a value of `undefined` is a file that this user may not read. */
export function memoryFiles(contents: Record<string, string | undefined> = {}): Files {
  const workingDirectory = resolve('/srv/postern')
  const files = new Map(
    Object.entries(contents).map(([path, text]) => [resolve(workingDirectory, path), text]),
  )
  return {
    workingDirectory,
    doubtOf: () => undefined,
    read(path) {
      if (!files.has(path)) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      const text = files.get(path)
      if (text === undefined) throw Object.assign(new Error('denied'), { code: 'EACCES' })
      return text
    },
  }
}
