const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

// What reorders the text around it (Unicode TR 9) or is no text at all: a name could pretend to be another one by it.
const unseen = /[\p{Bidi_Control}\p{Cs}]|(?![\n\t])\p{Cc}/gu

/** Text that is HTML already. Only the `html` tag makes it, so whatever else reaches a page is escaped. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  static fromTemplate(strings: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    return new Html(strings.reduce((text, string, index) => text + render(values[index - 1]) + string, ''))
  }

  /** A phrase, in which `{1}` stands for the first value. All of it but the values is text. */
  static fromPhrase(text: string, values: readonly HtmlValue[]): Html {
    const pieces = text.split(/\{(\d)\}/)
    return new Html(
      pieces
        .map((piece, index) => (index % 2 === 0 ? render(piece) : render(values[Number(piece) - 1])))
        .join(''),
    )
  }

  toString(): string {
    return this.#text
  }
}

/** What may stand in a template: text and numbers are escaped; nothing, `false` and undefined leave no trace. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[]

/** A piece of a page. In attributes, values must stand in quotes. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return Html.fromTemplate(strings, values)
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(render).join('')
  const text = String(value).replace(unseen, '\ufffd')
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? '')
}
