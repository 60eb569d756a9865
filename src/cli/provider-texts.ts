import type { TokenRemark } from '../providers/oauth/token-claims.ts'
import type { ProviderDetails } from '../providers/provider-status.ts'
import { evidenceWords } from '../providers/set-up.ts'

/** What an access token of the app itself said. */
export interface TokenCheck extends TokenRemark {
  objectId?: string
}

/** Everything about one provider, for a terminal. */
export function providerText(details: ProviderDetails, token?: TokenCheck): string {
  const { id, name, registered, missing, standing, flows, smtp, scopes, setUp } = details
  const facts: [string, string | undefined][] = [
    ['provider', `${id}: ${name}`],
    ['registered', registered ? 'yes' : `no. ${missing ?? ''}`],
    ['known', evidenceWords[standing.evidence]],
    ['ways', flows.join(', ')],
    ['smtp', `${smtp.host}:${smtp.port} ${smtp.tls}`],
    ['scopes', scopes.join(' ')],
    ['redirect URI', setUp.redirectUri],
  ]
  const filled = facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
  return [
    ...filled.map(([fact, value]) => `${fact.padEnd(14)}${value}`),
    ...section(
      'To know',
      standing.notes.map((note) => `- ${note}`),
    ),
    ...section(
      'To do at the provider',
      setUp.steps.map((step, place) => `${place + 1}. ${step}`),
    ),
    ...section('To put into .env', [...(setUp.settings?.lines ?? [])]),
    ...section('And into the file that is named there', setUp.settings?.file?.split('\n') ?? []),
    ...setUp.commands.flatMap(({ purpose, lines }) =>
      section(`${purpose} (Exchange Online PowerShell)`, [...lines]),
    ),
    ...(token ? section('The access token of the app itself', checked(token)) : []),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function checked({ mistake, doubt, objectId }: TokenCheck): string[] {
  return [
    ...(mistake
      ? [`Wrong: ${mistake.what}.`, `Fix: ${mistake.fix}`]
      : ['It can be had, and is for the mail server.']),
    ...(doubt === undefined ? [] : [`Doubt: ${doubt}`]),
    ...(objectId === undefined ? [] : [`Object id of the Enterprise application: ${objectId}`]),
  ]
}
