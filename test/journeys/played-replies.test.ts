import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEntryStatus } from '../../src/journal/journal.ts'
import type { MailboxStatus, PauseStatus } from '../../src/mailboxes/mailboxes.ts'
import { seenReply } from '../../src/providers/errors/explained.ts'
import type { KnownError, ReplyPhase } from '../../src/providers/errors/known-error.ts'
import { findKnown, isGeneral, knownErrors } from '../../src/providers/errors/known-errors.ts'
import type { SubmissionAnswers } from '../support/mail-session.ts'
import { inTurns, type PlayedStage, setPlayedStage, wordsThatMatch } from '../support/played-stage.ts'
import { ehloReply, expectLine } from '../support/provider-scripts.ts'
import type { Client, Script } from '../support/scripted-provider.ts'

// Every reply of a mail server that is known, played by a mail server at the place in its session
// that the entry names: what the client hears, what waits, what the journal keeps, and what a person
// reads.

/** What the server answers in this way. `end`: the end of a message. */
type Moment = 'connect' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'end'

const momentsOf: Record<ReplyPhase, readonly Moment[]> = {
  connect: ['connect'],
  ehlo: ['ehlo'],
  starttls: ['starttls'],
  auth: ['auth'],
  mail: ['mail'],
  rcpt: ['rcpt'],
  data: ['data', 'end'],
  any: [],
}

const momentWords: Record<Moment, string> = {
  connect: 'instead of a greeting',
  ehlo: 'to EHLO',
  starttls: 'to STARTTLS',
  auth: 'to AUTH',
  mail: 'to MAIL',
  rcpt: 'to RCPT',
  data: 'to DATA',
  end: 'to the end of the message',
}

interface Play {
  error: KnownError
  moment: Moment
  /** The lines of the reply. */
  said: readonly [string, ...string[]]
  title: string
}

const plays: readonly Play[] = knownErrors
  .filter(({ when, family }) => when.layer === 'reply' && family !== 'postern')
  .flatMap((error) =>
    (error.when.layer === 'reply' ? error.when.phases : [])
      .flatMap((phase) => momentsOf[phase])
      .map((moment) => ({
        error,
        moment,
        said: saidOf(error),
        title: `the reply ${error.id} ${momentWords[moment]} is told, waited for, kept and explained`,
      })),
  )

/** As somebody met it, or the least that has everything by which it is known. */
function saidOf({ when, example, kind }: KnownError): [string, ...string[]] {
  if (when.layer !== 'reply') throw new Error('This is no reply')
  if (example !== undefined) return wholeReply(example.split('\n') as [string, ...string[]])
  const status = when.status && wordsThatMatch(when.status)
  const passing = status === undefined ? kind.lasts === 'passes' : status.startsWith('4')
  const code = (when.code && wordsThatMatch(when.code)) ?? ''
  const whole = code.length === 3 ? code : passing ? '451' : '550'
  const words = when.words === undefined ? 'No' : wordsThatMatch(when.words)
  return [[whole, status, words].filter((one) => one !== undefined).join(' ')]
}

/** Some are the first line alone of a longer reply. */
function wholeReply(lines: [string, ...string[]]): [string, ...string[]] {
  return lines.with(-1, (lines.at(-1) ?? '').replace(/^(\d{3})-/, '$1 ')) as [string, ...string[]]
}

interface Rule {
  at: 'opening' | 'transaction'
  /** Which entries. What is absent may be anything. */
  ids?: readonly string[]
  lasts?: KnownError['kind']['lasts']
  who?: readonly KnownError['kind']['who'][]
  about?: readonly KnownError['kind']['about'][]
  /** The first digits of the code that is said. */
  code?: RegExp
  /** `as said`: the provider's own reply, with 451 for a code that would end the client's session. */
  hears: RegExp | 'as said'
  /** What waits afterwards. Absent: nothing. */
  waits?: PauseStatus['about']
  /** One connection less is opened for a while. */
  fewer?: true
}

