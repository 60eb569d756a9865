import { Secret } from '../base/secret.ts'

/** All of a value, its secrets too, as one text to compare by; it is never shown or kept. */
export function revealed(value: unknown): string {
  // What a Secret turns itself into is seen before a replacer is asked.
  return JSON.stringify(opened(value))
}

function opened(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() }
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map(opened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, opened(one)]))
}
