import type { NotifyConfig } from './config.ts'
import type { Environment } from './read-values.ts'
import type { Values } from './settings.ts'

/** The channels of notices that are set. */
export function toNotify(values: Values, environment: Readonly<Record<string, string>>): NotifyConfig {
  const { notifyWebhookUrl, notifyWebhookSecret, notifyMailFrom, notifyMailTo, notifyCommand } = values
  return {
    ...(notifyWebhookUrl &&
      notifyWebhookSecret && {
        webhook: { url: new URL(notifyWebhookUrl.reveal()), secret: notifyWebhookSecret },
      }),
    ...(notifyMailFrom !== undefined &&
      notifyMailTo !== undefined && { mail: { from: notifyMailFrom, to: notifyMailTo } }),
    ...(notifyCommand !== undefined && { command: { line: notifyCommand, environment } }),
  }
}

/** What a program needs to run at all; everything else may be a secret. */
const harmless = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'SystemRoot',
  'ComSpec',
  'PATHEXT',
]

export function commandEnvironment(environment: Environment): Record<string, string> {
  const given = harmless.map((name) => [name, environment[name]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<string, string>
}
