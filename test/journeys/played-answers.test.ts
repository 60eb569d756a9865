import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEntryStatus } from '../../src/journal/journal.ts'
import type { MailboxStatus, PauseStatus } from '../../src/mailboxes/mailboxes.ts'
import type { AnswerPattern, AnswerPhase, KnownError } from '../../src/providers/errors/known-error.ts'
import { isGeneral, knownErrors } from '../../src/providers/errors/known-errors.ts'
import {
  inTurns,
  type PlayedAnswer,
  type PlayedStage,
  setPlayedStage,
  wordsThatMatch,
} from '../support/played-stage.ts'

// Every answer of an authorization server that is known, played by a token endpoint, or brought back
// by the browser: what becomes of the grant, what the client hears, what waits, what the journal
// keeps, and what a person reads.

/** `renewal`: a client signs in, and its mailbox needs a token. The others are of a consent. */
type Moment = 'renewal' | 'code' | 'browser' | 'device'

const momentOf: Record<AnswerPhase, Moment> = {
  token: 'renewal',
  code: 'code',
  authorize: 'browser',
  device: 'device',
}

interface Play {
  error: KnownError
  moment: Moment
  /** `error` of OAuth. */
  name: string
  description: string
  answer: PlayedAnswer
  isServiceAccount: boolean
}

/** Google refuses these where an app asks without a person. */
const ofServiceAccounts = /^google-(sub-|sa-|jwt-|unauthorized_client-|dwd-)/

const plays: readonly Play[] = knownErrors.flatMap((error) => {
  const { when } = error
  if (when.layer !== 'answer') return []
  return when.phases.map((phase) => ({ error, moment: momentOf[phase], ...playOf(error, when) }))
})

function playOf(error: KnownError, when: AnswerPattern): Omit<Play, 'error' | 'moment'> {
  const [name, description] = [nameOf(error, when), descriptionOf(error, when)]
  return {
    name,
    description,
    answer: answerOf(error, when, { error: name, error_description: description }),
    isServiceAccount: ofServiceAccounts.test(error.id),
  }
}

/**
 * The name that comes with a number of Entra is documented nowhere. It is what the entry demands of
 * one: behaviour depends on the name alone.
 */
function nameOf({ kind, example }: KnownError, { error, phases }: AnswerPattern): string {
  const [, inExample] = /"error":"(\w+)"/.exec(example ?? '') ?? []
  if (error !== undefined) return error
  if (inExample !== undefined) return inExample
  if (kind.lasts === 'passes')
    return phases.includes('device') ? 'authorization_pending' : 'temporarily_unavailable'
  return kind.about === 'mailbox' ? 'invalid_grant' : 'invalid_client'
}

function descriptionOf({ example = '' }: KnownError, { number, words }: AnswerPattern): string {
  if (example.startsWith('AADSTS')) return example
  if (number !== undefined) return `AADSTS${number}: It is so. Trace ID: 1 Timestamp: 2026-11-29 10:00:00Z`
  return words === undefined ? 'It is so.' : wordsThatMatch(words)
}

function answerOf(
  { example, kind }: KnownError,
  { http, words, phases }: AnswerPattern,
  body: object,
): PlayedAnswer {
  const isDown = kind.lasts === 'passes' && !phases.includes('device')
  const status = http?.at(-1) ?? (isDown ? 503 : 400)
  // What is known by its status alone is a page of whatever stands in between.
  if (http && words === undefined)
    return { status, body: '<html>Sorry</html>', headers: { 'content-type': 'text/html' } }
  return { status, body: example?.startsWith('{') ? example : JSON.stringify(body) }
}

interface Rule {
  moment: Moment | 'consent'
  isServiceAccount?: boolean
  lasts?: KnownError['kind']['lasts']
  about?: readonly KnownError['kind']['about'][]
  /** Errors that blame the request, which one organisation may forbid and another allow. */
  names?: readonly string[]
  /** On another device. */
  polls?: true
  /** What becomes of the grant. */
  grant: MailboxStatus['state']
  hears?: RegExp
  waits?: PauseStatus['about']
}

const blamesTheRequest = [
  'invalid_scope',
  'invalid_request',
  'invalid_resource',
  'access_denied',
  'admin_policy_enforced',
]

/**
 * What follows from an entry. The first that fits counts. Only an answer about a person's consent
 * ends a grant; what is wrong with the registration holds up all of its mailboxes; what passes costs
 * a few seconds. A consent that fails takes nothing away.
 */
const rules: readonly Rule[] = [
  { moment: 'renewal', lasts: 'passes', grant: 'active', hears: /\[postern:RETRY\]$/, waits: 'token' },
  {
    moment: 'renewal',
    names: blamesTheRequest,
    grant: 'active',
    hears: /\[postern:CONFIG\]$/,
    waits: 'token',
  },
  // Nobody can consent again. With `invalid_grant` the fault may be of this one mailbox.
  {
    moment: 'renewal',
    isServiceAccount: true,
    names: ['invalid_grant'],
    grant: 'active',
    hears: /\[postern:CONFIG\]$/,
    waits: 'token',
  },
  { moment: 'renewal', about: ['mailbox'], grant: 'lapsed', hears: /\[postern:REAUTH\]$/ },
  { moment: 'renewal', grant: 'active', hears: /\[postern:CONFIG\]$/, waits: 'registration' },
  // Nobody has entered the code yet, so it is asked again.
  { moment: 'consent', lasts: 'passes', polls: true, grant: 'active', hears: /^pending$/ },
  { moment: 'consent', grant: 'active' },
]

