import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Octets of a page. */
const largest = 60_000

/** Pixels: on a wider screen there is a mouse. */
const widestTouched = 480

/** What is pressed, but for links in a text, is 44 pixels high where fingers press it. */
const smallTargets = `[...document.querySelectorAll('nav a, button, .button, summary, select, input:not([type=hidden], [type=checkbox], [type=radio])')]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 120))`

/** The tab stop that has the focus: whether it is seen, and whether it does what cannot be undone. */
const stop = `(() => {
  const one = document.activeElement
  if (!one || one === document.body) return undefined
  const { outlineStyle } = getComputedStyle(one)
  return {
    html: one.outerHTML.slice(0, 120),
    isSeen: outlineStyle !== 'none',
    isInMain: one.closest('main') !== null && one.id !== 'main',
    destroys: one.matches('button.danger, details.confirm > summary'),
  }
})()`

/** From here the Tab key leads to the first stop of the page. */
const toTheTop = `(() => {
  document.body.tabIndex = -1
  document.body.focus()
  document.body.removeAttribute('tabindex')
  document.body.blur()
})()`

interface Stop {
  html: string
  isSeen: boolean
  isInMain: boolean
  destroys: boolean
}

/** What is wrong with the first places that the Tab key leads to. */
async function tabStops(page: Page): Promise<string[]> {
  const found: string[] = []
  let isFirst = true
  await page.evaluate(toTheTop)
  for (let count = 0; count < 12; count += 1) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate<Stop | undefined>(stop)
    if (!at) break
    if (!at.isSeen) found.push(`focus is not seen: ${at.html}`)
    if (at.isInMain && isFirst && at.destroys) found.push(`destroys at the first stop: ${at.html}`)
    if (at.isInMain) isFirst = false
  }
  // What has the focus is not reloaded.
  await page.evaluate(toTheTop)
  return found
}

interface Violation {
  id: string
  impact: string
  nodes: { html: string }[]
}

/** Everything about a page that would keep somebody from using it, one line each: by axe-core, in light and dark, where it is wider than its window (by default a small telephone's), has more than 60 kilobytes or targets that a finger misses, and what the keyboard does there. */
export async function troubles(page: Page, width = 320): Promise<string[]> {
  const viewport = page.viewportSize()
  const found: string[] = []
  await page.setViewportSize({ width, height: 640 })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await violations(page)).map((line) => `${colorScheme}: ${line}`))
  }
  const needed = await page.evaluate<number>('document.documentElement.scrollWidth')
  if (needed > width) found.push(`is ${needed} pixels wide`)
  const size = await page.evaluate<number>('new Blob([document.documentElement.outerHTML]).size')
  if (size > largest) found.push(`has ${size} octets`)
  if (width <= widestTouched)
    found.push(
      ...(await page.evaluate<string[]>(smallTargets)).map((what) => `too small for a finger: ${what}`),
    )
  found.push(...(await tabStops(page)))
  await page.emulateMedia({ colorScheme: 'light' })
  if (viewport) await page.setViewportSize(viewport)
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
