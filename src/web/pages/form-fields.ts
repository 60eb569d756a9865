import express from 'express'

/** Reads a form, of which nothing is large. */
export const readForm = express.urlencoded({ extended: false, limit: '64kb' })

/** The same for a name and a password of anybody: thousands of them are not to take memory. */
export const readShortForm = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })

/** A form as it came: `application/x-www-form-urlencoded`, where a name may come more than once. */
export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? (body as Fields) : {}
}

/** The last value of a field; undefined when it did not come. */
export function one(fields: Fields, name: string): string | undefined {
  return several(fields, name).at(-1)
}

export function several(fields: Fields, name: string): string[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
}

/** The lines of a text field that are not empty. */
export function lines(fields: Fields, name: string): string[] {
  const text = one(fields, name) ?? ''
  return text
    .split(/[\r\n,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Whether somebody filled in one of them: then they are not hidden when the form comes again. */
export function isAnyFilled(fields: Fields, names: readonly string[]): boolean {
  return names.some((name) => (one(fields, name) ?? '').trim() !== '')
}
