import type { SourceName } from './sources.ts'

/**
 * An error that a provider, another mail server or postern is known to answer: what it means, and
 * what helps. It is there to be read. Nothing that postern does depends on it: see `judge`,
 * `replyClassOf` and `judgeSignIn`.
 */
export interface KnownError {
  id: string
  family: Family
  when: When
  /** One sentence. */
  meaning: Words
  /** It says no more than its code, or that something failed. */
  isGeneral?: true
  /** The most likely help first. */
  fix: readonly Step[]
  kind: Kind
  evidence: Evidence
  /** As somebody met it. */
  example?: string
}

/** Whose error it is. `any`: of everybody who follows the standards. */
export type Family = 'microsoft' | 'google' | 'yahoo' | 'any' | 'postern'

interface Kind {
  lasts: 'until-repaired' | 'passes'
  /**
   * Who can end it. `operator`: whoever runs postern; `sender`: the program that sends, or its user;
   * `time`: it is a limit, which is over at some time; `nobody`: a fault on the other side, over at any
   * moment.
   */
  who: 'administrator' | 'person' | 'operator' | 'sender' | 'time' | 'nobody'
  /** What else fails for the same reason: everything of this mailbox, of this registration, ... */
  about: 'mailbox' | 'registration' | 'organisation' | 'server' | 'message' | 'sender' | 'connection'
}

interface Evidence {
  sources: readonly SourceName[]
  /** `reported`: by several people, or by one piece of software that is in use. */
  confidence: 'documented' | 'reported' | 'from-memory'
}

/** A text in each language of the pages. */
export interface Words {
  en: string
  ja: string
}

/** One thing to do. Words with a command end in a colon. */
export interface Step {
  words: Words
  command?: Command
}

export interface Command {
  shell: 'sh' | 'powershell'
  /** With `{mailbox}` and the like for the values. */
  text: string
}

/** What a command may have filled in. */
export type Place = 'mailbox' | 'sender' | 'provider'

/** A place without a value stays to be filled in by hand. */
export type Values = Partial<Record<Place, string>>

/** By what an error is recognised. What is absent may be anything. */
export type When = ReplyPattern | AnswerPattern | HeardPattern

/** When in a session with a mail server. */
export type ReplyPhase = 'connect' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'any'

/** A reply of a mail server. */
export interface ReplyPattern {
  layer: 'reply'
  phases: readonly ReplyPhase[]
  code?: RegExp
  /** The enhanced status of the first line that has one (RFC 3463). */
  status?: RegExp
  /** In all lines together. */
  words?: RegExp
  /** What tells whose it is, where nobody knows that and code and status are those of many. */
  trace?: RegExp
  /** The status in the error challenge of a sign-in by token (RFC 7628, section 3.2.2). */
  challenge?: RegExp
}

/**
 * When in a consent, or at a renewal (`token`). `authorize`: in the browser; `code`: where the code of
 * a consent is exchanged, and nowhere else.
 */
export type AnswerPhase = 'authorize' | 'code' | 'token' | 'device'

/** An answer of an authorization server. */
export interface AnswerPattern {
  layer: 'answer'
  phases: readonly AnswerPhase[]
  /** RFC 6749, section 5.2. */
  error?: string
  /** Of Entra: AADSTS and these digits. */
  number?: number
  http?: readonly number[]
  words?: RegExp
}

/** What has neither code nor name: the words that programs find for it. */
interface HeardPattern {
  layer: 'heard'
  words: RegExp
}

export function known(family: Family, errors: readonly Omit<KnownError, 'family'>[]): readonly KnownError[] {
  return errors.map((error) => ({ ...error, family }))
}

type ReplyMoment = ReplyPhase | 'mail-or-data' | 'mail-rcpt-data'

export function reply(moment: ReplyMoment, pattern: Omit<ReplyPattern, 'layer' | 'phases'>): ReplyPattern {
  return { layer: 'reply', phases: replyPhases[moment] ?? [moment as ReplyPhase], ...pattern }
}

const replyPhases: Partial<Record<ReplyMoment, readonly ReplyPhase[]>> = {
  any: ['connect', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data'],
  'mail-or-data': ['mail', 'rcpt', 'data'],
  'mail-rcpt-data': ['mail', 'rcpt', 'data'],
}

type AnswerMoment = AnswerPhase | 'authorize-or-token'

export function answer(
  moment: AnswerMoment,
  pattern: Omit<AnswerPattern, 'layer' | 'phases'>,
): AnswerPattern {
  return { layer: 'answer', phases: answerPhases[moment] ?? [moment as AnswerPhase], ...pattern }
}

const answerPhases: Partial<Record<AnswerMoment, readonly AnswerPhase[]>> = {
  'authorize-or-token': ['authorize', 'token'],
}

export function heard(words: RegExp): HeardPattern {
  return { layer: 'heard', words }
}

export function both(en: string, ja: string): Words {
  return { en, ja }
}

export function say(en: string, ja: string): Step {
  return { words: { en, ja } }
}

type Placed<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placed<Rest> : never
/** A command in which every place is one that can be filled in. */
type Fillable<Text extends string> = Placed<Text> extends Place ? Text : never

/** A command for the shell of the machine where postern runs. */
export function run<Text extends string>(en: string, ja: string, text: Text & Fillable<Text>): Step {
  return { words: { en, ja }, command: { shell: 'sh', text } }
}

/** A command for Exchange Online PowerShell. */
export function powershell<Text extends string>(en: string, ja: string, text: Text & Fillable<Text>): Step {
  return { words: { en, ja }, command: { shell: 'powershell', text } }
}
