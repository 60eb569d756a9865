import { LRUCache } from 'lru-cache'
import type { Clock } from '../../base/clock.ts'
import type { Secret } from '../../base/secret.ts'
import { freshSecret } from '../../credentials/credential.ts'
import { tokenHash } from '../sign-in-links.ts'
import type { Phrases } from '../texts/phrases.ts'
import type { Page } from './layout.ts'

/** The outcome of a callback, as a page. */
export interface CallbackResult {
  status: number
  headers?: Readonly<Record<string, string>>
  page(t: Phrases): Page
}

/**
 * Remembers the outcomes of callbacks. Each callback is processed once; the browser then leaves its
 * address, which holds a code, for one that can be reloaded. A convenience only: after a restart,
 * the page of the mailbox shows the state.
 */
export interface CallbackResults {
  /**
   * Processes a callback and returns the id of its outcome. A repeated callback, even a concurrent
   * one, gets the outcome of the first.
   * @param act throws where nothing was decided: the error is passed on and not remembered
   */
  once(callback: Callback, act: () => Promise<CallbackResult>): Promise<string>
  /** The id of the outcome, if this callback has been here. */
  of(callback: Callback): Promise<string> | undefined
  /** Returns an outcome only to the browser that it belongs to. */
  find(id: string, browser: Secret | undefined): CallbackResult | undefined
}

export interface Callback {
  state: string
  /** Absent when the callback belongs to no browser. */
  browser: Secret | undefined
}

const lifeMilliseconds = 24 * 3_600_000
const mostAtOnce = 1000

interface Kept {
  result: CallbackResult
  browser: string | undefined
  until: number
}

export function createCallbackResults(clock: Pick<Clock, 'monotonic'>): CallbackResults {
  const ids = new LRUCache<string, Promise<string>>({ max: mostAtOnce })
  const results = new LRUCache<string, Kept>({ max: mostAtOnce })

  function keep(result: CallbackResult, browser: string | undefined): string {
    const id = freshSecret().reveal()
    results.set(tokenHash(id), { result, browser, until: clock.monotonic() + lifeMilliseconds })
    return id
  }

  return {
    once(callback, act) {
      const key = keyOf(callback)
      const known = ids.get(key)
      if (known) return known
      const acting = act().then((result) => keep(result, hashOf(callback.browser)))
      ids.set(key, acting)
      return acting.catch((error: unknown) => {
        ids.delete(key)
        throw error
      })
    },

    of: (callback) => ids.get(keyOf(callback)),

    find(id, browser) {
      const kept = results.get(tokenHash(id))
      if (!kept || kept.until <= clock.monotonic()) return undefined
      return kept.browser === undefined || kept.browser === hashOf(browser) ? kept.result : undefined
    },
  }
}

function keyOf({ state, browser }: Callback): string {
  return tokenHash(`${hashOf(browser) ?? ''} ${state}`)
}

function hashOf(browser: Secret | undefined): string | undefined {
  return browser && tokenHash(browser.reveal())
}
