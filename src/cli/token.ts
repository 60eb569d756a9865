import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context, TokenFormat } from './context.ts'

/** `postern token ADDRESS` */
export function addTokenVerb(program: Command, context: Context): void {
  program
    .command('token')
    .argument('<address>', 'the mailbox')
    .description('print an access token that is valid for long enough')
    .option('--min-life <seconds>', 'seconds of life that it must still have', wholeSeconds)
    .addOption(
      new Option(
        '--format <format>',
        'the bare token, the answer of RFC 6749 as JSON, or the SASL string',
      ).choices(['token', 'json', 'xoauth2']),
    )
    .addHelpText('after', '\nExample:\n  postern token billing@example.com --min-life 600 --format xoauth2')
    .action(
      async (address: string, options: { minLife?: number; format?: TokenFormat }, command: Command) => {
        const json = command.optsWithGlobals().json === true
        const format = options.format ?? (json ? 'json' : 'token')
        const { minLife } = options
        const token = await context.withRunningBroker((broker) =>
          broker.token(address, { format, ...(minLife !== undefined && { minimumLifeSeconds: minLife }) }),
        )
        const text = token.reveal()
        context.tell(command, format === 'json' ? JSON.parse(text) : { [format]: text }, `${text}\n`)
      },
    )
}

function wholeSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number of seconds.')
  return Number(text)
}
