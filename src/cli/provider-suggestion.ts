import { Resolver } from 'node:dns/promises'
import type { Address } from '../base/address.ts'
import { shellWord } from '../base/text.ts'
import { type Suggestion, suggestProvider } from '../providers/suggest-provider.ts'

export function suggestionFor(address: Address): Promise<Suggestion> {
  return suggestProvider(address, mxHostsOf)
}

/** Nothing where nothing is found: it is a suggestion only. */
async function mxHostsOf(domain: string): Promise<string[]> {
  try {
    // A name server that is silent keeps nobody waiting for a suggestion.
    return (await new Resolver({ timeout: 1500, tries: 2 }).resolveMx(domain)).map(({ exchange }) => exchange)
  } catch {
    return []
  }
}

/** @param isRegistered whether the provider is set up already */
export function suggestionText(
  address: string,
  suggestion: Suggestion,
  isRegistered = (_id: string) => false,
): string {
  switch (suggestion.kind) {
    case 'provider':
      return `${address} seems to be at ${suggestion.name}, by its ${suggestion.by === 'mx' ? 'mail servers (MX)' : 'domain'}.\nNext: postern ${
        isRegistered(suggestion.id)
          ? `mailbox add ${shellWord(address)} --provider ${suggestion.id}`
          : `provider show ${suggestion.id}`
      }\n`
    case 'without-oauth':
      return `${address} seems to be at ${suggestion.name}. ${suggestion.reason}\n`
    case 'unknown':
      return `Nothing tells where ${address} is. "postern provider list" names the providers; any other goes into POSTERN_PROVIDERS_FILE.\n`
  }
}
