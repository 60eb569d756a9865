import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { anchorOf } from './made-part.js'

const root = normalize(join(import.meta.dirname, '../..'))
const mostOctets = 100_000

/** Every file, by its path from the root. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
}

/** Every document of the project. */
async function allDocuments(): Promise<string[]> {
  const skipped = /^(\.git|node_modules|dist|data|coverage)$/
  const top = (await readdir(root, { withFileTypes: true })).filter(({ name }) => !skipped.test(name))
  const inFolders = await Promise.all(top.filter((one) => one.isDirectory()).map(({ name }) => filesIn(name)))
  const all = [...top.filter((one) => one.isFile()).map(({ name }) => name), ...inFolders.flat()]
  return all.filter((path) => path.endsWith('.md'))
}

interface Link {
  from: string
  /** By its path from the root. */
  to: string
  anchor: string
}

/** Without blocks of code and code between words. */
function proseOf(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/(`+)[^`][\s\S]*?\1/g, '``')
}

/** What a document links to or shows, within the repository. */
function linksIn(document: string, text: string): Link[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]*)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      const to = path === '' ? document : normalize(join(dirname(document), decodeURI(path)))
      return { from: document, to, anchor }
    })
}

/** What its headings are called in an address; the second of two that are alike has a number. */
function anchorsIn(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading)
    let name = anchor
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}

describe('the documents', () => {
  const texts = new Map<string, string>()
  let links: Link[]
  beforeAll(async () => {
    for (const path of await allDocuments()) texts.set(path, await readFile(join(root, path), 'utf8'))
    links = [...texts].flatMap(([path, text]) => linksIn(path, text))
  })

  it('what they link to and show is there', async () => {
    const missing: string[] = []
    for (const { from, to } of links)
      await stat(join(root, to)).catch(() => {
        missing.push(`${from}: ${to}`)
      })
    expect(links.length).toBeGreaterThan(100)
    expect(missing).toEqual([])
  })

  it('each section that they link to is there', () => {
    const anchors = new Map([...texts].map(([path, text]) => [path, anchorsIn(text)]))
    const missing = links
      .filter(({ to, anchor }) => anchor !== '' && anchors.get(to)?.has(anchor) === false)
      .map(({ from, to, anchor }) => `${from}: ${to}#${anchor}`)
    expect(missing).toEqual([])
  })

  it('every picture is shown, and is small', async () => {
    const shown = new Set(links.map(({ to }) => to))
    const pictures = (await filesIn('docs')).filter((path) => path.endsWith('.png'))
    expect(pictures.length).toBeGreaterThan(0)
    expect(pictures.filter((path) => !shown.has(path))).toEqual([])
    for (const path of pictures) expect((await stat(join(root, path))).size, path).toBeLessThan(mostOctets)
  })
})
