import { describe, expect, it } from 'vitest'
import { type FailureId, failure } from '../../../src/base/failure.ts'
import { catalogue } from '../../../src/failures/catalogue.ts'
import { html } from '../../../src/web/html.ts'
import { fixesOnPages } from '../../../src/web/texts/fixes-on-pages.ts'
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

  it.each([
    ['en', 'Sign in on the page of me@example.com, or ask its owner there by a consent link.'],
    ['ja', 'me@example.com のページでサインインするか、そこから同意リンクで所有者に依頼してください。'],
  ] as const)('what to do is said by what pages have, and not by the command: %s', (language, fix) => {
    expect(phrasesIn(language).fixOf(failure('grant.lapsed', { mailbox: 'me@example.com' }))).toBe(fix)
  })

  it('what pages say to do has the values of the failure, and names no verb of the command', () => {
    for (const [id, fix] of Object.entries(fixesOnPages)) {
      const { message, fix: elsewhere } = catalogue[id as FailureId] as { message: string; fix: string }
      const inJapanese = phrasesIn('ja').fixOf(failure(id as never, {} as never))
      for (const text of [fix, inJapanese]) expect(text, id).not.toMatch(/postern [a-z]+[ 」]|--[a-z]/)
      for (const [place] of fix.matchAll(/\{\w+\}/g)) expect(message + elsewhere).toContain(place)
    }
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
