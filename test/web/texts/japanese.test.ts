import { describe, expect, it } from 'vitest'
import { japaneseOfPages } from '../../../src/web/texts/japanese-of-pages.ts'
import { phrasesOfPages } from './phrases-of-pages.ts'

const said = phrasesOfPages()
const entries = Object.entries(japaneseOfPages)

describe('the Japanese dictionary', () => {
  // What is in `phrase()` does not compile without Japanese; the compiler does not see the text of a template.
  it('the dictionary has every template of the pages', () => {
    const missing = said
      .filter(({ text }) => !Object.hasOwn(japaneseOfPages, text))
      .map(({ text, place }) => `${place}: ${text}`)
    expect(said.length).toBeGreaterThan(400)
    expect(missing).toEqual([])
  })

  it('the dictionary has no phrase that is never shown, and none twice', () => {
    const shown = new Set(said.map(({ text }) => text))
    const idle = entries.filter(([english]) => !shown.has(english)).map(([english]) => english)
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
