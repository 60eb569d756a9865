import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { KeyedHash } from '../base/secret.ts'
import { createProcessMark } from '../guessing/process-mark.ts'
import type { PageRole, PageVerifier } from '../store/ports.ts'

/**
 * Tells a password of the pages that may be right from a flood of wrong ones, without work and without a line, so that no flood keeps it
 * out. Looking here costs nothing, so it must not be done without end by somebody who guesses.
 */
export interface QuickLooks {
  /** It was right, or was set, since the start. */
  remember(role: PageRole, verifier: PageVerifier, password: string): void
  /** `perhaps`: its hint fits, as that of one wrong password in a thousand does. `unknown` also when there were too many wrong ones: then somebody
   * has to look in the proper way. */
  look(role: PageRole, verifier: PageVerifier, password: string): 'right' | 'perhaps' | 'unknown'
  /** One that was `perhaps` right is wrong. */
  refute(role: PageRole, verifier: PageVerifier, password: string): void
}

/** As many as a flood of minutes, and far from enough to find what the password policy accepts: days of guessing at the usual rate. */
const looks = 100_000
/** In the long run no more than the usual wait between guesses allows. */
const millisecondsForOne = 3_000
/** Those cost no look when they come again. */
const wrongOnesRemembered = 1_000

export interface QuickLooksNeeds {
  hintOf: PasswordHint
  clock: Pick<Clock, 'monotonic'>
}

export function createQuickLooks({ hintOf, clock }: QuickLooksNeeds): QuickLooks {
  const mark = createProcessMark()
  const proven = new Map<string, string>()
  const wrongOnes = new LRUCache<string, true>({ max: wrongOnesRemembered })
  let [left, since] = [looks, clock.monotonic()]

  return {
    remember(role, verifier, password) {
      const thisOne = mark(role, verifier.hash, password)
      proven.set(role, thisOne)
      wrongOnes.delete(thisOne)
    },
    refute: (role, verifier, password) => void wrongOnes.set(mark(role, verifier.hash, password), true),
    look(role, verifier, password) {
      const thisOne = mark(role, verifier.hash, password)
      if (wrongOnes.get(thisOne) || !hasLook()) return 'unknown'
      // Marks of another key each time tell nothing by how long they are compared.
      if (proven.get(role) === thisOne) return 'right'
      left -= 1
      if (verifier.hint !== undefined && verifier.hint === hintOf(verifier.salt, password)) return 'perhaps'
      wrongOnes.set(thisOne, true)
      return 'unknown'
    },
  }

  function hasLook(): boolean {
    const now = clock.monotonic()
    left = Math.min(looks, left + (now - since) / millisecondsForOne)
    since = now
    return left >= 1
  }
}

/** What is kept of a password beside its verifier: see `createPasswordHint`. */
export type PasswordHint = (salt: string, password: string) => number

/**
 * Ten bits of a keyed hash of a password. After a restart nobody remembers what was right, and a flood of wrong passwords would fill every place at
 * scrypt: the hint keeps a thousand of them away for one that it lets through. Without the key it tells nothing; with the key and the
 * database, each scrypt of whoever guesses still finds out no more than a thousand candidates.
 */
export function createPasswordHint(keyedHash: KeyedHash): PasswordHint {
  return (salt, password) =>
    Buffer.from(keyedHash('page-password', JSON.stringify([salt, password])), 'base64url').readUInt16BE() >> 6
}
