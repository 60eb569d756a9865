import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import { redirectUriOf } from '../consent/consent-links.ts'
import { createCatalogue } from '../providers/catalogue.ts'
import type { CheckedPoint, RegistrationCheck } from '../providers/registration-check.ts'
import { createRegistrationChecks } from '../providers/registration-checks.ts'
import { NoStoreHere } from '../store/data-dir.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { withHttp } from './with-http.ts'

/** `postern provider check` */
export function addProviderCheckVerb(provider: Command, context: Context): void {
  provider
    .command('check')
    .argument('<id>')
    .description('check what is set for a provider, and ask it whether it takes the client')
    .addHelpText('after', '\nExample:\n  postern provider check microsoft')
    .action(async (id: string, _options: object, command: Command) => {
      const { config } = await context.config()
      const check = (await checkRunning(context, id)) ?? (await checkHere(config, id))
      context.tell(command, check, checkText(check))
      if (check.points.some(({ outcome }) => outcome === 'wrong'))
        context.exitCode = exitCodes['provider-setup']
    })
}

/** By the postern that runs, whose settings may be other ones than ours. Undefined: none runs. */
async function checkRunning(context: Context, id: string): Promise<RegistrationCheck | undefined> {
  try {
    return await context.withRunningBroker((broker) => broker.checkProvider(id))
  } catch (error) {
    const isNone = error instanceof Failure && error.code === 'store-unavailable'
    if (isNone || error instanceof NoStoreHere) return undefined
    throw error
  }
}

function checkHere(config: Config, id: string): Promise<RegistrationCheck> {
  const settingsNow = async () => ({ catalogue: createCatalogue(config), publicUrl: config.publicUrl })
  return withHttp(config, (http) =>
    createRegistrationChecks({ settingsNow, redirectUriOf, http, clock: systemClock }).check(id),
  )
}

const marks: Record<CheckedPoint['outcome'], string> = { good: 'good ', wrong: 'WRONG', unknown: '?    ' }

function checkText({ points }: RegistrationCheck): string {
  const lines = points.flatMap(({ outcome, what, details = [], fix }) => [
    `${marks[outcome]}  ${what}`,
    ...details.map((detail) => `         - ${detail}`),
    ...(fix === undefined ? [] : [`       What to do: ${fix}`]),
  ])
  return `${lines.join('\n')}\n`
}
