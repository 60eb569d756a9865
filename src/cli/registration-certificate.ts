import type { Command } from 'commander'
import type {
  OwnCertificateStatus,
  OwnCertificates,
  ShownCertificate,
} from '../providers/own-certificates.ts'
import type { Context } from './context.ts'

interface CertificateOptions {
  objectId?: string
  renew?: boolean
  try?: boolean
  pem?: boolean
}

/** `postern registration certificate` */
export function addCertificateVerb(registration: Command, context: Context): void {
  registration
    .command('certificate')
    .argument('<id>')
    .description(
      'make a certificate that looks after itself, for a registration at Microsoft 365, and print it to be uploaded there',
    )
    .option(
      '--object-id <id>',
      'the object id of the app registration (not of the Enterprise application), with which postern renews it',
    )
    .option('--renew', 'make the next one now, not only 30 days before the end')
    .option('--try', 'take the next step now, as after an upload')
    .option('--pem', 'print nothing but the certificate that is to be uploaded')
    .addHelpText(
      'after',
      '\nExample:\n  postern registration certificate microsoft --object-id ID --pem > postern.pem',
    )
    .action(async (id: string, options: CertificateOptions, command: Command) => {
      const status = await context.withBroker(({ ownCertificates }) =>
        certificateOf(ownCertificates, id, options),
      )
      const { certificate = '' } = status.next ?? status.inUse ?? {}
      context.tell(command, status, options.pem ? certificate : statusText(id, status))
    })
}

async function certificateOf(
  own: Pick<OwnCertificates, 'make' | 'tryNow'>,
  id: string,
  { objectId, renew, try: tries }: CertificateOptions,
): Promise<OwnCertificateStatus> {
  const made = await own.make(id, { ...(objectId !== undefined && { objectId }), ...(renew && { renew }) })
  return tries ? own.tryNow(id) : made
}

function statusText(id: string, { inUse, next, objectId, refused }: OwnCertificateStatus): string {
  const lines = [
    ...(inUse ? certificateLines('in use', inUse) : []),
    ...(next ? certificateLines(next.registered ? 'registered' : 'next', next) : []),
    `${'object id'.padEnd(13)}${objectId ?? 'not known: without it postern may be unable to renew the certificate (--object-id)'}`,
    ...(refused ? [`${'refused'.padEnd(13)}${refused.why}`] : []),
    '',
    (next ?? inUse)?.certificate ?? '',
    next
      ? `It is used as soon as the provider takes it. To try that now: postern registration certificate ${id} --try`
      : 'Upload it, unless that is done, in the Entra admin centre: App registrations, the app, Certificates & secrets. The key stays here.',
  ]
  return `${lines.join('\n')}\n`
}

function certificateLines(what: string, { thumbprint, endsAt }: ShownCertificate): string[] {
  return [`${what.padEnd(13)}thumbprint ${thumbprint}, ends on ${endsAt.slice(0, 10)}`]
}
