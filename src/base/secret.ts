/** A value that does not print itself. Every use is found by searching for `.reveal(`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  // The symbol that node:util's inspect looks for; written out so that this file needs no node: module.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}
