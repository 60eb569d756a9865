import { describe, expect, it } from 'vitest'
import type { Command, KnownError } from '../../../src/providers/errors/known-error.ts'
import {
  briefFix,
  fillCommand,
  findInText,
  findKnown,
  knownErrors,
} from '../../../src/providers/errors/known-errors.ts'
import { sources } from '../../../src/providers/errors/sources.ts'
import { pageBeside } from '../../documents/made-part.js'
import { providerErrorsPart } from '../../documents/provider-errors-page.js'

const byId = (id: string): KnownError | undefined => knownErrors.find((one) => one.id === id)
const examples = knownErrors.flatMap(({ id, example }) => (example === undefined ? [] : [{ id, example }]))

describe('the catalogue of errors', () => {
  it('the catalogue has each id once, and a meaning and a fix in both languages', () => {
    expect(knownErrors.length).toBeGreaterThan(240)
    expect(new Set(knownErrors.map(({ id }) => id)).size).toBe(knownErrors.length)
    for (const { id, meaning, fix } of knownErrors) {
      expect(fix.length, id).toBeGreaterThan(0)
      for (const { en, ja } of [meaning, ...fix.map(({ words }) => words)]) {
        expect(en, id).toMatch(/^[\x20-\x7e]+[.:]$/)
        expect(ja, id).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}].*[。:]$/u)
      }
      for (const { words, command } of fix)
        for (const text of [words.en, words.ja]) expect(text.endsWith(':'), text).toBe(command !== undefined)
    }
  })

  it('docs/provider-errors.md is made from it (npm run docs)', async () => {
    const { is, wouldBe } = await pageBeside('provider-errors.md', providerErrorsPart(knownErrors, sources))
    expect(is).toBe(wouldBe)
  })

  it.each(examples)('the catalogue explains the example of $id by its own entry', ({ id, example }) => {
    expect(findInText(example)?.id).toBe(id)
  })

  it('the catalogue names the sources of each entry, and no others', () => {
    const used = new Set(knownErrors.flatMap(({ evidence }) => evidence.sources))
    expect([...used].sort()).toEqual(Object.keys(sources).sort())
  })

  it('the catalogue finds every number of Entra, whatever the name beside it', () => {
    const numbered = knownErrors.flatMap(({ id, when }) =>
      when.layer === 'answer' && when.number !== undefined ? [{ id, number: when.number }] : [],
    )
    expect(numbered.length).toBeGreaterThan(90)
    for (const { id, number } of numbered)
      for (const error of ['invalid_grant', 'access_denied', 'never_heard_of'])
        expect(findKnown({ layer: 'answer', numbers: [number], error, text: '' })?.id).toBe(id)
  })

  it('the catalogue takes the name of OAuth where it does not know the number', () => {
    const seen = { layer: 'answer' as const, numbers: [99999999], text: 'AADSTS99999999' }
    expect(findKnown({ ...seen, error: 'invalid_grant' })?.id).toBe('oauth-invalid_grant')
    expect(findKnown({ ...seen, error: 'never_heard_of' })).toBeUndefined()
  })

  it('the catalogue prefers the provider that it is, and the phase that it was', () => {
    const denied = { layer: 'answer' as const, error: 'access_denied', numbers: [], text: '' }
    expect(findKnown(denied)?.id).toBe('oauth-access_denied')
    expect(findKnown({ ...denied, family: 'google', phase: 'authorize' })?.id).toBe('google-access_denied')
    expect(findKnown({ ...denied, family: 'google', phase: 'token' })?.id).toBe('google-dwd-access_denied')
    const tooMany = { layer: 'reply' as const, code: 454, status: '4.7.0', text: 'Too many login attempts' }
    expect(findKnown({ ...tooMany, family: 'google' })?.id).toBe('gmail-454-too-many-logins')
    expect(findKnown({ ...tooMany, family: 'any' })?.id).toBe('smtp-454-auth')
  })

  it('the catalogue fills commands for their shell, and leaves open what is not known', () => {
    const values = { mailbox: "o'brien@example.com", sender: 'sales@example.com' }
    const commands = (id: string) => (byId(id)?.fix ?? []).flatMap(({ command }) => command ?? [])
    const [consent] = commands('oauth-invalid_grant') as [Command]
    expect(fillCommand(consent, values)).toBe(`postern consent 'o'\\''brien@example.com'`)
    expect(fillCommand(consent, {})).toBe('postern consent ADDRESS')
    const [sendAs] = commands('exo-5.7.60') as [Command]
    expect(fillCommand(sendAs, values)).toBe(
      "Add-RecipientPermission -Identity 'sales@example.com' -Trustee 'o''brien@example.com' -AccessRights SendAs -Confirm:$false",
    )
    expect(fillCommand(sendAs, {})).toContain("-Identity '<SENDER>' -Trustee '<MAILBOX>'")
  })

  it('the catalogue says the first steps in one line, and as many in each language', () => {
    for (const error of knownErrors) {
      const [en, ja] = (['en', 'ja'] as const).map((language) =>
        briefFix(error, language, ({ text }) => text),
      )
      expect(en?.length, error.id).toBeLessThan(450)
      expect(en?.split('postern ').length, error.id).toBeGreaterThan(0)
      expect(ja, error.id).toBeTruthy()
    }
  })
})
