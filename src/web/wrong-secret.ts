import type { Request } from 'express'
import { Secret } from '../base/secret.ts'
import type { Guard } from '../guessing/guard.ts'
import { comesFromOtherSite } from './other-site.ts'
import { requestSource } from './source-key.ts'

/**
 * Counts an API key, link or `state` that was wrong, for the source of the request. A right one never comes here and goes on working: nobody
 * guesses 256 bits. What another site's page made a browser ask for is nobody's guess; and links that come from this machine or through a
 * proxy are not counted: it may be anybody, and whoever holds a link that has ended is to hear just that.
 * @throws Failure `limit-reached` when the source has no more guesses
 */
export type CountWrongSecret = (request: Request, presented: string, kind: 'key' | 'link') => void

export function createWrongSecretCount(guard: Pick<Guard, 'refused'>): CountWrongSecret {
  return (request, presented, kind) => {
    const { key, isShared } = requestSource(request)
    if (comesFromOtherSite(request) || (kind === 'link' && isShared)) return
    guard.refused(key, new Secret(presented))
  }
}
