import type { KnownCause } from '../../base/failure.ts'
import { briefFix, fillCommand, knownErrors } from '../../providers/errors/known-errors.ts'

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
