import { Failure } from '../base/failure.ts'

/** A person's paste as the callback that it stands for. */
export interface PastedAnswer {
  callback: URL
  /** Only a code was there: nothing else of the callback can be checked. */
  codeOnly: boolean
}

/** RFC 6749, appendix A.11. */
const code = /^[\x21-\x7e]{4,4096}$/

/**
 * Reads what a person pasted: the address that the browser ended at, or the code that the provider's page showed.
 * @param state of the consent under way, which a code alone does not bring along
 * @throws Failure `invalid`
 */
export function pastedAnswer(text: string, redirectUri: string, state: string): PastedAnswer {
  const pasted = text.trim()
  const callback = new URL(redirectUri)
  const query = /^[a-z][a-z0-9+.-]*:[^?#]*[?#]([^#]*)/i.exec(pasted)?.[1] ?? /^\?(.+)$/.exec(pasted)?.[1]
  if (query !== undefined) {
    callback.search = query
    const { searchParams } = callback
    if (searchParams.has('state') && (searchParams.has('code') || searchParams.has('error')))
      return { callback, codeOnly: false }
  } else if (code.test(pasted) && !pasted.includes('://')) {
    callback.search = new URLSearchParams({ code: pasted, state }).toString()
    return { callback, codeOnly: true }
  }
  throw new Failure('invalid', 'This is not what the browser ended at', {
    fix: 'Copy the whole address from the address bar of the browser, or the code that the page shows.',
  })
}
