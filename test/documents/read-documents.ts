import { readdir, readFile } from 'node:fs/promises'
import { join, normalize, relative } from 'node:path'

export const root = normalize(join(import.meta.dirname, '../..'))

/** Every file in a folder, by its path from the root. */
export async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
}

/** Every document of the project, by its path from the root. */
export async function readDocuments(): Promise<Map<string, string>> {
  const skipped = /^(\.git|node_modules|dist|data|coverage)$/
  const top = (await readdir(root, { withFileTypes: true })).filter(({ name }) => !skipped.test(name))
  const inFolders = await Promise.all(top.filter((one) => one.isDirectory()).map(({ name }) => filesIn(name)))
  const all = [...top.filter((one) => one.isFile()).map(({ name }) => name), ...inFolders.flat()]
  const documents = all.filter((path) => path.endsWith('.md')).sort()
  return new Map(
    await Promise.all(
      documents.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const),
    ),
  )
}

const blocks = /^ *```\w*\n([\s\S]*?)^ *```$/gm

/** Blocks of code, each as its lines; a line that ends in a backslash goes on. */
export function blocksOf(text: string): string[][] {
  return [...text.matchAll(blocks)].map(([, code = '']) =>
    code
      .replace(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.trim()),
  )
}

/** What stands between backticks in a sentence. */
export function codeOf(text: string): string[] {
  return [...text.replace(blocks, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

/** Without any code. */
export function proseOf(text: string): string {
  return text.replace(blocks, '').replace(/(`+)[^`][\s\S]*?\1/g, '``')
}

/** Without blocks of code. */
export function withoutBlocks(text: string): string {
  return text.replace(blocks, '')
}
