import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAst } from 'vitest/node'
import { keyOf } from '../../../src/web/texts/translation.ts'

const web = resolve(import.meta.dirname, '../../../src/web')

interface PhraseOfPages {
  /** As the dictionary has it. */
  text: string
  place: string
}

/** Every phrase of the pages: in the tag `t`, and in `phrase()`. By the syntax tree of the sources. */
export function phrasesOfPages(): PhraseOfPages[] {
  return readdirSync(web, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap(phrasesOf)
}

/** A node of the syntax tree (ESTree), as far as it is looked at. */
interface Node {
  type: string
  [field: string]: unknown
}

function phrasesOf(path: string): PhraseOfPages[] {
  const found: string[] = []
  visit(parseAst(readFileSync(join(web, path), 'utf8'), { lang: 'ts' }), (node) => {
    if (node.type === 'TaggedTemplateExpression' && nameOf(node.tag) === 't')
      found.push(templateOf(node.quasi))
    if (node.type === 'CallExpression' && nameOf(node.callee) === 'phrase')
      for (const argument of node.arguments as Node[])
        if (typeof argument.value === 'string') found.push(argument.value)
  })
  return found
    .filter((text) => /\p{L}/u.test(text.replaceAll(/\{\d\}/g, '')))
    .map((text) => ({ text, place: path }))
}

function visit(value: unknown, look: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) visit(one, look)
  if (!isNode(value)) return
  look(value)
  for (const field of Object.values(value)) if (typeof field === 'object') visit(field, look)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return ''
  // `context.t`
  if (node.type === 'MemberExpression') return nameOf(node.property)
  return typeof node.name === 'string' ? node.name : ''
}

function templateOf(node: unknown): string {
  const { quasis } = node as { quasis: { value: { cooked: string } }[] }
  return keyOf(quasis.map(({ value }) => value.cooked))
}
