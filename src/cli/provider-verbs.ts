import type { Command } from 'commander'
import { parseAddress } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import { asFailure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import { redirectUriOf } from '../consent/consent-links.ts'
import { createCatalogue } from '../providers/catalogue.ts'
import { createOAuthClients } from '../providers/oauth/oauth-clients.ts'
import { objectIdIn } from '../providers/oauth/token-claims.ts'
import { withoutOAuth } from '../providers/presets/without-oauth.ts'
import { type ProviderStatus, providerDetails, providerList } from '../providers/provider-status.ts'
import type { Context } from './context.ts'
import { addProviderCheckVerb } from './provider-check-verb.ts'
import { suggestionFor, suggestionText } from './provider-suggestion.ts'
import { providerText, type TokenCheck } from './provider-texts.ts'
import { table } from './terminal.ts'
import { withHttp } from './with-http.ts'

/** `postern provider list | show | check` */
export function addProviderVerbs(program: Command, context: Context): void {
  const provider = program.command('provider').description('mail providers, and what each needs')

  provider
    .command('list')
    .option('--for <address>', 'suggest one for this address, by its domain and where its mail comes in')
    .description('list the providers that postern knows')
    .addHelpText('after', '\nExample:\n  postern provider list --for billing@example.com')
    .action(async ({ for: address }: { for?: string }, command: Command) => {
      const { config } = await context.config()
      const providers = providerList(createCatalogue(config))
      const suggestion = address === undefined ? undefined : await suggestionFor(parseAddress(address))
      const result = { providers, withoutOAuth, ...(suggestion && { suggestion }) }
      context.tell(
        command,
        result,
        suggestion
          ? suggestionText(address ?? '', suggestion, (id) =>
              providers.some((one) => one.id === id && one.registered),
            )
          : listed(providers),
      )
    })

  provider
    .command('show')
    .argument('<id>')
    .description('show one provider: what is known of it, and how to set it up')
    .option('--mailbox <address>', 'fill this mailbox into the commands')
    .option('--ask', 'get an access token as the app itself, to look at it and fill in its object id')
    .addHelpText('after', '\nExample:\n  postern provider show microsoft --mailbox billing@example.com --ask')
    .action(async (id: string, options: { mailbox?: string; ask?: boolean }, command: Command) => {
      const { config } = await context.config()
      const mailbox = options.mailbox === undefined ? undefined : parseAddress(options.mailbox)
      const token = options.ask ? await ask(config, id, mailbox ?? 'nobody@example.com') : undefined
      const redirectUri = redirectUriOf(config.publicUrl)
      const details = providerDetails(createCatalogue(config), id, {
        redirectUri,
        mailbox,
        objectId: token?.objectId,
      })
      context.tell(command, { ...details, ...(token && { token }) }, providerText(details, token))
    })

  addProviderCheckVerb(provider, context)
}

/** What the provider says against it is part of the answer. */
async function ask(config: Config, id: string, mailbox: string): Promise<TokenCheck> {
  try {
    const catalogue = createCatalogue(config)
    const { flows } = catalogue.registered(id)
    const flow = flows.includes('service-account') ? 'service-account' : 'client-credentials'
    const { accessToken, remark = {} } = await withHttp(config, (http) =>
      createOAuthClients({ catalogue, http, clock: systemClock })(id).withoutPerson(flow, mailbox),
    )
    const objectId = objectIdIn(accessToken.reveal())
    return { ...remark, ...(objectId !== undefined && { objectId }) }
  } catch (error) {
    const { message, fix } = asFailure(error)
    const what = error instanceof Error && error.name === 'OAuthError' ? error.message : message
    return {
      mistake: { what, fix: fix ?? 'Check the registration, its secret or certificate, and its tenant.' },
    }
  }
}

function listed(providers: readonly ProviderStatus[]): string {
  const rows = providers.map(({ id, name, registered, standing, flows }) => [
    id,
    name,
    registered ? 'yes' : 'no',
    standing.evidence,
    flows.join(' '),
  ])
  const without = withoutOAuth.map(({ name, reason }) => `  ${name}: ${reason}\n`).join('')
  return `${table(['PROVIDER', 'NAME', 'REGISTERED', 'KNOWN', 'WAYS TO A GRANT'], rows)}\nNot possible, because their SMTP servers take passwords only:\n${without}`
}
