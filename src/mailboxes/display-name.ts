import { Failure } from '../base/failure.ts'
import { normalForm } from '../base/text.ts'

/**
 * Reads what people call a login or an API key: NFC, trimmed, at most 100 characters, one line. Empty means `fallback`.
 * @throws Failure `invalid`
 */
export function parseDisplayName(text: string | undefined, fallback: string): string {
  const name = normalForm(text ?? '').trim()
  if (name === '') return fallback
  if ([...name].length > 100 || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new Failure('invalid', 'A name has at most 100 characters and no control or invisible ones', {
      fix: 'Give a short name, such as "Printer, 2nd floor".',
    })
  }
  return name
}
