export interface Observation {
  /** Where it was seen: `log`, `page /consent/...`, `command mailbox list`. */
  where: string
  text: string
}

export interface KnownSecret {
  name: string
  value: string
  /** The one place that exists to show it. */
  shownIn?: RegExp
}

/** `name in where`, for every secret that was seen where it has no business, in any of the forms that it might take. */
export function findSecrets(observations: readonly Observation[], secrets: readonly KnownSecret[]): string[] {
  const found = new Set<string>()
  for (const { name, value, shownIn } of secrets) {
    const forms = formsOf(value)
    for (const { where, text } of observations) {
      if (shownIn?.test(where)) continue
      if (forms.some((form) => text.includes(form))) found.add(`${name} in ${where}`)
    }
  }
  return [...found]
}

/** As it is, URL-encoded, JSON-escaped, hexadecimal, and in base64 wherever in a longer text it may have stood. */
function formsOf(value: string): string[] {
  if (value.length < 6) throw new Error('a secret this short would be found everywhere')
  const plain = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]
  const encoded = [0, 1, 2].flatMap((offset) => base64Within(value, offset))
  return [...new Set([...plain, Buffer.from(value).toString('hex'), ...encoded])]
}

/** The characters of base64 that depend on this value alone, when so many octets (modulo 3) stand before it. */
function base64Within(value: string, offset: number): string[] {
  const octets = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
  const whole = octets.toString('base64').replace(/=+$/, '')
  const start = offset === 0 ? 0 : offset + 1
  const end = octets.length % 3 === 0 ? whole.length : whole.length - 1
  const standard = whole.slice(start, end)
  return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')]
}
