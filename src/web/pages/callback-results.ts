import { setTimeout as pause } from 'node:timers/promises'
import { Secret } from '../../base/secret.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { PassingStore } from '../../store/ports.ts'
import { tokenHash } from '../sign-in-links.ts'
import { languages, type Phrases, phrasesIn } from '../texts/phrases.ts'
import { type KeptPage, keptPage, type Page, pageOf } from './layout.ts'

/** The outcome of a callback, as a page. */
export interface CallbackResult {
  status: number
  headers?: Readonly<Record<string, string>>
  page(t: Phrases): Page
}

/**
 * Remembers the outcomes of callbacks. Each callback is processed once; the browser then leaves its
 * address, which holds a code, for one that can be reloaded. A convenience only: when it is forgotten,
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
  of(callback: Callback): Promise<string | undefined>
  /** Returns an outcome only to the browser that it belongs to. */
  find(id: string, browser: Secret | undefined): Promise<CallbackResult | undefined>
}

export interface Callback {
  state: string
  /** Absent when the callback belongs to no browser. */
  browser: Secret | undefined
}

const lifeSeconds = 24 * 3_600
/** Nobody waits for a process that has ended meanwhile. */
const mostActingSeconds = 60
const lookMilliseconds = 250

/** As it is kept: in each language, because another process may show it. */
interface Kept extends Omit<CallbackResult, 'page'> {
  pages: Record<string, KeptPage>
  /** A hash; absent where it belongs to no browser. */
  browser?: string | undefined
}

export function createCallbackResults(passing: PassingStore): CallbackResults {
  /** Those that are under way here. */
  const acting = new Map<string, Promise<string>>()

  async function keep({ page, ...result }: CallbackResult, browser: string | undefined): Promise<string> {
    const id = freshSecret().reveal()
    const pages = Object.fromEntries(
      languages.map((language) => [language, keptPage(page(phrasesIn(language)))]),
    )
    const kept: Kept = { ...result, pages, browser }
    await passing.put('callback-result', tokenHash(id), new Secret(JSON.stringify(kept)), lifeSeconds)
    return id
  }

  async function act(key: string, callback: Callback, work: () => Promise<CallbackResult>): Promise<string> {
    // Another process may be at it, or have been.
    for (let waited = 0; !(await passing.claim('callback', key, underWay, mostActingSeconds)); ) {
      const known = await idOf(key)
      if (known !== undefined) return known
      if (waited >= mostActingSeconds * 1000) break
      waited += lookMilliseconds
      await pause(lookMilliseconds)
    }
    try {
      const id = await keep(await work(), hashOf(callback.browser))
      await passing.put('callback', key, new Secret(id), lifeSeconds)
      return id
    } catch (error) {
      await passing.take('callback', key).catch(() => {})
      throw error
    }
  }

  async function idOf(key: string): Promise<string | undefined> {
    const found = (await passing.find('callback', key))?.reveal()
    return found === '' ? undefined : found
  }

  return {
    once(callback, work) {
      const key = keyOf(callback)
      const known = acting.get(key)
      if (known) return known
      const begun = act(key, callback, work).finally(() => acting.delete(key))
      acting.set(key, begun)
      return begun
    },

    async of(callback) {
      const key = keyOf(callback)
      return acting.get(key) ?? (await idOf(key))
    },

    async find(id, browser) {
      const found = await passing.find('callback-result', tokenHash(id))
      if (!found) return undefined
      const { pages, browser: owner, ...result } = JSON.parse(found.reveal()) as Kept
      if (owner !== undefined && owner !== hashOf(browser)) return undefined
      return { ...result, page: ({ language }) => pageOf(pages[language] ?? pages.en ?? nothing) }
    },
  }
}

/** What is claimed and has come to nothing yet. */
const underWay = new Secret('')
const nothing: KeptPage = { title: '', body: '' }

function keyOf({ state, browser }: Callback): string {
  return tokenHash(`${hashOf(browser) ?? ''} ${state}`)
}

function hashOf(browser: Secret | undefined): string | undefined {
  return browser && tokenHash(browser.reveal())
}
