import { closestName, printable } from '../../base/text.ts'
import { presetIds } from '../presets/presets.ts'
import type { CustomProvider, ProviderOverride } from '../settings.ts'
import { describeIssue, placeOfJsonMistake } from './providers-file-mistakes.ts'
import { type ProviderEntry, providersFileSchema } from './providers-file-schema.ts'
import { type EntrySources, resolveEntry, resolveOverride } from './resolve-entry.ts'

export interface ProvidersFile {
  providers: readonly CustomProvider[]
  /** By the ids of built-in providers. */
  overrides: ReadonlyMap<string, ProviderOverride>
}

/**
 * Parses the text of `POSTERN_PROVIDERS_FILE`. Every mistake is reported in one sentence that
 * begins with its place (`providers[0].smtp.tls`).
 * @param readSecretFile reads the files that entries name; an error it throws becomes a mistake
 */
export function parseProvidersFile(
  text: string,
  readSecretFile: (path: string) => string,
): ProvidersFile | { mistakes: string[] } {
  const json = parseJson(text)
  if ('mistake' in json) return { mistakes: [json.mistake] }
  const parsed = providersFileSchema.safeParse(json.value)
  if (!parsed.success) return { mistakes: parsed.error.issues.flatMap(describeIssue) }

  const { providers: entries = [], overrides = {} } = parsed.data
  const mistakes = [...takenIds(entries), ...strangeIds(Object.keys(overrides), entries)]
  const sourcesAt = (where: string): EntrySources => ({
    read: readSecretFile,
    report: (place, { message }) => void mistakes.push(`${where}.${place}: ${message}`),
  })
  const providers = entries.map((entry, index) => resolveEntry(entry, sourcesAt(`providers[${index}]`)))
  const finished = Object.entries(overrides).map(
    ([id, entry]) => [id, resolveOverride(entry, sourcesAt(`overrides.${printable(id)}`))] as const,
  )
  return mistakes.length > 0 ? { mistakes } : { providers, overrides: new Map(finished) }
}

function parseJson(text: string): { value: unknown } | { mistake: string } {
  const json = text.replace(/^\uFEFF/, '')
  try {
    return { value: JSON.parse(json) }
  } catch {
    // The parser quotes the text, which may contain a secret, so only the place is reported.
    const place = placeOfJsonMistake(json)
    return {
      mistake: `The file is not JSON${place ? ` (line ${place.line}, column ${place.column})` : ''}`,
    }
  }
}

function takenIds(entries: readonly ProviderEntry[]): string[] {
  const first = new Map<string, number>()
  return entries.flatMap(({ id }, index) => {
    const earlier = first.get(id)
    if (earlier !== undefined)
      return [`providers[${index}].id: "${id}" is the id of providers[${earlier}] already`]
    first.set(id, index)
    return []
  })
}

function strangeIds(overridden: readonly string[], entries: readonly ProviderEntry[]): string[] {
  return overridden.flatMap((id) => {
    const place = `overrides.${printable(id)}`
    const own = entries.findIndex((entry) => entry.id === id)
    if (own !== -1) return [`${place}: put it into providers[${own}] itself`]
    if (presetIds.includes(id)) return []
    const meant = closestName(id, presetIds)
    const question = meant === undefined ? '' : `; did you mean ${meant}`
    return [`${place}: is not a built-in provider, which are ${presetIds.join(', ')}${question}`]
  })
}
