import { Command, CommanderError } from 'commander'
import { asFailure, Failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import type { ConfigReading, EffectiveConfig } from '../config/read-config.ts'
import { readOwnerKey } from '../store/owner-key.ts'
import { addApiKeyVerbs } from './api-key-verbs.ts'
import type { Broker } from './broker.ts'
import { addConsentVerb, addTokenVerb } from './broker-verbs.ts'
import { addConfigVerbs } from './config-verbs.ts'
import type { Context } from './context.ts'
import { exitCodes, usageError } from './exit-code.ts'
import { createLocalBroker, type LocalServices } from './local-broker.ts'
import { addLoginVerbs } from './login-verbs.ts'
import { addMailboxVerbs } from './mailbox-verbs.ts'
import { createRemoteBroker } from './remote-broker.ts'
import { findRunning } from './running-file.ts'
import { describeFailure, readSecret, type Terminal } from './terminal.ts'

/** What the command is given by the process. */
export interface CommandNeeds {
  version: string
  readConfig(): ConfigReading
  serve(config: Config): Promise<number>
  openServices(config: Config): Promise<LocalServices>
}

/** Runs one `postern` command; resolves with its exit code. `words` are the arguments without the program's name. */
export async function runCommand(
  words: readonly string[],
  terminal: Terminal,
  needs: CommandNeeds,
): Promise<number> {
  const context = createContext(terminal, needs)
  const program = createProgram(terminal, needs.version, context)
  try {
    await program.parseAsync(words, { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError
    terminal.stderr.write(describeFailure(error, words.includes('--json')))
    return exitCodes[asFailure(error).code]
  }
}

function createProgram(terminal: Terminal, version: string, context: Context): Command {
  const program = new Command('postern')
    .description('OAuth2 token broker for SMTP: a local password comes in, XOAUTH2 goes out')
    .version(version)
    .showHelpAfterError('(postern --help shows the verbs)')
  for (const add of [
    addConfigVerbs,
    addMailboxVerbs,
    addConsentVerb,
    addLoginVerbs,
    addApiKeyVerbs,
    addTokenVerb,
  ]) {
    add(program, context)
  }
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    if (command.commands.length === 0) command.option('--json', 'the result as JSON')
  }
  return program
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function createContext(terminal: Terminal, needs: CommandNeeds): Context {
  const config = () => effective(needs.readConfig())
  return {
    terminal,
    config,
    serve: needs.serve,
    exitCode: 0,
    secret: (from) => readSecret(from, terminal),
    async withBroker(work) {
      const current = config().config
      const broker = await openBroker(current, needs)
      try {
        return await work(broker, current)
      } finally {
        await broker.close()
      }
    },
    tell(command, result, inWords) {
      terminal.stdout.write(
        command.opts().json === true ? `${JSON.stringify(result, undefined, 2)}\n` : inWords,
      )
    },
  }
}

async function openBroker(config: Config, needs: CommandNeeds): Promise<Broker> {
  const running = await findRunning(config.dataDir)
  const endpoint = running?.web[0]
  if (endpoint === undefined) return createLocalBroker(await needs.openServices(config))
  return createRemoteBroker({ endpoint, ownerKey: await readOwnerKey(config.dataDir) })
}

function effective(reading: ConfigReading): EffectiveConfig {
  if (!('mistakes' in reading)) return reading
  const list = reading.mistakes.map((mistake) => `\n  - ${mistake}`).join('')
  const count =
    reading.mistakes.length === 1 ? 'There is a mistake' : `There are ${reading.mistakes.length} mistakes`
  throw new Failure('configuration', `${count} in the settings:${list}`, {
    fix: 'Mend them in the environment or in .env; .env.example explains each setting.',
  })
}
