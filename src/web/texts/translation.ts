/** English phrases, with `{1}` for the first value, and the same in another language. */
export type Dictionary = Readonly<Record<string, string>>

/** The key of a template in a dictionary: `{1}` stands for its first value. */
export function keyOf(strings: readonly string[]): string {
  return strings.reduce((key, text, index) => `${key}{${index}}${text}`)
}

const places = /\{(\d)\}/g

/** Translates a phrase; undefined when the dictionary does not have it. */
export function createTranslation(dictionary: Dictionary): (text: string) => string | undefined {
  const phrases = new Map(Object.entries(dictionary))
  // Phrases from the rooms below are filled in already. The longest patterns come first, as the
  // most specific.
  const patterns = [...phrases]
    .filter(([english]) => english.search(places) >= 0)
    .sort(([one], [other]) => other.replace(places, '').length - one.replace(places, '').length)
    .map(([english, other]) => ({ parts: partsOf(english), other }))

  function translate(text: string, depth = deepest): string | undefined {
    const exact = phrases.get(text)
    if (exact !== undefined || depth === 0) return exact
    for (const { parts, other } of patterns) {
      const values = valuesBetween(parts, text)
      if (values)
        return fill(other, (place) => translate(values[place] ?? '', depth - 1) ?? values[place] ?? '')
    }
    return undefined
  }
  return (text) => translate(text)
}

// Phrases may be nested, but only so deep: foreign text could consist of nothing else.
const deepest = 4

function fill(text: string, valueAt: (place: number) => string): string {
  return text.replace(places, (_match, place: string) => valueAt(Number(place) - 1))
}

/** The texts around the placeholders. */
function partsOf(english: string): string[] {
  return english.split(places).filter((_part, index) => index % 2 === 0)
}

/**
 * The values in a filled-in phrase; undefined where the text is another phrase. Each value is
 * non-empty and as short as possible. Searches from part to part: a regular expression would cost a
 * power of the text's length, one higher for each placeholder.
 */
function valuesBetween(parts: readonly string[], text: string): string[] | undefined {
  const [first = '', ...others] = parts
  const last = others.pop() ?? ''
  const end = text.length - last.length
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined
  const values: string[] = []
  let from = first.length
  for (const part of others) {
    const at = text.indexOf(part, from + 1)
    if (at === -1) return undefined
    values.push(text.slice(from, at))
    from = at + part.length
  }
  return from < end ? [...values, text.slice(from, end)] : undefined
}
