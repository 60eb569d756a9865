import { stat } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { anchorOf } from './made-part.js'
import { filesIn, proseOf, readDocuments, root, withoutBlocks } from './read-documents.ts'

const mostOctets = 100_000

interface Link {
  from: string
  /** By its path from the root. */
  to: string
  anchor: string
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
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading)
    let name = anchor
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}

describe('the documents', () => {
  let texts: Map<string, string>
  let links: Link[]
  beforeAll(async () => {
    texts = await readDocuments()
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

  it('each page says first, in a sentence, what its reader gets; and the table of contents has it', () => {
    const contents = new Set(links.filter(({ from }) => from === 'docs/README.md').map(({ to }) => to))
    const pages = [...texts].filter(([path]) => /^docs\/(?!README)[^/]+$/.test(path))
    expect(pages.length).toBeGreaterThan(25)
    for (const [path, text] of pages) {
      expect([...contents], path).toContain(path)
      const [title = '', sentence = ''] = text.split('\n\n')
      expect(title, path).toMatch(/^# [^\n]+$/)
      expect(sentence, path).toMatch(/^(?![#|`>-])[\s\S]+\.$/)
    }
  })

  it('a line of settings has no remark behind it, which would be a part of the value in a file of systemd', () => {
    const remarks = [...texts].flatMap(([path, text]) =>
      [...text.matchAll(/^ *POSTERN_\w+=[^\n]*[ \t]#.*$/gm)].map(([line]) => `${path}: ${line}`),
    )
    expect(remarks).toEqual([])
  })

  it('README is short', () => {
    expect(Buffer.byteLength(texts.get('README.md') ?? '')).toBeLessThanOrEqual(8192)
  })

  it('every picture is shown, and is small', async () => {
    const shown = new Set(links.map(({ to }) => to))
    const pictures = (await filesIn('docs')).filter((path) => path.endsWith('.png'))
    expect(pictures.length).toBeGreaterThan(0)
    expect(pictures.filter((path) => !shown.has(path))).toEqual([])
    for (const path of pictures) expect((await stat(join(root, path))).size, path).toBeLessThan(mostOctets)
  })
})
