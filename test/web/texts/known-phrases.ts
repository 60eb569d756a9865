import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAst } from 'vitest/node'
import { keyOf } from '../../../src/web/texts/translation.ts'

const source = resolve(import.meta.dirname, '../../../src')

/** Rooms with texts without values that reach people on pages; what has values is said by its id. */
const rooms = ['web', 'providers']
const saidProperties = new Set(['fix', 'advice', 'purpose', 'notes', 'registrationSteps', 'what'])
/** Tables of what is said. */
const saidTables = new Set(['evidenceWords', 'otherSteps', 'outcomes'])
/** Texts for programs and for terminals, though they stand in these rooms. */
const forPrograms = /^(web\/(api\/|listen)|providers\/file\/)/

export interface KnownPhrase {
  /** As the dictionary has it. */
  text: string
  place: string
}

/** Every phrase that the sources say to people without an id: in `t`, in `phrase()`, and as advice. */
export function phrasesOfSources(): KnownPhrase[] {
  return rooms.flatMap((room) =>
    readdirSync(join(source, room), { recursive: true, encoding: 'utf8' })
      .map((path) => join(room, path))
      .filter((path) => path.endsWith('.ts') && !forPrograms.test(path))
      .flatMap(phrasesOf),
  )
}

/** A node of the syntax tree (ESTree), as far as it is looked at. */
interface Node {
  type: string
  [field: string]: unknown
}

function phrasesOf(path: string): KnownPhrase[] {
  const found: string[] = []
  visit(parseAst(readFileSync(join(source, path), 'utf8'), { lang: 'ts' }), (node) => {
    switch (node.type) {
      case 'TaggedTemplateExpression':
        if (nameOf(node.tag) === 't') found.push(...texts(node.quasi))
        return
      case 'CallExpression':
        if (nameOf(node.callee) === 'phrase') found.push(...texts(first(node.arguments)))
        return
      case 'Property':
        if (saidProperties.has(nameOf(node.key))) found.push(...texts(node.value))
        return
      case 'VariableDeclarator':
        if (saidTables.has(nameOf(node.id))) visit(node.init, (inner) => found.push(...texts(inner)))
        return
    }
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

function first(list: unknown, index = 0): unknown {
  return Array.isArray(list) ? list[index] : undefined
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return ''
  // `context.t`
  if (node.type === 'MemberExpression') return nameOf(node.property)
  return typeof node.name === 'string' ? node.name : ''
}

/** What stands literally in an expression; each branch of a choice. */
function texts(node: unknown): string[] {
  if (!isNode(node)) return []
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : []
    case 'ConditionalExpression':
      return [...texts(node.consequent), ...texts(node.alternate)]
    case 'ArrayExpression':
      return (node.elements as unknown[]).flatMap(texts)
    case 'SpreadElement':
      return texts(node.argument)
    case 'LogicalExpression':
      return texts(node.right)
    case 'TemplateLiteral':
      return [keyOf((node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked))]
    default:
      return []
  }
}
