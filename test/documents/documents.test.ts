import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const root = normalize(join(import.meta.dirname, '..'))
const mostOctets = 100_000

/** Every file, by its path from the root. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
}

/** What a document links to or shows, within the repository, by its path from the root. */
async function targetsIn(document: string): Promise<string[]> {
  const text = (await readFile(join(root, document), 'utf8')).replace(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(document), target)))
}

describe('the documents', () => {
  let documents: string[]
  let targets: Set<string>
  beforeAll(async () => {
    const all = [...(await filesIn('docs')), ...(await filesIn('examples')), 'README.md', 'CHANGELOG.md']
    documents = all.filter((path) => path.endsWith('.md'))
    targets = new Set((await Promise.all(documents.map(targetsIn))).flat())
  })

  it('what they link to and show is there', async () => {
    const missing: string[] = []
    for (const target of targets)
      await stat(join(root, target)).catch(() => {
        missing.push(target)
      })
    expect(missing).toEqual([])
  })

  it('every picture is shown, and is small', async () => {
    const pictures = (await filesIn('docs')).filter((path) => path.endsWith('.png'))
    expect(pictures.length).toBeGreaterThan(0)
    expect(pictures.filter((path) => !targets.has(path))).toEqual([])
    for (const path of pictures) expect((await stat(join(root, path))).size, path).toBeLessThan(mostOctets)
  })
})
