import { describe, expect, it } from 'vitest'
import { freshId, freshPassword, freshSecret, passwordAlphabet } from '../../src/credentials/credential.ts'

describe('what is drawn at random', () => {
  it('a password has more than 160 bits, from letters that nobody confuses', () => {
    expect(new Set(passwordAlphabet).size).toBe(57)
    expect(28 * Math.log2(57)).toBeGreaterThan(160)
    expect(passwordAlphabet).not.toMatch(/[0O1Il]/)
    for (let count = 0; count < 200; count += 1) {
      const password = freshPassword().reveal()
      expect(password).toHaveLength(28)
      expect([...password].every((letter) => passwordAlphabet.includes(letter))).toBe(true)
    }
  })

  it('a password uses every letter about equally often', () => {
    const counts = new Map<string, number>()
    const draws = 4000
    for (let count = 0; count < draws; count += 1) {
      for (const letter of freshPassword().reveal()) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    // Chi-squared over 56 degrees of freedom: 120 is exceeded about once in a million honest runs.
    const expected = (draws * 28) / 57
    const distance = [...passwordAlphabet].reduce(
      (sum, letter) => sum + ((counts.get(letter) ?? 0) - expected) ** 2 / expected,
      0,
    )
    expect(distance).toBeLessThan(120)
  })

  it('a secret is 43 characters of base64url, an id 16 hexadecimal ones, and none comes twice', () => {
    expect(freshSecret().reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(freshId()).toMatch(/^[0-9a-f]{16}$/)
    const drawn = Array.from({ length: 1000 }, () => [
      freshSecret().reveal(),
      freshPassword().reveal(),
      freshId(),
    ]).flat()
    expect(new Set(drawn).size).toBe(3000)
  })
})
