import { type KeyedHash, Secret } from '../base/secret.ts'
import type { Verifier } from '../store/ports.ts'
import type { ChosenPasswords } from './chosen-password.ts'
import { freshPassword } from './fresh-secret.ts'
import { checkChosenPassword } from './password-policy.ts'
import type { LoginRequest } from './services.ts'

export interface VerifierNeeds {
  keyedHash: KeyedHash
  chosenPasswords: Pick<ChosenPasswords, 'hash'>
}

/** How the password of a new login will be recognised, and the password itself if it was made here. */
export interface NewVerifier {
  verifier: Verifier
  password?: Secret
}

/**
 * @param id of the login
 * @param names that the password may not repeat
 * @throws Failure `invalid` for a chosen password that is easy to guess
 */
export async function makeVerifier(
  { keyedHash, chosenPasswords }: VerifierNeeds,
  request: Pick<LoginRequest, 'password' | 'cramMd5' | 'withoutPassword'>,
  id: string,
  names: readonly string[],
): Promise<NewVerifier> {
  if (request.withoutPassword) return { verifier: { kind: 'none' } }
  if (request.password === undefined) {
    const password = freshPassword()
    if (request.cramMd5) return { verifier: { kind: 'sealed', generated: true, password }, password }
    return { verifier: { kind: 'keyed', hash: hashOfGenerated(keyedHash, id, password.reveal()) }, password }
  }
  const chosen = checkChosenPassword(request.password.reveal(), names)
  if (request.cramMd5) {
    return { verifier: { kind: 'sealed', generated: false, password: new Secret(chosen) } }
  }
  return { verifier: await chosenPasswords.hash(chosen) }
}

/** The keyed hash of a generated password. The id is in it, so that a hash copied to another row opens nothing. */
export function hashOfGenerated(keyedHash: KeyedHash, loginId: string, password: string): string {
  return keyedHash('login', `${loginId}:${password}`)
}
