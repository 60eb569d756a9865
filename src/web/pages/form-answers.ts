import { setTimeout as pause } from 'node:timers/promises'
import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import { Secret } from '../../base/secret.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { PassingStore } from '../../store/ports.ts'
import { Html } from '../html.ts'
import { tokenHash } from '../sign-in-links.ts'
import { type KeptPage, keptPage, type LeftWords, type Page, pageOf } from './layout.ts'

/**
 * What a form did, between its POST and the page that the browser is redirected to, whichever process
 * answers either. Kept for the one signed-in browser, and forgotten after a while.
 */
export interface FormAnswers {
  /** Words for the next visit of this session to a path. Never rejects: they are said or missing. */
  leave(session: string, path: string, left: LeftWords): Promise<void>
  /** Takes what was left for this session at the path of a request, before its page is rendered. */
  arrive(request: Request, session: string): Promise<void>
  /** What was taken for it. */
  arrived(request: Request): LeftWords | undefined
  /**
   * Keeps a page that shows what is shown only now, such as a password. It can be loaded again for a
   * while, and loading it again does nothing again.
   * @param pieces what is shown as it comes; it is asked for now, whether somebody looks or not
   * @returns its id
   */
  keep(session: string, page: ShownPage, pieces?: AsyncIterable<Html>): Promise<string>
  find(session: string, id: string): Promise<Answer | undefined>
}

export type ShownPage = Omit<Page, 'session'>

export interface Answer {
  page: ShownPage
  /** What follows its body: the pieces that are there, then each as it comes. */
  pieces(): AsyncIterable<Html>
}

const lifeSeconds = 15 * 60
const mostAtOnce = 500
/** Of another process, while its pieces still come. */
const lookMilliseconds = 500
const mostLooks = 240

interface KeptAnswer {
  page: KeptPage
  /** Absent while they come, which the process that has them shows one by one. */
  pieces?: string[]
}

export function createFormAnswers(passing: PassingStore): FormAnswers {
  /** Those whose pieces come here. */
  const coming = new LRUCache<string, Answer>({ max: mostAtOnce })
  const said = new WeakMap<Request, LeftWords>()

  async function put(key: string, { page, pieces }: KeptAnswer): Promise<void> {
    await passing.put('shown-page', key, new Secret(JSON.stringify({ page, pieces })), lifeSeconds)
  }

  async function kept(key: string): Promise<KeptAnswer | undefined> {
    const found = await passing.find('shown-page', key)
    return found && (JSON.parse(found.reveal()) as KeptAnswer)
  }

  /** Those that another process gets, when it has them all. */
  async function* piecesOf(key: string, { pieces }: KeptAnswer): AsyncIterable<Html> {
    let all = pieces
    for (let looks = 0; !all && looks < mostLooks; looks += 1) {
      await pause(lookMilliseconds)
      all = (await kept(key))?.pieces
    }
    for (const piece of all ?? []) yield Html.fromKept(piece)
  }

  async function keepAll(key: string, page: KeptPage, source: AsyncIterable<Html>): Promise<void> {
    const pieces: string[] = []
    for await (const piece of source) pieces.push(piece.toString())
    await put(key, { page, pieces })
    coming.delete(key)
  }

  return {
    async leave(session, path, { words, isRefusal }) {
      const left = new Secret(JSON.stringify({ words: words.toString(), isRefusal }))
      await passing.put('form-words', keyOf(session, path), left, lifeSeconds).catch(() => {})
    },
    async arrive(request, session) {
      // The script that keeps a page current is not somebody who reads.
      if (request.method !== 'GET' || request.get('X-Live') !== undefined) return
      const found = await passing.take('form-words', keyOf(session, request.url.replace(/\?.*$/s, '')))
      if (!found) return
      const { words, isRefusal } = JSON.parse(found.reveal()) as { words: string; isRefusal?: boolean }
      said.set(request, { words: Html.fromKept(words), ...(isRefusal !== undefined && { isRefusal }) })
    },
    arrived: (request) => said.get(request),
    async keep(session, page, pieces) {
      const id = freshSecret().reveal()
      const key = keyOf(session, id)
      if (!pieces) {
        await put(key, { page: keptPage(page), pieces: [] })
        return id
      }
      const all = remembered(pieces)
      coming.set(key, { page, pieces: all })
      await put(key, { page: keptPage(page) })
      // What fails is told to whoever looks here while it does.
      keepAll(key, keptPage(page), all()).catch(() => {})
      return id
    },
    async find(session, id) {
      const key = keyOf(session, id)
      const here = coming.get(key)
      if (here) return here
      const found = await kept(key)
      return found && { page: pageOf(found.page), pieces: () => piecesOf(key, found) }
    },
  }
}

function keyOf(session: string, of: string): string {
  return tokenHash(`${session} ${of}`)
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
