import type { Request } from 'express'
import { Html, type HtmlValue } from '../html.ts'
import { japaneseOfPages } from './japanese-of-pages.ts'
import { japaneseOfRooms } from './japanese-of-rooms.ts'
import { createTranslation, type Dictionary, keyOf } from './translation.ts'

/** The languages of the pages; the first is the default. */
const languages = ['en', 'ja'] as const
type Language = (typeof languages)[number]

/**
 * The phrases of pages in the reader's language. English stands in the code of the pages; the other
 * languages are in dictionaries. A test collects every phrase: those in this tag, those in
 * `phrase`, and the failures and advice of the rooms below.
 */
export interface Phrases {
  /**
   * A piece of a page. Values are escaped, or are HTML themselves; `{1}` stands for the first of
   * them in the dictionary.
   */
  (strings: TemplateStringsArray, ...values: HtmlValue[]): Html
  /** Translates a text that was made elsewhere. Unknown texts are returned unchanged. */
  say(text: string): string
  language: Language
}

/** Marks a phrase that is translated later. */
export function phrase(text: string): string {
  return text
}

/** All phrases in Japanese, but those of `readyFor`. */
const japanese: Dictionary = { ...japaneseOfPages, ...japaneseOfRooms }

const translations: Record<Language, (text: string) => string | undefined> = {
  en: () => undefined,
  ja: createTranslation(japanese),
}

export function phrasesIn(language: Language): Phrases {
  const translate = translations[language]
  const tag = (strings: TemplateStringsArray, ...values: HtmlValue[]): Html => {
    const english = keyOf(strings)
    return Html.fromPhrase(translate(english) ?? english, values)
  }
  return Object.assign(tag, { language, say: (text: string) => translate(text) ?? text })
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

/** Loads, once, what is known of the errors of providers, for who reads it in another language. */
export async function readyFor(request: Pick<Request, 'acceptsLanguages'>): Promise<void> {
  if (languageOf(request) === 'en') return
  loading ??= import('./known-error-phrases.ts').then(({ japaneseOfErrors }) => {
    translations.ja = createTranslation({ ...japanese, ...japaneseOfErrors() })
  })
  await loading
}
