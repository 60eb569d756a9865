import { describe, expect, it } from 'vitest'
import { japaneseOfPages } from '../../../src/web/texts/japanese-of-pages.ts'
import { japaneseOfProviders } from '../../../src/web/texts/japanese-of-providers.ts'
import { phrasesOfSources } from './known-phrases.ts'

const known = phrasesOfSources()
const entries = [...Object.entries(japaneseOfPages), ...Object.entries(japaneseOfProviders)]

describe('the Japanese dictionary', () => {
  it('the dictionary has every phrase that the sources show to people', () => {
    const there = new Set(entries.map(([english]) => english))
    const missing = known.filter(({ text }) => !there.has(text)).map(({ text, place }) => `${place}: ${text}`)
    expect(known.length).toBeGreaterThan(500)
    expect(missing).toEqual([])
  })

  it('the dictionary has no phrase that is never shown, and none twice', () => {
    const said = new Set(known.map(({ text }) => text))
    const idle = entries.filter(([english]) => !said.has(english)).map(([english]) => english)
    expect(idle).toEqual([])
    expect(entries.length).toBe(new Set(entries.map(([english]) => english)).size)
  })

  it('the dictionary translates each phrase into Japanese, with the same values', () => {
    const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
    for (const [english, japanese] of entries) {
      expect({ english, places: places(japanese) }).toEqual({ english, places: places(english) })
      const words = english.replaceAll(/\{\w+\}/g, '')
      if (/[a-z]{3}/.test(words))
        expect(japanese, english).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u)
    }
  })
})
