/** English phrases, with `{1}` for what differs each time, and the same in another language. */
export type Dictionary = Readonly<Record<string, string>>

/** The phrase of a template in a dictionary: `{1}` stands for its first value. */
export function keyOf(strings: readonly string[]): string {
  return strings.reduce((key, text, index) => `${key}{${index}}${text}`)
}

const places = /\{(\d)\}/g

/** What a phrase is in the dictionary's language; undefined when it has none. */
export function createTranslation(dictionary: Dictionary): (text: string) => string | undefined {
  const phrases = new Map(Object.entries(dictionary))
  // Those that come from the rooms below are filled in already. The longest first: it says the most.
  const patterns = [...phrases]
    .filter(([english]) => english.search(places) >= 0)
    .sort(([one], [other]) => other.replace(places, '').length - one.replace(places, '').length)
    .map(([english, other]) => ({ pattern: patternOf(english), other }))

  function translate(text: string): string | undefined {
    const exact = phrases.get(text)
    if (exact !== undefined) return exact
    for (const { pattern, other } of patterns) {
      const values = pattern.exec(text)?.slice(1)
      if (values) return fill(other, (place) => translate(values[place] ?? '') ?? values[place] ?? '')
    }
    return undefined
  }
  return translate
}

function fill(text: string, valueAt: (place: number) => string): string {
  return text.replace(places, (_match, place: string) => valueAt(Number(place) - 1))
}

/** Something stands at each place, or nothing could be told apart. */
function patternOf(english: string): RegExp {
  const parts = english.split(places).filter((_part, index) => index % 2 === 0)
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('(.+?)')}$`, 's')
}
