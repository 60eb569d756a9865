/** The values that are there: SQL's NULL becomes an absent property. */
export function present<T extends Record<string, unknown>>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Present<T>
}

export type Present<T> = { [Name in keyof T]?: Exclude<T[Name], null> }
