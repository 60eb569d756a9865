import { LRUCache } from 'lru-cache'
import type { KeyedHash, Secret } from '../base/secret.ts'
import { createProcessMark } from '../guessing/process-mark.ts'
import type { ChosenPasswords } from './chosen-password.ts'
import type { Proof } from './login-check.ts'
import { hashOfGenerated } from './login-verifier.ts'
import { preparePassword } from './password-policy.ts'
import { sameHash } from './same-hash.ts'

/**
 * The password itself, as PLAIN and LOGIN bring it. A generated one that is right costs one HMAC, a chosen one pays
 * its scrypt once in the life of the process.
 */
export function createPasswordProofs(
  keyedHash: KeyedHash,
  chosenPasswords: Pick<ChosenPasswords, 'matches'>,
) {
  const mark = createProcessMark()
  const proven = new LRUCache<string, true>({ max: 1000 })

  return (secret: Secret): Proof => {
    const password = preparePassword(secret.reveal())
    return {
      secret,
      fits: () => true,
      matchesGenerated({ id, verifier }) {
        if (password === undefined) return false
        if (verifier.kind === 'keyed')
          return sameHash(hashOfGenerated(keyedHash, id, password), verifier.hash)
        return verifier.kind === 'sealed' && verifier.generated && isSame(password, verifier.password)
      },
      async matchesChosen({ id, verifier }, asker) {
        if (password === undefined) return { matches: false, paid: false }
        if (verifier.kind === 'sealed') {
          return { matches: !verifier.generated && isSame(password, verifier.password), paid: false }
        }
        if (verifier.kind !== 'scrypt') return { matches: false, paid: false }
        // A device that signs in every minute costs no scrypt. Whether its login is still good is asked of the store each time.
        const thisOne = mark(id, verifier.hash, password)
        if (proven.has(thisOne)) return { matches: true, paid: false }
        const matches = await chosenPasswords.matches(password, verifier, asker)
        if (matches) proven.set(thisOne, true)
        return { matches, paid: true }
      },
    }
  }

  function isSame(password: string, kept: Secret): boolean {
    // Marks are equally long, passwords are not.
    return sameHash(mark(password), mark(kept.reveal()))
  }
}