function ruleFor({ error: { id, kind }, moment, name, isServiceAccount }: Play): Rule {
  const found = rules.find(
    (rule) =>
      rule.moment === (moment === 'renewal' ? moment : 'consent') &&
      (rule.isServiceAccount ?? isServiceAccount) === isServiceAccount &&
      (rule.polls === undefined || moment === 'device') &&
      (rule.lasts === undefined || rule.lasts === kind.lasts) &&
      (rule.about?.includes(kind.about) ?? true) &&
      (rule.names?.includes(name) ?? true),
  )
  if (!found) throw new Error(`No rule for ${id}`)
  return found
}

interface Outcome {
  /** The answer to AUTH, or what the browser showed. */
  heard: string
  status: MailboxStatus
  journal: readonly JournalEntryStatus[]
  page: string
}

async function playAll(stage: PlayedStage, here: readonly Play[]): Promise<Outcome[]> {
  const places = here.map((_, place) => place)
  const heard = await inTurns(here, (play) => hear(stage, play, here.indexOf(play)))
  const journal = await stage.journal()
  return inTurns(places, async (place) => {
    const { address, user } = stage.account(place)
    return {
      heard: heard[place] ?? '',
      status: await stage.status(place),
      journal: journal.filter(({ mailbox, login }) => mailbox === address || login === user),
      page: await stage.page(`/mailboxes/${address}`),
    }
  })
}

async function hear(stage: PlayedStage, play: Play, place: number): Promise<string> {
  const { moment, name, description } = play
  if (moment === 'renewal') return (await stage.send(place)).AUTH ?? 'nothing'
  if (moment === 'device') {
    const state = await stage.device(place, play.error.kind.lasts !== 'passes')
    return state.state === 'refused' ? `${state.message} ${state.fix}` : state.state
  }
  if (moment === 'code') return stage.consent(place, { code: 'the-code' })
  return stage.consent(place, { error: name, error_description: description })
}

const withoutStop = (text: string) => text.replace(/\.$/, '')

describe.each([
  ['at a renewal that nobody can mend but an administrator', 'renewal', true],
  ['at another renewal', 'renewal', false],
  ['in a consent', 'consent', undefined],
] as const)('a known answer %s', (_, moment, byAdministrator) => {
  const here = plays.filter(({ moment: own, error: { kind } }) =>
    moment === 'renewal'
      ? own === 'renewal' && (kind.who === 'administrator') === byAdministrator
      : own !== 'renewal',
  )
  let stage: PlayedStage
  let outcomes: readonly Outcome[]

  beforeAll(async () => {
    stage = await setPlayedStage(
      here.map(({ error: { family }, answer, isServiceAccount }) => ({ family, answer, isServiceAccount })),
    )
    outcomes = await playAll(stage, here)
  })
  afterAll(() => stage?.close())

  it.each(here.map((play, place) => [titleOf(play), play, place] as const))('%s', (_title, play, place) => {
    const { heard, status, journal, page } = outcomes[place] as Outcome
    const { error } = play
    const rule = ruleFor(play)
    const meaning = withoutStop(error.meaning.en)
    // The name of a general error says the same as its meaning.
    const tells = error.family !== 'any'
    expect(isGeneral(error)).toBe(false)

    const { pauses = [] } = status.sending ?? {}
    expect(status.state).toBe(rule.grant)
    expect(pauses.map(({ about }) => about)).toEqual(rule.waits === undefined ? [] : [rule.waits])
    if (rule.hears) expect(heard).toMatch(rule.hears)

    if (rule.polls) return
    const event = rule.moment === 'consent' ? 'consent.refused' : eventOf(rule)
    const entry = journal.find((one) => one.event === event)
    expect(entry).toMatchObject({ outcome: event === 'consent.refused' ? 'refused' : 'failed' })
    expect(entry?.details.known).toBe(error.id)

    if (rule.moment === 'consent') {
      if (tells) expect(heard).toContain(meaning)
      expect(heard).toContain(error.fix[0]?.words.en)
      return
    }
    expect(String(entry?.details.reason)).toContain(play.answer.body.startsWith('<') ? 'token endpoint' : '')
    expect(page).toContain(error.fix[0]?.words.en)
    if (rule.grant === 'lapsed') {
      expect(status.reason).toContain(play.name)
      return expect(page).toContain(meaning)
    }
    expect(pauses[0]?.failure?.known?.id).toBe(error.id)
    if (tells) expect(page).toContain(meaning)
    if (tells) expect(heard).toContain(meaning)
  })
})

function eventOf({ grant }: Rule): string {
  return grant === 'lapsed' ? 'grant.lapsed' : 'grant.renewal-failed'
}

const momentWords: Record<Moment, string> = {
  renewal: 'to a renewal',
  code: 'to the code of a consent',
  browser: 'that the browser brings back',
  device: 'to a device',
}

function titleOf({ error: { id }, moment }: Play): string {
  return `the answer ${id} ${momentWords[moment]} ends what it has to, and is kept and explained`
}

it('the known answers are played at a renewal and in a consent', () => {
  expect(plays.length).toBeGreaterThan(130)
  expect([...new Set(plays.map(({ moment }) => moment))].sort()).toEqual(Object.keys(momentWords).sort())
})
