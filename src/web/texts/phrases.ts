import type { Request } from 'express'
import { Html, type HtmlValue } from '../html.ts'
import { japaneseOfPages } from './japanese-of-pages.ts'
import { japaneseOfRooms } from './japanese-of-rooms.ts'
import { createTranslation, type Dictionary, keyOf } from './translation.ts'

/** The languages of the pages; the first is for whoever asks for none of them. */
const languages = ['en', 'ja'] as const
type Language = (typeof languages)[number]

/**
 * What pages say, in the reader's language. English stands where it is said; the others are in one dictionary, and a test knows
 * every phrase: those in this tag, those in `phrase`, and what the rooms below have to tell people.
 */
export interface Phrases {
  /** A piece of a page. Values are escaped, or pieces of HTML themselves; `{1}` stands for the first of them in the dictionary. */
  (strings: TemplateStringsArray, ...values: HtmlValue[]): Html
  /** Text that was made elsewhere. What no dictionary knows stays as it is. */
  say(text: string): string
  language: Language
}

/** Marks a phrase that is said later. */
export function phrase(text: string): string {
  return text
}

/** Everything that pages may say. */
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

/** By what the browser asks for (RFC 9110, section 12.5.4). */
export function phrasesFor(request: Pick<Request, 'acceptsLanguages'>): Phrases {
  const asked = request.acceptsLanguages(...languages)
  return phrasesIn(languages.find((language) => language === asked) ?? languages[0])
}
