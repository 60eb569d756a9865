import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Limits } from '../../src/model/limits.ts'
import type { Authority } from './certificates.ts'
import { eventually } from './eventually.ts'
import { type HostileProvider, type HostileStage, setHostileStage } from './hostile-stage.ts'
import type { Submission, SubmissionAnswers } from './mail-session.ts'
import { type TimerWatch, watchTimers } from './timer-watch.ts'

/** One thing that a provider does, and what a client of postern gets to hear of it. */
export interface HostileRow extends HostileProvider {
  /** Behind "a provider that". */
  what: string
  submission?: Submission
  answered: SubmissionAnswers
  /** It may hear the access token, under TLS. */
  trusted?: true
  /** All that it has heard in the end, on each connection: what may be one bad machine of many is tried once more on a new one. */
  heard?: RegExp
  /** A part of what the log says. */
  logged?: string
}

export const answers = {
  laterSignIn: { AUTH: expect.stringMatching(/^454 4\.7\.0 /) },
  retrySignIn: { AUTH: expect.stringMatching(/^454 4\.7\.0 .*\[postern:RETRY\]/) },
  wrongSetUp: { AUTH: expect.stringMatching(/^454 4\.7\.0 .*\[postern:CONFIG\]/) },
  retryRecipient: { RCPT: expect.stringMatching(/^451 4\.4\.1 .*\[postern:RETRY\]/) },
  retryMessage: { message: expect.stringMatching(/^451 4\.4\.1 .*\[postern:RETRY\]/) },
  nobodyKnows: { message: expect.stringMatching(/^451 4\.4\.2 /) },
  sent: { message: '250 2.0.0 Queued' },
} satisfies Record<string, SubmissionAnswers>

/**
 * Plays every row before one and the same postern. Each time somebody else sends meanwhile, by a good provider; the
 * access token reaches nobody who must not have it, the log neither; and no connection to the provider is left. In the end no timer
 * and no socket is.
 */
export function playHostileRows(
  rows: readonly HostileRow[],
  limits: Partial<Limits> = {},
  known?: Authority,
): void {
  let stage: HostileStage
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  let before = 0
  let timers: TimerWatch
  beforeAll(async () => {
    before = sockets()
    timers = watchTimers('src/upstream')
    stage = await setHostileStage(rows, limits, known)
  })
  afterAll(async () => {
    // While postern is still at work: nobody sends any more, so nothing may wait for anything.
    await eventually('no timer is left', () => timers.live().length === 0).catch(() => {})
    const left = timers.live()
    timers.stop()
    await stage?.close()
    expect(left).toEqual([])
    await eventually('every socket is closed', () => sockets() <= before)
  })

  describe.concurrent('a provider that', () => {
    it.each(rows.map((row, place) => ({ ...row, place })))('$what', async (row) => {
      const provider = stage.providers[row.place]
      const [heard, elsewhere] = await Promise.all([
        stage.send(row.place, row.submission),
        eventually('the provider is met', () => (provider?.heard.length ?? 0) > 0).then(stage.sendElsewhere),
      ])
      expect(elsewhere).toMatchObject(answers.sent)
      expect(heard).toMatchObject(row.answered)
      await eventually('every connection to it ends', () => provider?.open() === 0)

      const token = stage.tokens[row.place] ?? ''
      expect(readable(provider?.heard).includes(token)).toBe(row.trusted === true)
      expect(readable(provider?.heardInTheClear)).not.toContain(token)
      for (const connection of provider?.heard ?? []) expect(connection).toMatch(row.heard ?? /^/)
      expect(stage.logged(row.place)).toContain(row.logged ?? '')
      expect(readable([stage.logged(row.place)])).not.toContain(token)
    })
  })
}

/** What a provider heard, and every base64 word of it in the plain. */
function readable(heard: readonly string[] = []): string {
  const text = heard.join('\n')
  const words = text.match(/[A-Za-z0-9+/]{8,}={0,2}/g) ?? []
  return [text, ...words.map((word) => Buffer.from(word, 'base64').toString('latin1'))].join('\n')
}
