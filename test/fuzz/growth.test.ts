import { expect, it } from 'vitest'
import { findGrowth } from './growth.js'
import { growthTargets } from './growth-targets.js'

// The same shapes each time, and each piece by itself at least: this one measures, and nobody likes to look for a fault that was the machine's.
const options = { shapes: 70, tries: 3, seed: 1 }

it('no parser takes more than in proportion to its input', async () => {
  expect(await findGrowth(growthTargets, options)).toEqual([])
}, 300_000)

it('a parser that does would be found', async () => {
  const trims = (text: string) => text.replace(/[ \t]+$/, '')
  const square = { name: 'trims', longest: 12_288, read: trims }
  expect(await findGrowth([square], options)).toMatchObject([{ parser: 'trims' }])
})