const retry = /^454 4\.7\.0 .*\[postern:RETRY\]$/
const config = /^454 4\.7\.0 .*\[postern:CONFIG\]$/
const limit = /^451 4\.(4\.5|3\.2) .*\[postern:LIMIT\]$/
const ours = /^451 4\.3\.0 .*\[postern:CONFIG\]$/

/**
 * What follows from an entry. The first that fits counts. While a connection is opened nothing is
 * at stake, so everything is answered 454: a mistake of the set-up waits, a limit waits until it is
 * over, and the first passing fault costs nothing. Inside a transaction the reply is the
 * provider's, unless its code misleads.
 */
const rules: readonly Rule[] = [
  { at: 'opening', lasts: 'until-repaired', hears: config, waits: 'sign-in' },
  { at: 'opening', who: ['time', 'administrator'], hears: retry, waits: 'sign-in' },
  { at: 'opening', hears: retry },

  // About our sign-in at the provider, whatever the client did.
  { at: 'transaction', code: /^53[05]/, hears: ours },
  // Our own pace: the provider's words would tell the client nothing that it can do.
  { at: 'transaction', ids: ['exo-432-concurrent'], hears: limit, fewer: true },
  { at: 'transaction', ids: ['exo-rate-30-per-minute'], hears: limit, waits: 'mailbox' },
  // What passes is told as such, though the code says otherwise.
  { at: 'transaction', lasts: 'passes', about: ['mailbox'], code: /^5/, hears: limit, waits: 'mailbox' },
  {
    at: 'transaction',
    lasts: 'passes',
    who: ['time', 'administrator'],
    about: ['mailbox'],
    hears: 'as said',
    waits: 'mailbox',
  },
  { at: 'transaction', lasts: 'until-repaired', about: ['mailbox'], hears: 'as said', waits: 'mailbox' },
  // The organisation may send nothing, or nothing from here.
  { at: 'transaction', ids: ['exo-5.7.705'], hears: 'as said', waits: 'mailbox' },
  { at: 'transaction', ids: ['exo-5.7.708'], hears: 'as said', waits: 'registration' },
  // One message, one sender, one connection: the next one may be good.
  { at: 'transaction', hears: 'as said' },
]

const openings: readonly Moment[] = ['connect', 'ehlo', 'starttls', 'auth']

function ruleFor({ error: { id, kind }, moment, said: [said] }: Play): Rule {
  const at = openings.includes(moment) ? 'opening' : 'transaction'
  const found = rules.find(
    (rule) =>
      rule.at === at &&
      (rule.ids?.includes(id) ?? true) &&
      (rule.lasts === undefined || rule.lasts === kind.lasts) &&
      (rule.who?.includes(kind.who) ?? true) &&
      (rule.about?.includes(kind.about) ?? true) &&
      (rule.code?.test(said) ?? true),
  )
  if (!found) throw new Error(`No rule for ${id}`)
  return found
}

/** A new connection that takes the sign-in and then no mail is a fault of the set-up, seen at MAIL alone. */
function waitOf(play: Play, { waits, hears }: Rule): Rule['waits'] {
  return hears === ours && play.moment === 'mail' ? 'sign-in' : waits
}

function heardBy(answers: SubmissionAnswers, moment: Moment): string | undefined {
  if (openings.includes(moment)) return answers.AUTH
  // MAIL leaves with the first RCPT, and our 354 comes before the provider's.
  return moment === 'mail' || moment === 'rcpt' ? answers.RCPT : answers.message
}

function asSaid([first]: Play['said']): string {
  return first.replace(/^(421|432)/, '451').replace(/^(\d{3})-/, '$1 ')
}

/** The final reply behind an error challenge, which says what the challenge means. */
const afterChallenge: Record<string, string> = {
  'gmail-334-json': '535 5.7.8 BadCredentials - gsmtp',
  'oauthbearer-334-json': '535 5.7.8 Authentication failed',
}
const explainedAs: Record<string, string> = { 'gmail-334-json': 'gmail-535-5.7.8' }

/** The entry by which the reply is explained. Undefined where it says no more than its code. */
function explanationOf({ error }: Play): KnownError | undefined {
  const named = explainedAs[error.id]
  const found = named === undefined ? error : knownErrors.find(({ id }) => id === named)
  return found && isGeneral(found) ? undefined : found
}

