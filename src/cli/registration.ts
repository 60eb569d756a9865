import type { Command } from 'commander'
import { localTimestamp } from '../base/local-time.ts'
import type { RegistrationCheck } from '../providers/registration-checks.ts'
import type { ChangedRegistration, RegistrationStatus } from '../providers/registrations.ts'
import type { Context } from './context.ts'
import { checkText } from './provider.ts'
import { addCertificateVerb } from './registration-certificate.ts'
import {
  changesOf,
  type FieldOptions,
  fieldsOf,
  type SetOptions,
  wholeNumber,
  withFields,
} from './registration-options.ts'
import { collect, exitCodes, type Terminal, table } from './terminal.ts'

/** `postern registration add | list | show | set | remove | check | certificate` */
export function addRegistrationVerbs(program: Command, context: Context): void {
  const registration = program
    .command('registration')
    .description(
      'app registrations at providers: those of the settings, and those that are kept in the store',
    )

  withFields(registration.command('add'))
    .argument(
      '<id>',
      'that of a provider ("postern provider list"), or another one with --preset or endpoints',
    )
    .description('add an app registration; it is used at once, without a restart')
    .addHelpText(
      'after',
      '\nExample:\n  postern registration add microsoft --client-id ID --tenant contoso.example --client-secret-file - --secret-expires 2027-11-30',
    )
    .action(async (id: string, options: FieldOptions, command: Command) => {
      const request = { id, ...(await fieldsOf(id, options, context)) }
      const status = await context.withNewBroker(({ registrations }) => registrations.add(request))
      context.tell(
        command,
        status,
        `${statusText(status)}\nNext: postern registration check ${id}, then: postern mailbox add ADDRESS --provider ${id}\n`,
      )
    })

  registration
    .command('list')
    .description('list all app registrations, and where each comes from')
    .addHelpText('after', '\nExample:\n  postern registration list')
    .action(async (_options: object, command: Command) => {
      const list = await context.withBroker(({ registrations }) => registrations.list())
      context.tell(command, { registrations: list }, listText(list, context.terminal.stdout))
    })

  registration
    .command('show')
    .argument('<id>')
    .description('show one app registration; its secrets are never shown')
    .addHelpText('after', '\nExample:\n  postern registration show microsoft')
    .action(async (id: string, _options: object, command: Command) => {
      const status = await context.withBroker(({ registrations }) => registrations.show(id))
      context.tell(command, status, statusText(status))
    })

  addSetVerb(registration, context)
  addRemoveVerb(registration, context)
  addCertificateVerb(registration, context)

  registration
    .command('check')
    .argument('<id>')
    .description('ask the provider whether it takes the client')
    .addHelpText('after', '\nExample:\n  postern registration check microsoft')
    .action(async (id: string, _options: object, command: Command) => {
      const check = await context.withBroker(({ registrations }) => registrations.check(id))
      context.tell(command, check, checkText(check))
      if (isWrong(check)) context.exitCode = exitCodes['provider-setup']
    })
}

function isWrong({ points }: RegistrationCheck): boolean {
  return points.some(({ outcome }) => outcome === 'wrong')
}

function addSetVerb(registration: Command, context: Context): void {
  withFields(registration.command('set'))
    .argument('<id>')
    .description('change what is given of an app registration that is kept in the store')
    .option(
      '--add-client-secret-file <file>',
      'a further client secret, used as soon as those before it are refused (- for standard input)',
    )
    .option('--remove-client-secret <place>', 'take out the client secret at this place, from 1', wholeNumber)
    .option('--unset <field>', 'take a field away, by its name in the JSON (repeatable)', collect)
    .addHelpText(
      'after',
      '\nExample:\n  postern registration set microsoft --add-client-secret-file - --secret-expires 2028-11-30',
    )
    .action(async (id: string, options: SetOptions, command: Command) => {
      const changed = await context.withBroker(async ({ registrations }) => {
        const before = await registrations.show(id)
        return registrations.set(id, await changesOf(before, options, context))
      })
      context.tell(command, changed, changeText(changed))
    })
}

function addRemoveVerb(registration: Command, context: Context): void {
  registration
    .command('remove')
    .argument('<id>')
    .description('remove an app registration from the store')
    .option('--force', 'also while mailboxes use it: they send nothing until it is there again')
    .addHelpText('after', '\nExample:\n  postern registration remove microsoft-contoso')
    .action(async (id: string, { force = false }: { force?: boolean }, command: Command) => {
      const removed = await context.withBroker(({ registrations }) => registrations.remove(id, { force }))
      const { mailboxes } = removed
      const words =
        mailboxes.length === 0
          ? `Removed the registration ${id}.\n`
          : `Removed the registration ${id}. These mailboxes send nothing until it is there again, and keep their consents: ${mailboxes.join(', ')}\n`
      context.tell(command, removed, words)
    })
}

