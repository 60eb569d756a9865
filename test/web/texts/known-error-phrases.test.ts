import { beforeAll, describe, expect, it } from 'vitest'
import { type Failure, failure } from '../../../src/base/failure.ts'
import { explained } from '../../../src/providers/errors/explained.ts'
import { briefFix, fillCommand, knownErrors } from '../../../src/providers/errors/known-errors.ts'
import { phrasesFor, phrasesIn, readyFor } from '../../../src/web/texts/phrases.ts'

const inJapanese = { acceptsLanguages: () => 'ja' } as never
const values = { mailbox: 'me@example.com', sender: 'sales@example.com', provider: 'microsoft' }

/** As rooms throw it. */
function failureOf(number: number): Promise<Failure> {
  const general = failure('registration.request-refused', {
    ...{ provider: 'microsoft', mailbox: 'me@example.com', reason: 'AADSTS700082' },
  })
  return explained(general, { layer: 'answer', numbers: [number], text: '' }, values)
}

beforeAll(() => readyFor(inJapanese))

describe('what is known of errors, on pages', () => {
  it('an explanation is in Japanese, with the values in its commands', async () => {
    const t = phrasesFor(inJapanese)
    const thrown = await failureOf(700082)
    expect(thrown.fix).toContain('"postern consent me@example.com".')
    expect(t.fixOf(thrown)).toContain('もう一度同意してください: 「postern consent me@example.com」')
    expect(t.messageOf(thrown)).toBe(
      'microsoft が me@example.com についての postern の要求を拒否しています: AADSTS700082: 90 日間使われなかったため、同意が切れました',
    )
  })

  it('every error is explained in Japanese', () => {
    const t = phrasesFor(inJapanese)
    for (const error of knownErrors) {
      const ja = briefFix(error, 'ja', (command) => fillCommand(command, values))
      const thrown = {
        ...failure('postern.fault'),
        message: '',
        known: { id: error.id, values, tells: true },
      }
      expect(t.fixOf(thrown), error.id).toBe(ja)
      expect(t.messageOf(thrown), error.id).toContain(error.meaning.ja.replace(/。$/, ''))
    }
  })

  it('an explanation stays as it is in English', async () => {
    const thrown = await failureOf(700082)
    expect(phrasesIn('en').fixOf(thrown)).toBe(thrown.fix)
  })
})
