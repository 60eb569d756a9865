import type { Request } from 'express'
import { Secret } from '../base/secret.ts'
import type { Guard } from '../guessing/guard.ts'
import { sourceKey } from './source-key.ts'

/**
 * Counts an API key, link or `state` that was wrong, for the source of the request: the address of its connection, because what
 * a header says of that is anybody's claim. A right one never comes here and goes on working: nobody guesses 256 bits.
 * @throws Failure `limit-reached` when the source has no more guesses
 */
export type CountWrongSecret = (request: Request, presented: string) => void

export function createWrongSecretCount(guard: Pick<Guard, 'refused'>): CountWrongSecret {
  return (request, presented) => {
    guard.refused(sourceKey(request), new Secret(presented))
  }
}