const offers = ['PIPELINING', 'SIZE 1000000', '8BITMIME', 'ENHANCEDSTATUSCODES']

function scriptOf({ error, moment, said }: Play): Script {
  const mechanism = mechanismOf(error)
  const says = (client: Client) => client.say(...said)
  const envelope = { mail: '250 2.1.0 Sender fine', rcpt: '250 2.1.5 Recipient fine' }

  async function hello(client: Client, more: readonly string[]): Promise<void> {
    expectLine(await client.line(), /^EHLO \S+$/)
    if (moment === 'ehlo') says(client)
    else client.say(...ehloReply([...offers, ...more]))
  }

  async function authenticates(client: Client): Promise<void> {
    expectLine(await client.line(), new RegExp(`^AUTH ${mechanism} \\S+$`))
    if (moment !== 'auth') return client.say('235 2.7.0 Accepted')
    says(client)
    const final = afterChallenge[error.id]
    if (final === undefined) return
    await client.line()
    client.say(final)
  }

  async function transaction(client: Client): Promise<void> {
    for (;;) {
      const [verb = ''] = (await client.line()).split(/[ :]/)
      if (verb === 'QUIT') return bye(client)
      if (verb === 'MAIL' && moment === 'mail') says(client)
      else if (verb === 'RCPT' && moment === 'mail') client.say('503 5.5.1 MAIL first')
      else if (verb === 'RCPT' && moment === 'rcpt') says(client)
      else if (verb === 'DATA' && moment === 'data') says(client)
      else if (verb === 'DATA') {
        client.say('354 Go ahead')
        await client.linesUntil(/^\.$/)
        if (moment === 'end') says(client)
      } else client.say(verb === 'MAIL' ? envelope.mail : verb === 'RCPT' ? envelope.rcpt : '250 2.0.0 OK')
    }
  }

  return async (client) => {
    if (moment === 'connect') says(client)
    else client.say('220 provider.example ready')
    if (moment !== 'connect')
      await hello(client, moment === 'starttls' ? ['STARTTLS'] : [`AUTH ${mechanism}`])
    if (moment === 'starttls') {
      expectLine(await client.line(), /^STARTTLS$/)
      says(client)
    } else if (moment !== 'connect' && moment !== 'ehlo') await authenticates(client)
    await (openings.includes(moment) ? bye(client) : transaction(client))
  }
}

/** What a client still says to a server that has refused it. */
async function bye(client: Client): Promise<void> {
  for (;;) {
    const line = await client.line()
    client.say(line === 'QUIT' ? '221 2.0.0 Goodbye' : '503 5.5.1 No')
    if (line === 'QUIT') return client.hangUp()
  }
}

function mechanismOf({ when }: KnownError): 'XOAUTH2' | 'OAUTHBEARER' {
  return when.layer === 'reply' && when.challenge?.test('invalid_token') ? 'OAUTHBEARER' : 'XOAUTH2'
}

/** What was seen of one play, from every side. */
interface Outcome {
  answers: SubmissionAnswers
  status: MailboxStatus
  journal: readonly JournalEntryStatus[]
  page: string
  journalPage: string
}

async function playAll(stage: PlayedStage, count: number): Promise<Outcome[]> {
  const places = Array.from({ length: count }, (_, place) => place)
  const answers = await inTurns(places, (place) => stage.send(place))
  const journal = await stage.journal()
  return inTurns(places, async (place) => {
    const { address, user } = stage.account(place)
    return {
      answers: answers[place] ?? {},
      status: await stage.status(place),
      journal: journal.filter(({ mailbox, login }) => mailbox === address || login === user),
      page: await stage.page(`/mailboxes/${address}`),
      journalPage: await stage.page(`/journal?login=${encodeURIComponent(user)}`),
    }
  })
}

const withoutStop = (text: string) => text.replace(/\.$/, '')

