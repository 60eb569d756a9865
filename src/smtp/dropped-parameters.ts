import type { Log } from '../base/log.ts'

/** The parameters of MAIL and RCPT that nobody here knows: whoever misses what one asks for finds out that it goes no further. */
export interface DroppedParameters {
  /** A line for each keyword that was not there before, until there are too many. */
  note(client: string, keywords: readonly string[]): void
}

/** Programs know a few; a hundred is somebody's game. */
const mostKeywords = 100
const mostLetters = 40

export function createDroppedParameters(log: Log): DroppedParameters {
  const told = new Set<string>()
  return {
    note(client, keywords) {
      for (const keyword of keywords) {
        const parameter = keyword.slice(0, mostLetters)
        if (told.size >= mostKeywords || told.has(parameter)) continue
        told.add(parameter)
        log.debug({ client, parameter }, 'a parameter of a client is not passed on')
      }
    },
  }
}
