import { keepSession } from './corpus.js'
import { createLedger } from './ledger.js'
import { playSession } from './play-session.js'
import { readTranscript } from './read-transcript.js'
import { describePlan } from './session-plan.js'
import { setStage } from './stage.js'
import { expectVitalsBack, settledVitals } from './vitals.js'

/**
 * Plays sessions side by side against one postern and compares what clients were told with what the provider keeps.
 *
 * @typedef {import('./session-plan.js').SessionPlan} SessionPlan
 * @typedef {import('./play-session.js').Segment} Segment
 * @typedef {{ plan: SessionPlan | undefined, fault: string }} Fault `plan`: the session to blame, where one is known
 *
 * @typedef {object} SessionRun
 * @property {Fault[]} faults
 * @property {number} sessions
 * @property {number} seconds
 * @property {{ accepted: number, refused: number, unknown: number, kept: number }} messages
 * @property {string[]} vitals
 *
 * @param {(number: number) => SessionPlan | undefined} planOf one for each number from 0; undefined: that was all
 * @param {{ lanes?: number, warmUp?: number, onProgress?: (done: number) => void }} [options] `warmUp`: after so many sessions
 *   descriptors and memory are taken as the base
 * @returns {Promise<SessionRun>}
 */
export async function runSessions(planOf, { lanes = 48, warmUp = 100, onProgress } = {}) {
  const ledger = createLedger()
  /** @type {Fault[]} */
  const faults = []
  /** @type {Map<string, SessionPlan>} */
  const open = new Map()
  /** Faults that are seen beside the sessions belong to one of those that are open. */
  const suspect = (/** @type {string} */ fault) => {
    const numbers = [...open.values()].map(({ name }) => name.split('-').at(-1)).join(', ')
    faults.push({ plan: undefined, fault: `${fault}\n  while these were open: ${numbers}` })
  }
  const stage = await setStage({ onMessage: ledger.kept, onFault: suspect })
  let next = 0
  let done = 0
  const began = performance.now()

  /** @param {number} end */
  async function lane(end) {
    while (next < end && faults.length < 20) {
      const plan = planOf(next++)
      if (plan === undefined) return
      open.set(plan.name, plan)
      const transcript = await playSession(plan, stage)
      for (const fault of judge(plan, transcript, stage, ledger)) faults.push({ plan, fault })
      open.delete(plan.name)
      onProgress?.(++done)
    }
  }
  const play = (/** @type {number} */ end) => Promise.all(Array.from({ length: lanes }, () => lane(end)))

  try {
    await Promise.race([play(warmUp), stage.broker.crash])
    const base = await settledVitals(stage)
    await Promise.race([play(Number.POSITIVE_INFINITY), stage.broker.crash])
    const seconds = (performance.now() - began) / 1000
    const { problems, vitals } = await expectVitalsBack(base, stage)
    for (const problem of problems) suspect(problem)
    for (const { session, fault } of ledger.settle())
      faults.push({ plan: planNamed(planOf, session, next), fault })
    return { faults, sessions: done, seconds, messages: ledger.counts, vitals }
  } catch (error) {
    suspect(/** @type {Error} */ (error).message)
    for (const plan of open.values()) faults.push({ plan, fault: 'was open at that moment' })
    return {
      faults,
      sessions: done,
      seconds: (performance.now() - began) / 1000,
      messages: ledger.counts,
      vitals: [],
    }
  } finally {
    await stage.close()
  }
}

/**
 * @param {SessionPlan} plan
 * @param {import('./play-session.js').Transcript} transcript
 * @param {import('./stage.js').Stage} stage
 * @param {ReturnType<typeof createLedger>} ledger
 */
function judge(plan, { segments, hung, closedByServer }, stage, ledger) {
  const faults = segments.flatMap((segment) => {
    if (looksLikeTls(segment)) return []
    const reading = readTranscript(segment, plan.mends)
    for (const message of reading.messages) ledger.sent(plan.name, message)
    return reading.faults
  })
  const received = segments.map((segment) => segment.received).join('')
  if (hung) faults.push('the connection was not closed in time')
  if (closedByServer && endsWithoutAWord(segments)) faults.push('the connection was closed without a word')
  for (const name of stage.watch.find(received)) faults.push(`a reply shows a secret: ${name}`)
  return faults
}

/** After STARTTLS, or what looks like TLS, there is nobody to say anything to. @param {Segment[]} segments */
function endsWithoutAWord(segments) {
  const last = /** @type {Segment} */ (segments.at(-1))
  if (looksLikeTls(last) || /STARTTLS/i.test(last.sent)) return false
  return !/(?:^|\r\n)(?:221|[45]\d\d) [^\r\n]*\r\n$/.test(last.received)
}

/** A handshake, of TLS or of SSL 2, that was never meant: answered by an alert or by nothing, not by replies. @param {Segment} segment */
function looksLikeTls({ greets, sent }) {
  const isRecord = sent === '\x16' || sent.startsWith('\x16\x03')
  const version = sent.slice(2, 5)
  const isHello = sent.length < 5 || version === '\x01\0\x02' || version.startsWith('\x01\x03')
  return greets && (isRecord || (isHello && /^[\x80-\x87]/.test(sent)))
}

/** @param {(number: number) => SessionPlan | undefined} planOf @param {string} session @param {number} end */
function planNamed(planOf, session, end) {
  if (session.startsWith('#')) return planOf(Number(session.slice(1)))
  for (let number = 0; number < end; number++) {
    const plan = planOf(number)
    if (plan?.name === session) return plan
  }
  return undefined
}

/** What to print, and the inputs kept for the next run. @param {Fault[]} faults */
export async function reportFaults(faults) {
  const texts = []
  for (const { plan, fault } of faults) {
    const kept = plan && (await keepSession(plan))
    texts.push(
      plan
        ? `${fault}\n${describePlan(plan)}\n  kept in ${kept}; replay it alone: npm run fuzz -- --replay ${kept}`
        : fault,
    )
  }
  return texts
}
