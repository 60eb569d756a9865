import { describe, expect, it } from 'vitest'
import { html } from '../../../src/web/html.ts'
import { type Phrases, phrasesFor, phrasesIn } from '../../../src/web/texts/phrases.ts'
import { createTranslation } from '../../../src/web/texts/translation.ts'

describe('phrases', () => {
  it('phrases are rendered in English, with values escaped and markup kept', () => {
    const t = phrasesIn('en')
    expect(`${t`Sign in at ${'<b>'}`}`).toBe('Sign in at &lt;b&gt;')
    expect(`${t`You go to the provider and sign in there as ${html`<strong>${'a&b'}</strong>`}.`}`).toBe(
      'You go to the provider and sign in there as <strong>a&amp;b</strong>.',
    )
    expect(t.say('Nobody has translated this')).toBe('Nobody has translated this')
  })

  it('phrases place their values in the order of the other language', () => {
    const t = phrasesIn('ja')
    expect(`${t`You sign in for ${html`<b>me</b>`} at ${'"Mail"'}. This page goes there by itself.`}`).toBe(
      '&quot;Mail&quot; で <b>me</b> のためにサインインします。このページは自動的に移動します。',
    )
  })

  it('the language is chosen by what the browser accepts', () => {
    const asking = (accepted: string | false): Phrases =>
      phrasesFor({ acceptsLanguages: (() => accepted) as never })
    expect([asking('ja'), asking('en'), asking(false)].map(({ language }) => language)).toEqual([
      'ja',
      'en',
      'en',
    ])
  })
})

describe('a translation', () => {
  const translate = createTranslation({
    'There is no mailbox {1}': 'メールボックス {1} はありません',
    'There is no {1}': '{1} はありません',
    '{1} of {2} (a+b)': '{2} の {1}',
    nothing: '無',
  })

  it('a filled-in phrase is translated by the most specific pattern', () => {
    expect(translate('There is no mailbox me@example.com')).toBe('メールボックス me@example.com はありません')
    expect(translate('There is no bread')).toBe('bread はありません')
  })

  it('the values are translated, too, and special characters are literal', () => {
    expect(translate('There is no nothing')).toBe('無 はありません')
    expect(translate('1 of 2 (a+b)')).toBe('2 の 1')
    expect(translate('1 of 2 aab')).toBeUndefined()
  })

  it.each<[string, string | undefined]>([
    ['a of b of c (a+b)', 'b of c の a'],
    [' of b (a+b)', undefined],
    ['a of  (a+b)', undefined],
    ['a of b (a+b) (a+b)', 'b (a+b) の a'],
    ['There is no ', undefined],
  ])('the values of %j are told apart as a regular expression would', (text, said) => {
    expect(translate(text)).toBe(said)
  })

  it('a translation ends for a text that repeats its separators', () => {
    const long = createTranslation({ '{1} of {2} of {3} of {4} of {5}.': '{1}' })
    expect(long(' of '.repeat(20_000))).toBeUndefined()
    expect(long('There is no '.repeat(5_000))).toBeUndefined()
    expect(translate('There is no '.repeat(5_000))).toContain('There is no There is no')
  })

  it('a translation inserts values unchanged, whatever they look like', () => {
    expect(translate('There is no {1} $& {2}')).toBe('{1} $& {2} はありません')
  })
})
