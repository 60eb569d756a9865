import type { Command } from 'commander'
import type { Context } from './context.ts'

/** `postern sign-in` */
export function addSignInVerb(program: Command, context: Context): void {
  program
    .command('sign-in')
    .description('print a one-time link that signs a browser in to the pages')
    .option('--viewer', 'as somebody who sees the pages and changes nothing')
    .addHelpText('after', '\nExample:\n  postern sign-in --viewer')
    .action(async ({ viewer }: { viewer?: boolean }, command: Command) => {
      const role = viewer ? 'viewer' : 'administrator'
      const link = await context.withRunningBroker((broker) => broker.createSignInLink(role))
      context.tell(
        command,
        link,
        `${link.url}\n\nIt signs one browser in as ${role}, until ${link.expiresAt}.\n`,
      )
    })
}
