import type { Command } from 'commander'
import { asFailure, failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import { type Finding, fault, good, unknown } from '../diagnosis/finding.ts'
import { text } from '../failures/texts.ts'
import type { RegistrationStatus } from '../providers/registrations.ts'
import type { Context, LocalDoctor, RunningBroker } from './context.ts'
import { MistakenSettings } from './terminal.ts'

const help = `
Looks at the settings, the data directory, the key, and each provider that is set up: the clock against
that of the provider, the name of its mail server, the connection, its certificate, and whether it offers
a sign-in by token. With an address, the running postern goes on with that mailbox: its token, the
sign-in, and whether the provider accepts it as the sender. Nothing is sent without --send-to.

Ends with the first fault, and exits with 1 then.

Examples:
  postern doctor
  postern doctor billing@example.com
  postern doctor billing@example.com --send-to me@example.com`

interface Options {
  sendTo?: string
  json?: boolean
}

/** Where a step was taken: a provider or a mailbox. Absent: this machine. */
type Located = Finding & { about?: string }

/** `postern doctor` */
export function addDoctorVerb(program: Command, context: Context): void {
  program
    .command('doctor')
    .argument('[address]', 'a mailbox')
    .description('find what is wrong, step by step, and what helps')
    .option('--send-to <address>', 'also send a test message from the mailbox to this address')
    .addHelpText('after', help)
    .action(async (address: string | undefined, options: Options, command: Command) => {
      if (address === undefined && options.sendTo !== undefined)
        command.error('error: --send-to needs the mailbox that it is sent from')
      const findings: Located[] = []
      for await (const finding of examine(address, options.sendTo, context)) {
        findings.push(finding)
        // With --json, standard error is for failures of the command itself.
        if (options.json !== true) context.terminal.stderr.write(line(finding))
        if (finding.outcome === 'fault') break
      }
      const fault = findings.find(({ outcome }) => outcome === 'fault')
      if (fault) context.exitCode = 1
      context.tell(command, { healthy: !fault, ...(fault && { fault }), findings }, verdict(fault, findings))
    })
}

async function* examine(
  address: string | undefined,
  sendTo: string | undefined,
  context: Context,
): AsyncGenerator<Located> {
  const begun = performance.now()
  const took = () => Math.round(performance.now() - begun)
  let config: Config
  try {
    config = (await context.config()).config
    yield { ...good('settings', text('doctor.settings-good')), milliseconds: took() }
  } catch (error) {
    yield { ...ofSettings(error), milliseconds: took() }
    return
  }
  const doctor = await context.openDoctor(config)
  try {
    yield* address === undefined
      ? everything(doctor, config, context)
      : oneMailbox({ address, sendTo }, doctor, config, context)
  } finally {
    await doctor.close()
  }
}

function ofSettings(error: unknown): Omit<Finding, 'milliseconds'> {
  const found = fault('settings', asFailure(error))
  if (!(error instanceof MistakenSettings)) return found
  return { ...found, what: found.what.split(':\n')[0] ?? found.what, details: error.mistakes }
}

async function* everything(doctor: LocalDoctor, config: Config, context: Context): AsyncGenerator<Located> {
  const running = await findRunning(context)
  if (running) yield runningFinding(config)
  else yield* doctor.store()
  const stored = await storedIn(context)
  if (doctor.providers.length + stored.length === 0)
    yield { ...fault('provider', failure('doctor.no-provider')), ...here() }
  for (const id of doctor.providers) yield* of(id, doctor.provider(id), running ? ['running'] : [])
  yield* storedRegistrations(stored, context)
  for (const { address, reason } of running?.lapsed ?? [])
    yield { ...fault('token', failure('doctor.lapsed', { mailbox: address }), reason), ...here(address) }
}

/** Those of the store, whose secrets do not leave it: the provider is asked from there. */
async function* storedRegistrations(
  stored: readonly RegistrationStatus[],
  context: Context,
): AsyncGenerator<Located> {
  for (const { id, hiddenBy: setting, trouble } of stored) {
    if (trouble) {
      const { message: reason } = trouble
      yield { ...fault('provider', failure('registration.unusable', { id, reason })), ...here(id) }
    } else if (setting === undefined) {
      const { points } = await context.withBroker(({ registrations }) => registrations.check(id))
      for (const { point: step, outcome, what, fix, failure: said } of points)
        yield {
          ...{ step, outcome: outcome === 'wrong' ? 'fault' : outcome, what, ...said },
          ...(fix !== undefined && { fix }),
          ...here(id),
        }
    } else yield { ...unknown('settings', failure('registration.hidden', { id, setting })), ...here(id) }
  }
}

/** What keeps this command from the store is a finding of its own. */
async function storedIn(context: Context): Promise<RegistrationStatus[]> {
  const all = await context.withBroker(({ registrations }) => registrations.list()).catch(() => [])
  return all.filter(({ source }) => source === 'stored')
}

/**
 * @param apart steps that are known better
 */
async function* of(
  about: string,
  findings: AsyncIterable<Finding>,
  apart: readonly Finding['step'][] = [],
): AsyncGenerator<Located> {
  for await (const finding of findings) {
    // This command has read them itself.
    const isKnown = finding.step === 'settings' && finding.outcome === 'good'
    if (!isKnown && !apart.includes(finding.step)) yield { ...finding, about }
  }
}

/** What is known here takes no time. */
function here(about?: string): Pick<Located, 'about' | 'milliseconds'> {
  return { milliseconds: 0, ...(about !== undefined && { about }) }
}

/** What the running postern knows without looking. Undefined: none runs, or none that can be asked. */
async function findRunning(context: Context) {
  try {
    return await context.withRunningBroker(async ({ mailboxes }) => ({
      lapsed: (await mailboxes.list()).filter(({ state }) => state === 'lapsed'),
    }))
  } catch {
    // What keeps this command from it is found in the data directory.
    return undefined
  }
}

function runningFinding({ dataDir }: Config): Located {
  return { ...good('data-directory', text('doctor.runs', { dataDir })), milliseconds: 0 }
}

async function* oneMailbox(
  { address, sendTo }: { address: string; sendTo: string | undefined },
  doctor: LocalDoctor,
  config: Config,
  context: Context,
): AsyncGenerator<Located> {
  let broker: RunningBroker | undefined
  try {
    // It holds nothing open between two requests.
    broker = await context.withRunningBroker(async (found) => found)
  } catch {
    broker = undefined
  }
  if (broker) {
    yield runningFinding(config)
    yield* of(address, broker.diagnose(address, sendTo))
    return
  }
  yield* everything(doctor, config, context)
  yield { ...fault('running', failure('doctor.not-running', { mailbox: address })), ...here() }
}

const names: Record<Finding['step'], string> = {
  settings: 'settings',
  'data-directory': 'data directory',
  key: 'key',
  provider: 'provider',
  running: 'running postern',
  'redirect-uri': 'redirect URI',
  certificate: 'certificate',
  endpoint: 'token endpoint',
  clock: 'clock',
  name: 'name (DNS)',
  connect: 'connection',
  tls: 'TLS',
  mechanism: 'sign-in offered',
  client: 'client',
  token: 'token',
  claims: 'claims of the token',
  'sign-in': 'sign-in',
  sender: 'sender',
  'held-back': 'held back',
  recipient: 'recipient',
  message: 'test message',
}

const marks: Record<Finding['outcome'], string> = { good: 'good ', unknown: '?    ', fault: 'WRONG' }

function line({ step, outcome, what, milliseconds, about, fix }: Located): string {
  // The mailbox that was asked for needs not be told again on each line.
  const where = about === undefined || about.includes('@') ? '' : `${about}: `
  const advice = outcome === 'unknown' && fix !== undefined ? ` ${fix}` : ''
  return `${marks[outcome]}  ${names[step].padEnd(20)}${String(milliseconds).padStart(6)} ms  ${where}${what}${advice}\n`
}

function verdict(fault: Located | undefined, findings: readonly Located[]): string {
  if (!fault) {
    const open = findings.filter(({ outcome }) => outcome === 'unknown').length
    const more = open === 0 ? '' : ` What is marked with "?" above could not be told, or is worth knowing.`
    return `Nothing is wrong, as far as this can be seen.${more}\n`
  }
  const { step, what, details = [], said, fix, about } = fault
  return [
    `Wrong: ${names[step]}${about === undefined ? '' : ` of ${about}`}\n`,
    `  ${what}\n`,
    ...details.map((detail) => `    - ${detail}\n`),
    ...(said === undefined || what.includes(said) ? [] : [`  It said: ${said}\n`]),
    ...(fix === undefined ? [] : [`  Fix: ${fix}\n`]),
  ].join('')
}
