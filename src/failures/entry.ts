/**
 * What can go wrong, as a closed list: each server (SMTP, HTTP, command) has one table from
 * these codes to its own answers, and a new code does not compile until each has an answer for it.
 */
export type FailureCode =
  /** Unknown user, wrong password, revoked or expired login, unknown API key: never told apart. */
  | 'wrong-credentials'
  /** The credential is good, what it asks for is not its right. */
  | 'forbidden'
  /** The envelope sender is not one that this login may use. */
  | 'sender-refused'
  /** No grant, or a lapsed one: a person has to consent (again). */
  | 'consent-needed'
  /**
   * The provider or its token endpoint cannot be reached, is slow, or says "later". Passing
   * trouble.
   */
  | 'provider-unavailable'
  /**
   * The provider says that the set-up is wrong: SMTP AUTH disabled, role missing, client secret
   * refused.
   */
  | 'provider-setup'
  /** One of our own limits, or no lease within the bounded wait. */
  | 'limit-reached'
  /**
   * Message bytes have left and no reply came: the outcome is unknown, so only the client may
   * retry.
   */
  | 'outcome-unknown'
  /** What came in cannot be read, or means nothing: the sender of it has to change it. */
  | 'invalid'
  | 'not-found'
  | 'already-exists'
  /** The store is busy, full or broken. */
  | 'store-unavailable'
  /**
   * Settings, key or data directory: an administrator has to change something before postern can
   * start.
   */
  | 'configuration'
  | 'internal'

/**
 * A failure in the catalogue, in English. `{name}` stands for the value of that name, and
 * `{name.fix}` for the fix of a value that is a sentence itself.
 */
export interface FailureEntry {
  code: FailureCode
  /** What is wrong: a sentence without a full stop. */
  message: string
  /** What to do about it, for pages and terminals: one imperative sentence. */
  fix?: string
  /**
   * The reply to a mail program, where it can say more than the words for all failures of
   * this code. It may not be ASCII.
   */
  told?: string
  /** How long to wait before asking again, where that is always the same. */
  retryAfterSeconds?: number
}

export type FailureEntries = Readonly<Record<string, FailureEntry>>

/** What is said by its id, so that it can be said in any language. Failures are such sentences. */
export interface Sentence {
  readonly id: string
  readonly values: Values
  /** In English, as `fix`. */
  readonly message: string
  readonly fix?: string | undefined
  readonly known?: KnownCause | undefined
}

/** What a sentence is made of, to be kept or to be sent. */
export type SentenceById = Pick<Sentence, 'id' | 'values' | 'known'>

/** An entry of the catalogue of known errors (`providers/errors/`) that a failure comes of. */
export interface KnownCause {
  id: string
  /** For its commands. */
  values: Readonly<Record<string, string>>
  /** Whether its meaning says more than the message. */
  tells: boolean
}

export type Value = string | number | Sentence
export type Values = Readonly<Record<string, Value>>

/** The texts of an entry. */
interface Texts {
  message: string
  fix?: string
  told?: string
}

type TextOf<Entry extends Texts> = Extract<Entry[keyof Entry & keyof Texts], string>
type Places<Text extends string> = Text extends `${string}{${infer Place}}${infer Rest}`
  ? Place | Places<Rest>
  : never
type NameOf<Place extends string> = Place extends `${infer Name}.fix` ? Name : Place

/** The values that an entry has places for: every one, and no other. */
export type ValuesOf<Entry extends Texts> = {
  readonly [Place in Places<TextOf<Entry>> as NameOf<Place>]: Place extends `${string}.fix` ? Sentence : Value
}

/** The same entries in another language: as many, with a fix where the English has one. */
export type Translated<Entries extends Readonly<Record<string, Texts>>> = {
  readonly [Id in keyof Entries]: {
    readonly [Part in keyof Entries[Id] & ('message' | 'fix')]: string
  }
}

export type Part = 'message' | 'fix'

/**
 * A text with its values.
 * @param say how a value that is a sentence is said; in English, unless another way is given
 */
export function fillIn(
  text: string,
  values: Values,
  say: (sentence: Sentence, part: Part) => string = (sentence, part) => sentence[part] ?? '',
): string {
  return text.replace(places, (_place, name: string, fix: string | undefined) => {
    const value = values[name] ?? ''
    return typeof value === 'object' ? say(value, fix === undefined ? 'message' : 'fix') : String(value)
  })
}

const places = /\{(\w+)(\.fix)?\}/g
