import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { mistakesOf, placeOfJsonMistake } from '../providers/file/providers-file-mistakes.ts'
import type { SourceFile } from './found.ts'

/** Values of a file, with the line on which each begins. */
export interface Structured<T> {
  value: T
  /** By the path to a value: `send.appReg` is `['send', 'appReg']`. */
  lineOf(path: readonly PropertyKey[]): number | undefined
}

/** @throws Failure `invalid` with the line; nothing of the text is in it, which may be a secret */
export function readJson<T>(file: SourceFile, schema: z.ZodType<T>): Structured<T> {
  let value: unknown
  try {
    value = JSON.parse(file.text)
  } catch {
    throw unreadable(file, placeOfJsonMistake(file.text)?.line, 'this is not JSON')
  }
  const lineOf = (path: readonly PropertyKey[]) => lineOfName(file.text, path.at(-1))
  return { value: checked(file, schema, value, lineOf), lineOf }
}

/** The first line on which a member has this name: the files are flat. */
function lineOfName(text: string, name: PropertyKey | undefined): number | undefined {
  const at = text.indexOf(`"${String(name)}"`)
  return at < 0 ? undefined : text.slice(0, at).split('\n').length
}

/** Its parser takes seconds for a megabyte of brackets, in characters. */
const mostYaml = 131_072

/** @throws Failure as `readJson` */
export function readYaml<T>(file: SourceFile, schema: z.ZodType<T>): Structured<T> {
  if (file.text.length > mostYaml)
    throw failure('import.file-too-large', { path: printable(file.path), most: mostYaml / 1024 })
  const lines = new LineCounter()
  try {
    const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false })
    const [error] = document.errors
    if (error) throw unreadable(file, lines.linePos(error.pos[0]).line, 'this is not YAML')
    const lineOf = (path: readonly PropertyKey[]) => {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined
        const [begin] = node?.range ?? []
        if (begin !== undefined) return lines.linePos(begin).line
      }
      return undefined
    }
    // The few aliases of a file written by hand; many would make a small file huge.
    return { value: checked(file, schema, document.toJS({ maxAliasCount: 20 }), lineOf), lineOf }
  } catch (error) {
    // What the parser gives up on: a file nested too deeply, or aliases without end.
    if (error instanceof RangeError || error instanceof ReferenceError)
      throw unreadable(file, undefined, 'it is nested too deeply, or has too many aliases')
    throw error
  }
}

function checked<T>(
  file: SourceFile,
  schema: z.ZodType<T>,
  value: unknown,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [found] = issue ? mistakesOf(issue) : []
  const what = found ? `${printable(found.place)} ${found.mistake.message}` : 'something is missing'
  throw unreadable(file, issue && lineOf(issue.path), what)
}

/** `what`: a sentence without a full stop. */
export function unreadable({ path }: SourceFile, line: number | undefined, what: string) {
  return line === undefined
    ? failure('import.mistaken', { path: printable(path), what })
    : failure('import.unreadable', { path: printable(path), line, what })
}
