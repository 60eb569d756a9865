import { printable } from '../base/address.ts'
import { closestName } from '../base/closest-name.ts'
import { Secret } from '../base/secret.ts'
import type { CustomProvider, ProviderOverride } from '../config/config.ts'
import { presetIds } from './presets/presets.ts'
import { sayMistake } from './providers-file-mistakes.ts'
import { type OverrideEntry, type ProviderEntry, providersFileSchema } from './providers-file-schema.ts'

export interface ProvidersFile {
  providers: readonly CustomProvider[]
  /** By the ids of built-in providers. */
  overrides: ReadonlyMap<string, ProviderOverride>
}

/**
 * Reads the text of `POSTERN_PROVIDERS_FILE`. Every mistake is told, each as one sentence that begins with its place
 * (`providers[0].smtp.tls`).
 * @param readSecretFile reads a `clientSecretFile`; what it throws becomes a mistake
 */
export function parseProvidersFile(
  text: string,
  readSecretFile: (path: string) => string,
): ProvidersFile | { mistakes: string[] } {
  const json = parseJson(text)
  if ('mistake' in json) return { mistakes: [json.mistake] }
  const parsed = providersFileSchema.safeParse(json.value)
  if (!parsed.success) return { mistakes: parsed.error.issues.flatMap(sayMistake) }

  const { providers: entries = [], overrides = {} } = parsed.data
  const mistakes = [...takenIds(entries), ...strangeIds(Object.keys(overrides), entries)]
  const providers = entries.map((entry, index) =>
    finish(entry, (path) => {
      const read = readSecret(path, readSecretFile)
      if ('secret' in read) return read.secret
      mistakes.push(`providers[${index}].clientSecretFile: ${read.mistake}`)
      return undefined
    }),
  )
  if (mistakes.length > 0) return { mistakes }
  const finished = Object.entries(overrides).map(([id, entry]) => [id, finishOverride(entry)] as const)
  return { providers, overrides: new Map(finished) }
}

function parseJson(text: string): { value: unknown } | { mistake: string } {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) }
  } catch (error) {
    // The parser quotes what it stumbled over, which may be a secret: only the place is told.
    const place =
      error instanceof Error ? /\(?(at position \d+|line \d+ column \d+)\)?/.exec(error.message) : null
    return { mistake: `The file is not JSON${place ? ` (${place[1]})` : ''}` }
  }
}

function takenIds(entries: readonly ProviderEntry[]): string[] {
  const first = new Map<string, number>()
  return entries.flatMap(({ id }, index) => {
    const earlier = first.get(id)
    if (presetIds.includes(id))
      return [`providers[${index}].id: "${id}" is the id of a built-in provider; choose another`]
    if (earlier !== undefined)
      return [`providers[${index}].id: "${id}" is the id of providers[${earlier}] already`]
    first.set(id, index)
    return []
  })
}

function strangeIds(overridden: readonly string[], entries: readonly ProviderEntry[]): string[] {
  return overridden.flatMap((id) => {
    if (presetIds.includes(id)) return []
    const place = `overrides.${printable(id)}`
    const own = entries.findIndex((entry) => entry.id === id)
    if (own !== -1) return [`${place}: is not built in; put it into providers[${own}] itself`]
    const meant = closestName(id, presetIds)
    const question = meant === undefined ? '' : `; did you mean ${meant}`
    return [`${place}: is not a built-in provider, which are ${presetIds.join(', ')}${question}`]
  })
}

function finishOverride({ limits, ...rest }: OverrideEntry): ProviderOverride {
  return withoutUndefined({ ...rest, limits: limits && withoutUndefined(limits) })
}

function finish(entry: ProviderEntry, secretIn: (path: string) => Secret | undefined): CustomProvider {
  const { clientSecret: text, clientSecretFile: path, ...rest } = entry
  const clientSecret = path !== undefined ? secretIn(path) : text !== undefined ? new Secret(text) : undefined
  const clientSecrets = clientSecret ? [{ value: clientSecret }] : []
  return withoutUndefined({ ...rest, limits: rest.limits && withoutUndefined(rest.limits), clientSecrets })
}

function readSecret(path: string, read: (path: string) => string): { secret: Secret } | { mistake: string } {
  try {
    // The line end that editors and `echo` leave is not part of the secret.
    const text = read(path).replace(/\r?\n$/, '')
    return text === '' ? { mistake: `${path} is empty` } : { secret: new Secret(text) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return { mistake: `${path} cannot be read${code}` }
  }
}

/** Only the keys that may be absent are made so: those that must be there stay. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** zod gives optional keys as `undefined`; the ports know only absent ones. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>
}
