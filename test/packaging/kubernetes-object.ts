import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// What an API server refuses, or passes over, in what it is given: fields that it does not know, values of another type, and what is
// missing. Which fields there are stands in kubernetes-fields.json, with the source of it.

export interface KubernetesObject {
  apiVersion: string
  kind: string
}

type Fields = Record<string, string>

const { kinds, types }: { kinds: Record<string, string>; types: Record<string, Fields> } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'kubernetes-fields.json'), 'utf8'),
)

/** Each with its path; empty where there is none. */
export function mistakesIn(object: KubernetesObject): string[] {
  const type = kinds[`${object.apiVersion} ${object.kind}`]
  if (type === undefined) return [`${object.apiVersion} ${object.kind} is unknown`]
  return mistakesOf(object, type, object.kind)
}

function mistakesOf(value: unknown, type: string, path: string): string[] {
  const [, item] = /^Array<(.+)>$/.exec(type) ?? []
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((one, index) => mistakesOf(one, item, `${path}[${index}]`))
  }
  const [, entry] = /^\{ \[key: string\]: (.+); \}$/.exec(type) ?? []
  const fields = types[type]
  if (entry === undefined && fields === undefined) return isOf(type, value) ? [] : [`${path} is no ${type}`]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no object`]
  const entries = Object.entries(value)
  if (entry !== undefined) return entries.flatMap(([name, one]) => mistakesOf(one, entry, `${path}.${name}`))
  const missing = Object.keys(fields ?? {})
    .filter((name) => name.endsWith('!') && !(name.slice(0, -1) in value))
    .map((name) => `${path}.${name.slice(0, -1)} is missing`)
  const mistakes = entries.flatMap(([name, one]) => {
    const known = fields?.[name] ?? fields?.[`${name}!`]
    return known === undefined ? [`${path}.${name} is unknown`] : mistakesOf(one, known, `${path}.${name}`)
  })
  return [...missing, ...mistakes]
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'IntOrString') return Number.isInteger(value) || typeof value === 'string'
  if (type === 'number') return typeof value === 'number'
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'string') return typeof value === 'string'
  return value !== null && value !== undefined
}
