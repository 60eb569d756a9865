import type { KnownCause } from '../../base/failure.ts'
import type { KnownError } from '../../providers/errors/known-error.ts'
import { briefFix, fillCommand, knownErrors } from '../../providers/errors/known-errors.ts'
import type { Dictionary } from './translation.ts'

/** What failures say of known errors, in Japanese: their meanings, and the fixes with their commands. */
export function japaneseOfErrors(): Dictionary {
  return Object.fromEntries(knownErrors.flatMap((error) => [...meaningsOf(error), fixOf(error)]))
}

function meaningsOf({ meaning: { en, ja } }: KnownError): [string, string][] {
  return [
    [en, ja],
    // At the end of the message of a failure.
    [`{1}: ${en.replace(/\.$/, '')}`, `{1}: ${ja.replace(/。$/, '')}`],
  ]
}

/** What a failure says of the known error behind it. */
export function knownInJapanese({
  id,
  values,
  tells,
}: KnownCause): { meaning?: string; fix: string } | undefined {
  const error = knownErrors.find((one) => one.id === id)
  if (!error) return undefined
  const fix = briefFix(error, 'ja', (command) => fillCommand(command, values))
  return { ...(tells && { meaning: error.meaning.ja.replace(/。$/, '') }), fix }
}

/** The commands are the same in every language, so their places have the same numbers. */
function fixOf(error: KnownError): [string, string] {
  const numbered = (language: 'en' | 'ja') => {
    let count = 0
    return briefFix(error, language, ({ text }) =>
      text.replace(/\{\w+\}/g, () => {
        count += 1
        return `{${count}}`
      }),
    )
  }
  return [numbered('en'), numbered('ja')]
}
