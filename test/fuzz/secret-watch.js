/**
 * Looks for secrets in a text, in every form that they might take there: as they are, in base64
 * wherever in a longer text they stood, URL-encoded, in hexadecimal.
 *
 * @param {Record<string, string>} secrets by what they are called
 */
export function createSecretWatch(secrets) {
  const forms = Object.entries(secrets).flatMap(([name, value]) =>
    formsOf(value).map((form) => ({ name, form })),
  )

  return {
    /** The names of the secrets in it. @param {string} text */
    find: (text) => [...new Set(forms.filter(({ form }) => text.includes(form)).map(({ name }) => name))],
  }
}

/** @param {string} value */
function formsOf(value) {
  const encoded = [0, 1, 2].flatMap((offset) => {
    const octets = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    const whole = octets.toString('base64').replace(/=+$/, '')
    // The characters that depend on neighbours are left out.
    const own = whole.slice(offset === 0 ? 0 : offset + 1, octets.length % 3 === 0 ? undefined : -1)
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [...new Set([value, encodeURIComponent(value), Buffer.from(value).toString('hex'), ...encoded])]
}
