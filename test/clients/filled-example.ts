import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const examples = join(import.meta.dirname, '../../examples')

/** What somebody puts in the places of the values that stand in an example. */
export interface Values {
  port: number
  user: string
  password: string
  /** A PEM file with the authority that the program is to trust. */
  caFile: string
}

export const readExample = (name: string) => readFile(join(examples, name), 'utf8')

/** An example with these values, for a postern on this machine: 127.0.0.1 is right, and another machine is `localhost`. @throws when one has no place in it */
export function filledIn(text: string, values: Values): string {
  const places: readonly (readonly [RegExp, string | number, required: boolean])[] = [
    [/postern\.example\.com/g, 'localhost', false],
    [/\b2587\b/g, values.port, true],
    [/\bUSER\b/g, values.user, true],
    [/\bPASSWORD\b/g, values.password, true],
    [/\/etc\/ssl\/postern-ca\.pem/g, values.caFile, false],
  ]
  let filled = text
  for (const [place, value, required] of places) {
    if (required && !filled.match(place))
      throw new Error(`The example has no ${place.source} in it:\n${text}`)
    filled = filled.replace(place, () => String(value))
  }
  return filled
}

/** The blocks of code under a heading of a page, in their order. @throws when there are none */
export function blocksUnder(page: string, heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  const blocks = [...(section ?? '').matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '')
  if (blocks.length === 0) throw new Error(`There is no code under "${heading}"`)
  return blocks
}

/**
 * The same code with some of its lines in the place of others, as its comments say for another machine.
 * @throws when they say no such thing
 */
export function swapped(text: string, swaps: readonly (readonly [string, string])[]): string {
  let changed = text
  for (const [here, there] of swaps) {
    const lines = there.split('\n').map((line) => line.trim())
    if (!text.includes(here) || !lines.every((line) => text.includes(line)))
      throw new Error(`The example says nothing of "${there}" in the place of "${here}"`)
    changed = changed.replace(here, () => there)
  }
  return changed
}
