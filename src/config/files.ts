import { readFileSync } from 'node:fs'
import { whyUnreadable } from '../base/failure.ts'
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

/** The text of a file that a setting names, or why it cannot be had. */
export function readText(path: string, files: Files): { text: string } | { why: string } {
  try {
    return { text: files.read(path) }
  } catch (error) {
    return { why: whyUnreadable(error) }
  }
}

interface ExposedFiles {
  mistakes: readonly string[]
  warnings: readonly string[]
}

/**
 * The files of a configuration, and which of those that were read others can read or change more
 * than they should.
 */
interface WatchedFiles {
  files: Files
  /** @param foreign paths of what another service may own */
  exposedFiles(foreign: readonly (string | undefined)[]): ExposedFiles
}

export function watchFiles(files: Files): WatchedFiles {
  const texts = new Map<string, string>()
  return {
    files: {
      ...files,
      read(path) {
        const text = files.read(path)
        texts.set(path, text)
        return text
      },
    },
    exposedFiles(foreign) {
      const [mistakes, warnings]: [string[], string[]] = [[], []]
      for (const [path, text] of texts) {
        const doubt = files.doubtOf(path, { isPublic: isPublic(text), isForeign: foreign.includes(path) })
        if (doubt?.tolerable)
          warnings.push(`${path} ${doubt.problem.message}${likeMounted} ${doubt.fix.message}.`)
        else if (doubt) mistakes.push(`${path} ${doubt.problem.message}. ${doubt.fix.message}.`)
      }
      return { mistakes, warnings }
    },
  }
}

const likeMounted =
  ', as secrets are mounted into a container. Where other people have accounts, that will not do.'

/**
 * Certificates, a providers file that holds no secret by itself, settings of which none is set.
 * Whatever else there is may be a secret.
 */
function isPublic(text: string): boolean {
  if (text.split('\n').every((line) => line.trim() === '' || line.startsWith('#'))) return true
  if (text.includes('PRIVATE KEY-----')) return false
  if (text.includes('-----BEGIN CERTIFICATE-----')) return true
  const isProvidersFile = /^\s*\{[\s\S]*"(providers|overrides)"\s*:/.test(text)
  return isProvidersFile && !/"(clientSecret|value)"\s*:|:\/\/[^/"]*@/.test(text)
}
