import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../base/clock.ts'
import { prepareDataDir } from '../store/data-dir.ts'
import { makeCertificates } from '../tls/make-certificates.ts'
import type { Context } from './context.ts'
import { collect } from './login-verbs.ts'
import { describeMadeCertificates, tlsMakeHelp } from './tls-texts.ts'

interface MakeOptions {
  name: string[]
  dir?: string
  days: number
  replaceCa?: boolean
  forgetCaKey?: boolean
}

/** `postern tls make` */
export function addTlsVerbs(program: Command, context: Context): void {
  program
    .command('tls')
    .description('certificates for applications and devices')
    .command('make')
    .description('make a certificate, and a local authority that clients are told to trust')
    .option(
      '--name <host>',
      'a further name or address that clients use for this machine (repeatable; default: those of the certificate before)',
      collect,
      [],
    )
    .option('--dir <folder>', 'where the files stand (default: tls in the data directory)')
    // Apple's systems refuse a server certificate that is good for longer.
    .option('--days <number>', 'how long the certificate is good', wholeDays, 825)
    .option('--replace-ca', 'make a new authority, too: every client has to be told of it')
    .option('--forget-ca-key', "delete the authority's key afterwards: nobody can issue by it again")
    .addHelpText('after', tlsMakeHelp)
    .action(async (options: MakeOptions, command: Command) => {
      const { name: names, dir, days, replaceCa: replaceAuthority = false } = options
      const { forgetCaKey: forgetAuthorityKey = false } = options
      const folder = dir === undefined ? await inDataDir(context) : resolve(dir)
      const which = { names, days, replaceAuthority, forgetAuthorityKey }
      const made = await makeCertificates({ folder, ...which, clock: systemClock })
      context.tell(command, made, describeMadeCertificates(made))
    })
}

async function inDataDir(context: Context): Promise<string> {
  const dataDir = await context.dataDir()
  await prepareDataDir(dataDir)
  return join(dataDir, 'tls')
}

function wholeDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (days < 1 || days > 3650) throw new InvalidArgumentError('Give a whole number from 1 to 3650.')
  return days
}
