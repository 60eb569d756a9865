import { LRUCache } from 'lru-cache'
import type { Clock } from '../../base/clock.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { Html } from '../html.ts'
import { tokenHash } from '../sign-in-links.ts'
import type { Page } from './layout.ts'

/**
 * What a form did, between its POST and the page that the browser is redirected to. Kept in memory,
 * for the one signed-in browser, and forgotten after a while: after a restart the page comes without
 * it.
 */
export interface FormAnswers {
  /** Words for the next visit of this session to a path. */
  leave(session: string, path: string, words: Html): void
  /** The words, once. */
  take(session: string, path: string): Html | undefined
  /**
   * Keeps a page that shows what is shown only now, such as a password. It can be loaded again for a
   * while, and loading it again does nothing again.
   * @returns its id
   */
  keep(session: string, page: Omit<Page, 'session'>): string
  find(session: string, id: string): Omit<Page, 'session'> | undefined
}

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 500

interface Kept<What> {
  what: What
  until: number
}

export function createFormAnswers(clock: Pick<Clock, 'monotonic'>): FormAnswers {
  const words = new LRUCache<string, Kept<Html>>({ max: mostAtOnce })
  const pages = new LRUCache<string, Kept<Omit<Page, 'session'>>>({ max: mostAtOnce })

  function living<What>(kept: Kept<What> | undefined): What | undefined {
    return kept && clock.monotonic() < kept.until ? kept.what : undefined
  }
  const lasting = <What>(what: What): Kept<What> => ({ what, until: clock.monotonic() + lifeMilliseconds })

  return {
    leave(session, path, left) {
      words.set(`${session} ${path}`, lasting(left))
    },
    take(session, path) {
      const key = `${session} ${path}`
      const left = words.get(key)
      words.delete(key)
      return living(left)
    },
    keep(session, page) {
      const id = freshSecret().reveal()
      pages.set(`${session} ${tokenHash(id)}`, lasting(page))
      return id
    },
    find: (session, id) => living(pages.get(`${session} ${tokenHash(id)}`)),
  }
}
