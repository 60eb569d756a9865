const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

// Characters that reorder the text around them (Unicode TR 9) or are not text at all: a name could
// look like another one.
const unseen = /[\p{Bidi_Control}\p{Cs}]|(?![\n\t])\p{Cc}/gu

/**
 * Text that is HTML already. Only the `html` tag makes it, so everything else on a page is escaped.
 */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  static fromTemplate(strings: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    return new Html(strings.reduce((text, string, index) => text + render(values[index - 1]) + string, ''))
  }

  /** A phrase in which `{1}` stands for the first value. Everything but the values is escaped. */
  static fromPhrase(text: string, values: readonly HtmlValue[]): Html {
    const pieces = text.split(/\{(\d)\}/)
    return new Html(
      pieces
        .map((piece, index) => (index % 2 === 0 ? render(piece) : render(values[Number(piece) - 1])))
        .join(''),
    )
  }

  /** What `toString` of one has given, after it was kept elsewhere. */
  static fromKept(text: string): Html {
    return new Html(text)
  }

  toString(): string {
    return this.#text
  }
}

/** The values of a template. Text and numbers are escaped; `false` and undefined are left out. */
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
