import { describe, expect, it } from 'vitest'
import { html } from '../../../src/web/html.ts'
import { type Phrases, phrasesFor, phrasesIn } from '../../../src/web/texts/phrases.ts'

describe('phrases', () => {
  it('phrases are rendered in English, with values escaped and markup kept', () => {
    const t = phrasesIn('en')
    expect(`${t`Sign in at ${'<b>'}`}`).toBe('Sign in at &lt;b&gt;')
    expect(`${t`You go to the provider and sign in there as ${html`<strong>${'a&b'}</strong>`}.`}`).toBe(
      'You go to the provider and sign in there as <strong>a&amp;b</strong>.',
    )
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
