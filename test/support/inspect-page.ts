import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  impact: string
  nodes: { html: string }[]
}

/** Everything about a page that would keep somebody from using it, one line each: by axe-core, in light and dark, and where it is wider than a small telephone. */
export async function troubles(page: Page): Promise<string[]> {
  const size = page.viewportSize()
  const found: string[] = []
  await page.setViewportSize({ width: 320, height: 640 })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await violations(page)).map((line) => `${colorScheme}: ${line}`))
  }
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  if (width > 320) found.push(`is ${width} pixels wide`)
  await page.emulateMedia({ colorScheme: 'light' })
  if (size) await page.setViewportSize(size)
  return found.map((line) => `${new URL(page.url()).pathname}: ${line}`)
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate<Violation[]>(
    'axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations)',
  )
  return found
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
