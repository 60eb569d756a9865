import type { Request } from 'express'
import type { FailureId, KnownCause, Sentence } from '../../base/failure.ts'
import type { catalogue } from '../../failures/catalogue.ts'
import { fillIn, type Part, type Translated } from '../../failures/entry.ts'
import { consent } from '../../failures/japanese/consent.ts'
import { diagnosis } from '../../failures/japanese/diagnosis.ts'
import { login } from '../../failures/japanese/login.ts'
import { machine } from '../../failures/japanese/machine.ts'
import { network } from '../../failures/japanese/network.ts'
import { provider } from '../../failures/japanese/provider.ts'
import { requests } from '../../failures/japanese/requests.ts'
import { texts } from '../../failures/japanese/texts.ts'
import { upstream } from '../../failures/japanese/upstream.ts'
import { Html, type HtmlValue } from '../html.ts'
import { fixesOnPages } from './fixes-on-pages.ts'
import { japaneseOfPages } from './japanese-of-pages.ts'
import { keyOf } from './translation.ts'

/** The languages of the pages; the first is the default. */
export const languages = ['en', 'ja'] as const
type Language = (typeof languages)[number]

/**
 * The phrases of pages in the reader's language. English stands in the code of the pages; the other
 * languages are in dictionaries, by exactly the English. What has values in the rooms below is said
 * by its id.
 */
export interface Phrases {
  /**
   * A piece of a page. Values are escaped, or are HTML themselves; `{1}` stands for the first of
   * them in the dictionary.
   */
  (strings: TemplateStringsArray, ...values: HtmlValue[]): Html
  /** A phrase that stands in a table of a page. */
  say(phrase: Phrase): string
  /** The message of a failure. */
  messageOf(sentence: Sentence): string
  /** What to do about it. */
  fixOf(sentence: Sentence): string | undefined
  /** A message that was kept without its values: as it is, where it has some. */
  keptMessage(id: string, message: string): string
  language: Language
}

/** A phrase that the dictionary has: one without Japanese does not compile. */
export type Phrase = keyof typeof japaneseOfPages

/** Marks a phrase that is said later, by `say`. */
export function phrase(text: Phrase): Phrase {
  return text
}

/** Every failure in Japanese, by its id. */
const japaneseFailures: Translated<typeof catalogue> = {
  ...network,
  ...upstream,
  ...provider,
  ...consent,
  ...login,
  ...machine,
  ...requests,
  ...diagnosis,
}

const sentencesInJapanese: Translations = { ...japaneseFailures, ...texts }

type Translations = Readonly<Record<string, { message: string; fix?: string }>>

const dictionaries: Record<Language, (phrase: string) => string | undefined> = {
  en: () => undefined,
  ja: (text) => (Object.hasOwn(japaneseOfPages, text) ? japaneseOfPages[text as Phrase] : undefined),
}

export function phrasesIn(language: Language): Phrases {
  const translate = dictionaries[language]
  const tag = (strings: TemplateStringsArray, ...values: HtmlValue[]): Html => {
    const english = keyOf(strings)
    return Html.fromPhrase(translate(english) ?? english, values)
  }
  const say = (text: string) => translate(text) ?? text
  return Object.assign(tag, {
    ...{ language, say },
    messageOf: (sentence: Sentence) => inLanguage(sentence, 'message', language) ?? sentence.message,
    fixOf: (sentence: Sentence) => inLanguage(sentence, 'fix', language) ?? sentence.fix,
    keptMessage(id: string, message: string) {
      const text = language === 'en' ? undefined : sentencesInJapanese[id]?.message
      return text === undefined || text.includes('{') ? message : text
    },
  })
}

function inLanguage(sentence: Sentence, part: Part, language: Language): string | undefined {
  const { id, values, known } = sentence
  if (language === 'en') {
    const onPages = part === 'fix' && !known ? fixesOnPages[id as FailureId] : undefined
    return onPages === undefined ? sentence[part] : fillIn(onPages, values)
  }
  const entry: { message: string; fix?: string } | undefined = sentencesInJapanese[id]
  const text = entry?.[part]
  const cause = known && sayKnown?.(known)
  if (part === 'fix' && cause) return cause.fix
  if (text === undefined) return undefined
  const said = fillIn(text, values, (value, of) => inLanguage(value, of, language) ?? value[of] ?? '')
  return cause?.meaning === undefined ? said : `${said}: ${cause.meaning}`
}

/** Chooses the language by `Accept-Language` (RFC 9110, section 12.5.4). */
export function phrasesFor(request: Pick<Request, 'acceptsLanguages'>): Phrases {
  return phrasesIn(languageOf(request))
}

export function languageOf(request: Pick<Request, 'acceptsLanguages'>): Language {
  const asked = request.acceptsLanguages(...languages)
  return languages.find((language) => language === asked) ?? languages[0]
}

let loading: Promise<void> | undefined
let sayKnown: ((known: KnownCause) => { meaning?: string; fix: string } | undefined) | undefined

/** Loads, once, what is known of the errors of providers, for who reads it in another language. */
export async function readyFor(request: Pick<Request, 'acceptsLanguages'>): Promise<void> {
  if (languageOf(request) === 'en') return
  loading ??= import('./known-error-phrases.ts').then(({ knownInJapanese }) => {
    sayKnown = knownInJapanese
  })
  await loading
}
