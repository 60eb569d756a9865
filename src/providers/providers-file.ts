import { Secret } from '../base/secret.ts'
import type { CustomProvider } from '../config/config.ts'
import { presetIds } from './catalogue.ts'
import { sayMistake } from './providers-file-mistakes.ts'
import { type ProviderEntry, providersFileSchema } from './providers-file-schema.ts'

export type ProvidersFile = { providers: CustomProvider[] } | { mistakes: string[] }

/**
 * Reads the text of `POSTERN_PROVIDERS_FILE`. Every mistake is told, each as one sentence that begins with its place
 * (`providers[0].smtp.tls`).
 * @param readSecretFile reads a `clientSecretFile`; what it throws becomes a mistake
 */
export function parseProvidersFile(text: string, readSecretFile: (path: string) => string): ProvidersFile {
  const json = parseJson(text)
  if ('mistake' in json) return { mistakes: [json.mistake] }
  const parsed = providersFileSchema.safeParse(json.value)
  if (!parsed.success) return { mistakes: parsed.error.issues.flatMap(sayMistake) }

  const mistakes = takenIds(parsed.data.providers)
  const providers = parsed.data.providers.map((entry, index) =>
    finish(entry, (path) => {
      const read = readSecret(path, readSecretFile)
      if ('secret' in read) return read.secret
      mistakes.push(`providers[${index}].clientSecretFile: ${read.mistake}`)
      return undefined
    }),
  )
  return mistakes.length > 0 ? { mistakes } : { providers }
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

function finish(entry: ProviderEntry, secretIn: (path: string) => Secret | undefined): CustomProvider {
  const { clientSecret: text, clientSecretFile: path, ...rest } = entry
  const clientSecret = path !== undefined ? secretIn(path) : text !== undefined ? new Secret(text) : undefined
  return withoutUndefined({ ...rest, limits: rest.limits && withoutUndefined(rest.limits), clientSecret })
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
