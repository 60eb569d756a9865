import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Stands in a page between what people write and what `npm run docs` makes. */
const mark = '<!-- From here on made by `npm run docs`: changes belong into the source of it. -->'

/**
 * The page with what is made of it, as it should be.
 * @param {string} page as it is
 * @param {string} made
 */
export function withMadePart(page, made) {
  const end = page.indexOf(mark)
  if (end === -1) throw new Error(`a page that is partly made has the line ${mark}`)
  return `${page.slice(0, end)}${mark}\n\n${made.trim()}\n`
}

/**
 * A page of docs/.
 * @param {string} name
 */
export function pathOf(name) {
  return resolve(import.meta.dirname, '../../docs', name)
}

/**
 * A page as it is, and as `npm run docs` would leave it.
 * @param {string} name
 * @param {string} made
 */
export async function pageBeside(name, made) {
  const is = await readFile(pathOf(name), 'utf8')
  return { is, wouldBe: withMadePart(is, made) }
}

/**
 * What GitHub calls a heading in an address.
 * @param {string} heading in Markdown
 */
export function anchorOf(heading) {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim()
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{Pc}\s-]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * No markup of Markdown, and no tags, but for code between backticks.
 * @param {string} text
 */
export function plain(text) {
  const parts = text.split(/(`[^`]+`)/)
  return parts
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[*_<>`]/g, (sign) => `\\${sign}`)))
    .join('')
}

/**
 * In a cell of a table: what is between backticks is code already.
 * @param {string} text
 */
export function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/**
 * @param {readonly string[]} heading
 * @param {readonly (readonly string[])[]} rows
 */
export function tableOf(heading, rows) {
  const lines = [heading, heading.map(() => '---'), ...rows.map((row) => row.map(cell))]
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('')
}