function listText(list: readonly RegistrationStatus[], to: Terminal['stdout']): string {
  if (list.length === 0)
    return 'No app registration yet. "postern provider list" names the providers, and "postern provider show" what each needs.\n'
  const rows = list.map((one) => [
    one.id,
    one.name,
    sourceText(one),
    one.fields.clientId ?? one.serviceAccount?.email ?? '',
    nextEnd(one),
    String(one.mailboxes),
  ])
  return table(['REGISTRATION', 'PROVIDER', 'FROM', 'CLIENT ID', 'ENDS', 'MAILBOXES'], rows, to)
}

function sourceText({ source, setting, hiddenBy, trouble }: RegistrationStatus): string {
  if (trouble) return 'the store: CANNOT BE USED'
  if (hiddenBy !== undefined) return `the store: NOT USED, ${hiddenBy} has the same id`
  if (source === 'settings') return `the settings (${setting})`
  return source === 'stored' ? 'the store' : 'shipped with this installation'
}

/** When the last of its secrets ends, as far as that is known. */
function nextEnd({ clientSecrets, certificate }: RegistrationStatus): string {
  if (certificate) return certificate.expires.slice(0, 10)
  const days = clientSecrets.map(({ expires }) => expires)
  return days.includes(undefined) ? '' : (days.sort().at(-1) ?? '')
}

function statusText(status: RegistrationStatus): string {
  const { id, name, trouble, fields, authentication, clientSecrets, certificate, serviceAccount } = status
  const { limits, smtp, authorizationParameters, ...plain } = fields
  const facts: [string, string | undefined][] = [
    ['registration', id],
    ['provider', name],
    ['from', sourceText(status)],
    ['trouble', trouble && `${trouble.message}. ${trouble.fix ?? ''}`],
    ...Object.entries(plain).map(([field, value]): [string, string] => [
      words(field),
      Array.isArray(value) ? value.join(' ') : String(value),
    ]),
    ...Object.entries(authorizationParameters ?? {}).map(([field, value]): [string, string] => [
      'parameter',
      `${field}=${value}`,
    ]),
    ['smtp', smtp && `${smtp.host}:${smtp.port} ${smtp.tls}`],
    ...Object.entries(limits ?? {}).map(([field, value]): [string, string] => [
      words(field),
      typeof value === 'object' && value !== null ? `${value.refused}/${value.of}` : String(value),
    ]),
    ['authenticates', authentication],
    ...clientSecrets.map(({ place, expires, added }): [string, string] => [
      `secret ${place}`,
      [expires === undefined ? 'set' : `set, ends on ${expires}`, added && `added on ${added}`]
        .filter((part) => part !== undefined)
        .join(', '),
    ]),
    [
      'certificate',
      certificate && `ends on ${certificate.expires.slice(0, 10)}, SHA-256 ${certificate.thumbprint}`,
    ],
    ['subject', certificate?.subject],
    ['SHA-1', certificate?.sha1],
    ['account', serviceAccount?.email],
    ['mailboxes', String(status.mailboxes)],
    ['added', at(status.createdAt)],
    ['changed', status.revision === 1 ? undefined : at(status.changedAt)],
  ]
  const filled = facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
  const width = Math.max(...filled.map(([fact]) => fact.length)) + 2
  return filled.map(([fact, value]) => `${fact.padEnd(width)}${value}\n`).join('')
}

function at(time: string | undefined): string | undefined {
  return time === undefined ? undefined : localTimestamp(time)
}

/** `clientId`: client id. */
function words(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function changeText({ registration, changed, needConsent, keepConsent }: ChangedRegistration): string {
  if (changed.length === 0) return 'Nothing is changed by that.\n'
  const lines = [
    `Changed of ${registration.id}: ${changed.map(words).join(', ')}. It counts from now on, without a restart.`,
    ...(needConsent.length === 0
      ? []
      : [
          'The consents of these mailboxes were given to another registration, and the provider is likely to refuse them:',
          ...needConsent.map((mailbox) => `  postern consent ${mailbox}`),
        ]),
    ...(keepConsent.length === 0 ? [] : [`The consents of the other mailboxes stay: ${keepConsent.length}.`]),
  ]
  return `${lines.join('\n')}\n`
}
