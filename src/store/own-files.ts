import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../base/failure.ts'
import { shellWord } from '../base/text.ts'
import { type Doubt, doubtOfWay, isWrittenByOthers, modeOf, ofAnother } from './file-trust.ts'
import type { Owners } from './private-group.ts'

/** Refuses a data directory in whose place others could put another. @throws Failure `configuration` */
export function requireSafeWay(dataDir: string, owners: Owners): void {
  refuse('data directory', dataDir, doubtOfWay(dataDir, owners))
}

/** Refuses a data directory, or anything that stands in it, that somebody else owns or can change. @throws Failure `configuration` */
export function requireOwnFiles(dataDir: string, owners: Owners): void {
  requireSafeWay(dataDir, owners)
  refuse('data directory', dataDir, doubtOf(dataDir, entryAt(dataDir, statSync), owners))
  for (const name of namesIn(dataDir)) {
    const path = join(dataDir, name)
    refuse('file', path, doubtOf(path, entryAt(path, lstatSync), owners))
  }
}

function doubtOf(path: string, entry: Stats | undefined, owners: Owners): Doubt | undefined {
  if (!entry) return undefined
  if (!owners.has(entry.uid)) return ofAnother(path, entry)
  if (entry.isSymbolicLink())
    return doubtOfWay(path, owners) ?? doubtOf(path, entryAt(path, statSync), owners)
  if (!isWrittenByOthers(entry, owners)) return undefined
  return {
    problem: `can be changed by other users (its mode is ${modeOf(entry)})`,
    fix: `Run: chmod go-w ${shellWord(path)}`,
  }
}

function refuse(what: string, path: string, doubt: Doubt | undefined): void {
  if (doubt)
    throw new Failure('configuration', `The ${what} ${path} ${doubt.problem}`, { fix: `${doubt.fix}.` })
}

/** Of a directory that cannot be read, whoever uses it says so. */
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
