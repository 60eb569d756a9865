import type { Command } from 'commander'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

/** `postern consent-link list | revoke` */
export function addConsentLinkVerbs(program: Command, context: Context): void {
  const consentLink = program.command('consent-link').description('the consent links that were made')

  consentLink
    .command('list')
    .description('list consent links of the last month')
    .addHelpText('after', '\nExample:\n  postern consent-link list')
    .action(async (_options: object, command: Command) => {
      const consentLinks = await context.withRunningBroker((broker) => broker.consentLinks())
      const rows = consentLinks.map((one) => [
        one.id,
        one.mailbox,
        one.state,
        one.requestedBy,
        one.usedAt ?? one.expiresAt,
      ])
      const words =
        rows.length > 0
          ? table(['ID', 'MAILBOX', 'STATE', 'ASKED BY', 'USED OR ENDS'], rows)
          : 'No consent link yet. Make one: postern consent ADDRESS\n'
      context.tell(command, { consentLinks }, words)
    })

  consentLink
    .command('revoke')
    .argument('<id>')
    .description('end a consent link that was not used')
    .addHelpText('after', '\nExample:\n  postern consent-link revoke 3f2a9c0d1b4e5f60')
    .action(async (id: string, _options: object, command: Command) => {
      await context.withRunningBroker((broker) => broker.revokeConsentLink(id))
      context.tell(command, { revoked: id }, `Revoked the consent link ${id}.\n`)
    })
}
