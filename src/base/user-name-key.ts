import { normalForm } from './normal-form.ts'

/**
 * The form in which user names are compared (RFC 8265, section 3.3: UsernameCaseMapped): wide and narrow letters as the usual ones, small letters, NFC.
 * People type `Till@Example.com` on one device and `till@example.com` on the next, and mean the same login.
 */
export function userNameKey(userName: string): string {
  return normalForm(normalForm(userName.replace(wideOrNarrow, (one) => one.normalize('NFKC'))).toLowerCase())
}

/** The one of these, all with the same key, that a name means: the one that is spelled so, or the only one that there is. */
export function meantBy<Named extends { userName: string }>(
  alike: readonly Named[],
  userName: string,
): Named | undefined {
  const spelled = normalForm(userName)
  return alike.find((one) => one.userName === spelled) ?? (alike.length === 1 ? alike[0] : undefined)
}

// Halfwidth and Fullwidth Forms, which Unicode has for the sake of old character sets.
const wideOrNarrow = /[\uff01-\uffee]/g
