import { LRUCache } from 'lru-cache'
import type { Clock } from '../../base/clock.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { Html } from '../html.ts'
import { tokenHash } from '../sign-in-links.ts'
import type { LeftWords, Page } from './layout.ts'

/**
 * What a form did, between its POST and the page that the browser is redirected to. Kept in memory,
 * for the one signed-in browser, and forgotten after a while: after a restart the page comes without
 * it.
 */
export interface FormAnswers {
  /** Words for the next visit of this session to a path. */
  leave(session: string, path: string, left: LeftWords): void
  /** The words, once. */
  take(session: string, path: string): LeftWords | undefined
  /**
   * Keeps a page that shows what is shown only now, such as a password. It can be loaded again for a
   * while, and loading it again does nothing again.
   * @param pieces what is shown as it comes; it is asked for now, whether somebody looks or not
   * @returns its id
   */
  keep(session: string, page: ShownPage, pieces?: AsyncIterable<Html>): string
  find(session: string, id: string): Answer | undefined
}

export type ShownPage = Omit<Page, 'session'>

export interface Answer {
  page: ShownPage
  /** What follows its body: the pieces that are there, then each as it comes. */
  pieces(): AsyncIterable<Html>
}

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 500

interface Kept<What> {
  what: What
  until: number
}

export function createFormAnswers(clock: Pick<Clock, 'monotonic'>): FormAnswers {
  const words = new LRUCache<string, Kept<LeftWords>>({ max: mostAtOnce })
  const pages = new LRUCache<string, Kept<Answer>>({ max: mostAtOnce })

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
    keep(session, page, pieces) {
      const id = freshSecret().reveal()
      const answer = { page, pieces: pieces ? remembered(pieces) : async function* () {} }
      pages.set(`${session} ${tokenHash(id)}`, lasting(answer))
      return id
    },
    find: (session, id) => living(pages.get(`${session} ${tokenHash(id)}`)),
  }
}

/**
 * Takes all of what comes once, and gives it to whoever asks, as often as they ask; a failure as
 * well, after what came before it.
 */
function remembered<What>(source: AsyncIterable<What>): () => AsyncIterable<What> {
  const came: What[] = []
  const waiting: (() => void)[] = []
  let isOver = false
  const wake = () => {
    for (const go of waiting.splice(0)) go()
  }
  const all = (async () => {
    try {
      for await (const one of source) {
        came.push(one)
        wake()
      }
    } finally {
      isOver = true
      wake()
    }
  })()
  // Whoever looks is told, and nobody else.
  all.catch(() => {})
  return async function* () {
    for (let seen = 0; ; seen += 1) {
      while (seen === came.length && !isOver) await new Promise<void>((go) => waiting.push(go))
      const one = came[seen]
      if (one === undefined) return await all
      yield one
    }
  }
}
