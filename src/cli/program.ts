import { Command, CommanderError, Option } from 'commander'
import { type Failure, failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import type { ConfigReading, EffectiveConfig } from '../config/read-config.ts'
import type { Broker, Context, Host, LocalDoctor, SendingEnvironment } from './context.ts'
import { type Reached, reachBroker, reachRunningBroker } from './reach-broker.ts'
import {
  describeFailure,
  exitCodeOf,
  MistakenSettings,
  readSecret,
  type Terminal,
  usageError,
} from './terminal.ts'

/** What the command is given by the process. */
export interface CommandDeps {
  version: string
  /** What the environment says for the verbs that send. */
  sending?: SendingEnvironment
  /** Failures are shown with their stacks. */
  isDebugging?: boolean
  /** By its own setting alone. Undefined, or absent, where that is in doubt: `readConfig` says why. */
  dataDir?(): string | undefined
  readConfig(): Promise<ConfigReading>
  serve(config: Config): Promise<number>
  /** Opens the store itself, for verbs that work while no postern runs. */
  openServices(config: Config): Promise<Broker>
  openDoctor(config: Config): Promise<LocalDoctor>
  /** What postern is begun by here, for the verbs that make it a service. */
  host?: Host
}

/**
 * Runs one `postern` command; resolves with its exit code. `words` are the arguments without the
 * program's name.
 */
export async function runCommand(
  words: readonly string[],
  terminal: Terminal,
  deps: CommandDeps,
): Promise<number> {
  const context = createContext(terminal, deps)
  const json = words.includes('--json')
  try {
    const program = await createProgram(words, terminal, deps.version, context, json)
    await program.parseAsync(words, { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      if (json) terminal.stderr.write(describeFailure(badUsage(error), json))
      return usageError
    }
    terminal.stderr.write(describeFailure(error, json, words.includes('--debug') || deps.isDebugging))
    return exitCodeOf(error)
  }
}

/** Where there is no terminal: the same in every pipe, file and page. */
const helpColumns = 100

function badUsage({ code, message }: CommanderError): Failure {
  const what = code === 'commander.help' ? 'a verb is missing' : message.replace(/^error: /, '')
  return failure('command.bad-usage', { what })
}

async function createProgram(
  words: readonly string[],
  terminal: Terminal,
  version: string,
  context: Context,
  json: boolean,
): Promise<Command> {
  const program = new Command('postern')
    .description('OAuth2 token broker for SMTP: a local password comes in, XOAUTH2 goes out')
    .version(version)
    .showHelpAfterError('(postern --help shows the verbs)')
    // An option belongs to the verb that it follows, also where the verb above has one of that name.
    .enablePositionalOptions()
  for (const add of await addersFor(words)) add(program, context)
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // With --json, standard error is one JSON object, for wrong usage as well.
      writeErr: (text) => json || terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns ?? helpColumns,
      getErrHelpWidth: () => terminal.stderr.columns ?? helpColumns,
    })
    if (command.commands.length > 0) continue
    command.option('--json', 'the result as JSON')
    // Looked for among the words, because much can fail before they are read.
    command.addOption(new Option('--debug', 'where in postern something went wrong').hideHelp())
  }
  return program
}

type AddVerbs = (program: Command, context: Context) => void