// A journal keeps no more than 60 refused sign-ins of a minute one by one, so each has its own.
describe.each([
  ['while a connection is opened', ['connect', 'ehlo']],
  ['while a connection is secured and signed in', ['starttls', 'auth']],
  ['in an envelope', ['mail', 'rcpt']],
  ['about a message', ['data', 'end']],
] as [string, Moment[]][])('a known reply %s', (_, moments) => {
  const here = plays.filter(({ moment }) => moments.includes(moment))
  let stage: PlayedStage
  let outcomes: readonly Outcome[]

  beforeAll(async () => {
    stage = await setPlayedStage(
      here.map((play) => ({
        family: play.error.family,
        script: scriptOf(play),
        tls: play.moment === 'starttls' ? 'starttls' : 'implicit',
        mechanism: mechanismOf(play.error),
      })),
    )
    outcomes = await playAll(stage, here.length)
  })
  afterAll(() => stage?.close())

  it.each(here.map((play, place) => [play.title, play, place] as const))('%s', (_title, play, place) => {
    const { answers, status, journal, page, journalPage } = outcomes[place] as Outcome
    const { error, moment, said } = play
    const rule = ruleFor(play)
    const waits = waitOf(play, rule)

    // It is the entry that is meant.
    if (!said[0].startsWith('334')) expect(known(play)).toBe(error.id)

    const heard = heardBy(answers, moment)
    if (rule.hears === 'as said') expect(heard).toBe(asSaid(said))
    else expect(heard).toMatch(rule.hears)

    const { pauses = [], connections } = status.sending ?? {}
    expect(status.state).toBe('active')
    expect(pauses.map(({ about }) => about)).toEqual(waits === undefined ? [] : [waits])
    expect((connections?.limit ?? 0) - (connections?.allowed ?? 0)).toBe(rule.fewer ? 1 : 0)

    const explanation = explanationOf(play)
    const words = afterChallenge[error.id] ?? said[0]
    if (rule.at === 'opening') {
      const entry = journal.find(({ event }) => event === 'sign-in.refused')
      expect(entry).toMatchObject({
        outcome: 'refused',
        details: { failure: expect.stringMatching(/^upstream\./), said: expect.any(String) },
      })
      expect(words).toContain(String(entry?.details.said).slice(0, 20))
      expect(entry?.details.known).toBe(explanation?.id)
      if (explanation) expect(heard).toContain(withoutStop(explanation.meaning.en))
    } else {
      const entry = journal.find(({ event }) => event === 'message.refused')
      expect(entry).toMatchObject({ outcome: 'refused', details: { code: Number(said[0].slice(0, 3)) } })
      expect(said[0]).toContain(String(entry?.details.reply).slice(0, 150))
    }

    const meaning = explanation && withoutStop(explanation.meaning.en)
    if (meaning !== undefined) expect(journalPage).toContain(meaning)
    // Nothing waits; whether it can send is what came of the last try.
    if (waits === undefined)
      return expect(page).toContain(openings.includes(moment) ? 'cannot send' : 'Ready to send.')
    const [pause] = pauses
    expect(page).toContain(withoutStop(pause?.reason ?? 'a reason'))
    expect(page).toContain(pause?.said?.replace(/\s+/g, ' '))
    if (!explanation) return expect(page).toContain(pause?.fix)
    expect(pause?.failure?.known?.id).toBe(explanation.id)
    expect(page).toContain(meaning)
    expect(page).toContain(explanation.fix[0]?.words.en)
  })
})

function known({ error: { family }, moment, said }: Play): string | undefined {
  const [first, ...others] = said.map((line) => line.slice(4))
  const phase = moment === 'end' ? 'data' : moment
  const errorFamily = family === 'any' || family === 'postern' ? {} : { errorFamily: family }
  const reply = {
    code: Number(said[0].slice(0, 3)),
    lines: [first ?? '', ...others] as [string, ...string[]],
  }
  return findKnown(seenReply(reply, errorFamily, phase))?.id
}

it('the known replies are played at every moment of a session', () => {
  expect(plays.length).toBeGreaterThan(230)
  expect([...new Set(plays.map(({ moment }) => moment))].sort()).toEqual(Object.keys(momentWords).sort())
})