/** The verbs, in the order of the help. Their files are loaded when one of them is asked for: `postern token` starts in a moment. */
const families: readonly [verbs: string, load: () => Promise<AddVerbs>][] = [
  ['serve config health log-level', async () => (await import('./config.ts')).addConfigVerbs],
  ['provider', async () => (await import('./provider.ts')).addProviderVerbs],
  ['registration', async () => (await import('./registration.ts')).addRegistrationVerbs],
  ['mailbox', async () => (await import('./mailbox.ts')).addMailboxVerbs],
  ['consent', async () => (await import('./consent.ts')).addConsentVerb],
  ['login', async () => (await import('./login.ts')).addLoginVerbs],
  ['api-key', async () => (await import('./access.ts')).addApiKeyVerbs],
  ['token', async () => (await import('./token.ts')).addTokenVerb],
  ['send', async () => (await import('./send.ts')).addSendVerb],
  ['sendmail', async () => (await import('./sendmail.ts')).addSendmailVerb],
  ['service', async () => (await import('./service.ts')).addServiceVerbs],
  ['approvals', async () => (await import('./approvals.ts')).addApprovalVerbs],
  ['mcp', async () => (await import('./mcp.ts')).addMcpVerb],
  ['tls', async () => (await import('./tls.ts')).addTlsVerbs],
  ['sign-in', async () => (await import('./access.ts')).addSignInVerb],
  ['consent-link', async () => (await import('./consent.ts')).addConsentLinkVerbs],
  ['journal', async () => (await import('./journal.ts')).addJournalVerb],
  ['trace', async () => (await import('./trace.ts')).addTraceVerb],
  ['explain', async () => (await import('./explain.ts')).addExplainVerb],
  ['doctor', async () => (await import('./doctor.ts')).addDoctorVerb],
  ['backup restore', async () => (await import('./backup.ts')).addBackupVerbs],
  ['store', async () => (await import('./store.ts')).addStoreVerbs],
  ['keyring', async () => (await import('./backup.ts')).addKeyringVerbs],
  ['export', async () => (await import('./export.ts')).addExportVerbs],
  ['credential-helper', async () => (await import('./credential-helper.ts')).addCredentialHelperVerb],
  ['import', async () => (await import('./import.ts')).addImportVerb],
  ['status test', async () => (await import('./status.ts')).addStatusVerbs],
  ['completion', async () => (await import('./completion.ts')).addCompletionVerb],
]

/**
 * Those of the first word; all of them where it is none of theirs, so that the help is whole, and
 * for what is made of them all.
 */
async function addersFor([first = '']: readonly string[]): Promise<AddVerbs[]> {
  const asked = families.filter(([verbs]) => first !== 'completion' && verbs.split(' ').includes(first))
  return Promise.all((asked.length > 0 ? asked : families).map(([, load]) => load()))
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function createContext(terminal: Terminal, deps: CommandDeps): Context {
  const config = async () => effective(await deps.readConfig())
  const warn = (warnings: readonly string[]) => {
    for (const warning of warnings) terminal.stderr.write(`postern: warning: ${warning}\n`)
  }
  const dataDirKnown = () => deps.dataDir?.()
  const place = { dataDir: dataDirKnown, config: async () => (await config()).config }
  const withStore =
    (mayBegin: boolean): Context['withBroker'] =>
    async (work) =>
      closing(reachBroker(place, deps.openServices, warn, mayBegin), ({ broker, smtp }) => work(broker, smtp))
  return {
    terminal,
    config,
    dataDir: async () => dataDirKnown() ?? knownDataDir(await deps.readConfig()),
    serve: deps.serve,
    environment: deps.sending ?? {},
    openDoctor: deps.openDoctor,
    host: deps.host ?? unknownHost,
    exitCode: 0,
    secret: (from) => readSecret(from, terminal),
    withBroker: withStore(false),
    withNewBroker: withStore(true),
    withRunningBroker: async (work) =>
      closing(reachRunningBroker(place, warn), ({ broker, smtp }) => work(broker, smtp)),
    warn,
    tell(command, result, inWords) {
      terminal.stdout.write(
        command.opts().json === true ? `${JSON.stringify(result, undefined, 2)}\n` : inWords,
      )
    },
  }
}

const unknownHost: Host = {
  platform: process.platform,
  place: { command: ['postern'], environment: {}, user: process.geteuid?.() },
}

async function closing<B extends Broker, T>(
  reaching: Promise<Reached<B>>,
  work: (reached: Reached<B>) => Promise<T>,
): Promise<T> {
  const reached = await reaching
  try {
    return await work(reached)
  } finally {
    await reached.broker.close()
  }
}

function knownDataDir(reading: ConfigReading): string {
  if ('config' in reading) return reading.config.dataDir
  if (reading.dataDir === undefined) throw new MistakenSettings(reading.mistakes)
  return reading.dataDir
}

function effective(reading: ConfigReading): EffectiveConfig {
  if (!('mistakes' in reading)) return reading
  throw new MistakenSettings(reading.mistakes)
}
