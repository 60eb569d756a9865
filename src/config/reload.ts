import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { canonicalText } from '../base/secret.ts'
import type { Limits } from '../model/limits.ts'
import type { Config } from './config.ts'
import { limitSettings } from './limit-settings.ts'
import type { EffectiveConfig } from './read-config.ts'
import { type SettingKey, settings } from './settings.ts'

/** A part of the configuration, and the settings that it is made of: `POSTERN_GOOGLE_*` are several. */
interface Part {
  settings: readonly string[]
  of(config: Config): unknown
  /** Writes it into a running configuration. Absent: only a restart takes it up. */
  take?: (running: Config, read: Config) => void
  /** Where it is taken up only from some states to others. */
  isTakenUp?: (before: Config, read: Config) => boolean
}

/** Sockets, the store and what is made once of them: changed while postern runs, they would be half of each. */
const waiting: readonly Part[] = [
  waits('dataDir', ({ dataDir }) => dataDir),
  waits('databaseUrl', ({ databaseUrl }) => databaseUrl),
  waits('key', ({ key }) => (key && !('line' in key) ? key : undefined)),
  waits('keyCommand', ({ key }) => (key && 'line' in key ? key : undefined)),
  waits('workers', ({ workers }) => workers),
  waits('smtpListen', ({ smtpListen }) => smtpListen.filter(({ tls }) => tls !== 'implicit').map(place)),
  waits('smtpsListen', ({ smtpListen }) => smtpListen.filter(({ tls }) => tls === 'implicit')),
  waits('webListen', ({ webListen }) => webListen),
  waits('metricsListen', ({ metrics }) => metrics.listen),
  waits('publicUrl', ({ publicUrl }) => publicUrl),
  waits('pagesUrl', ({ pagesUrl }) => pagesUrl),
  waits('organisation', ({ organisation }) => organisation),
  waits('extraCaFile', ({ extraCa }) => extraCa),
]

/** Whether there is a certificate shows in the part that is about it. */
function place({ tls, ...listener }: Config['smtpListen'][number]) {
  return listener
}

const limitsOfStart: readonly (keyof Limits)[] = ['bufferOctets', 'guessWindowSeconds', 'tokenRequestSeconds']

const limits: readonly Part[] = (Object.keys(limitSettings) as (keyof Limits)[]).map((limit) => ({
  settings: [limitSettings[limit].name],
  of: (config) => config.limits[limit],
  ...(!limitsOfStart.includes(limit) && {
    take: (running, read) => {
      running.limits[limit] = read.limits[limit]
    },
  }),
}))

const taken: readonly Part[] = [
  {
    settings: [settings.tlsCertFile.name, settings.tlsKeyFile.name],
    of: ({ certificate }) => certificate,
    take: copy('certificate'),
    // Without one there are other listeners.
    isTakenUp: (before, read) => before.certificate !== undefined && read.certificate !== undefined,
  },
  takes('hosts', 'hosts'),
  takes('trustedProxies', 'trustedProxies'),
  takes('logLevel', 'logLevel'),
  takes('journalRecipients', 'journalRecipients'),
  { ...takes('adminEmails', 'pageAccess'), of: ({ pageAccess }) => pageAccess.administrators },
  { ...takes('viewerEmails', 'pageAccess'), of: ({ pageAccess }) => pageAccess.viewers },
  { ...takes('signInProviders', 'pageAccess'), of: ({ pageAccess }) => pageAccess.providers },
  {
    settings: [settings.metricsMailboxes.name],
    of: ({ metrics }) => metrics.mailboxes,
    take: (running, { metrics: { mailboxes } }) => {
      running.metrics = { ...running.metrics, mailboxes }
    },
  },
  {
    settings: ['POSTERN_MICROSOFT_*'],
    of: ({ registrations }) => registrations.microsoft,
    take: copy('registrations'),
  },
  {
    settings: ['POSTERN_GOOGLE_*'],
    of: ({ registrations: { google, googleServiceAccount } }) => [google, googleServiceAccount],
    take: copy('registrations'),
  },
  { settings: ['POSTERN_NOTIFY_*'], of: ({ notify }) => notify, take: copy('notify') },
  {
    settings: [settings.providersFile.name],
    of: ({ customProviders, providerOverrides }) => [customProviders, providerOverrides],
    take: (running, { customProviders, providerOverrides }) => {
      Object.assign(running, { customProviders, providerOverrides })
    },
  },
  takes('defaultRegistrationsFile', 'shippedProviders'),
  takes('proxy', 'proxy'),
]

/** Every setting is in one of these. */
export const partsOfConfig: readonly Part[] = [...waiting, ...taken, ...limits]

function waits(key: SettingKey, of: Part['of']): Part {
  return { settings: [settings[key].name], of }
}

function takes(key: SettingKey, part: keyof Config): Part {
  return { settings: [settings[key].name], of: (config) => config[part], take: copy(part) }
}

function copy<Key extends keyof Config>(part: Key): NonNullable<Part['take']> {
  return (running, read) => {
    if (read[part] === undefined) Reflect.deleteProperty(running, part)
    else running[part] = read[part]
  }
}

interface Changes {
  taken: readonly Part[]
  needRestart: readonly Part[]
}

function changesBetween(before: Config, read: Config): Changes {
  const changed = partsOfConfig.filter(({ of }) => canonicalText([of(before)]) !== canonicalText([of(read)]))
  const isTaken = ({ take, isTakenUp }: Part) => take !== undefined && (isTakenUp?.(before, read) ?? true)
  return { taken: changed.filter(isTaken), needRestart: changed.filter((part) => !isTaken(part)) }
}

/** A configuration of its own, which may be written to. */
export function ownCopy(config: Config): Config {
  return { ...config, limits: { ...config.limits } }
}

interface ReloadDeps {
  /** What everybody reads who asks anew. */
  running: Config
  /** The settings as they were read at the start. */
  asRead: Config
  readAgain(): Promise<
    | (Pick<EffectiveConfig, 'config'> & Partial<Pick<EffectiveConfig, 'sources' | 'warnings'>>)
    | { mistakes: readonly string[] }
  >
  /**
   * What may fail, before anything is changed. Gives what lets everybody follow when the running
   * configuration is the new one: that begins at once, and is waited for.
   */
  prepare(read: Config): () => Promise<void>
  log: Log
}

/**
 * Takes up the settings as they are now, all that can be without a restart and in one piece; or,
 * where there is a mistake in them, nothing: false. One call after the other.
 */
export function createReload({
  running,
  asRead,
  readAgain,
  prepare,
  log,
}: ReloadDeps): () => Promise<boolean> {
  const before = ownCopy(asRead)
  let last = Promise.resolve(true)

  function refuse(mistakes: readonly string[]): false {
    log.error(
      { event: 'settings.refused', mistakes },
      'The new settings have mistakes: nothing is changed, and those from before stay in force',
    )
    return false
  }

  async function reload(): Promise<boolean> {
    try {
      const read = await readAgain()
      if ('mistakes' in read) return refuse(read.mistakes)
      const follow = prepare(read.config)
      const changes = changesBetween(before, read.config)
      for (const { take } of changes.taken) for (const one of [running, before]) take?.(one, read.config)
      await follow()
      tell(changes, read)
      return true
    } catch (error) {
      return refuse([asFailure(error).message])
    }
  }

  function tell(
    changes: Changes,
    { sources, warnings = [] }: { sources?: object; warnings?: readonly string[] },
  ) {
    const names = (parts: readonly Part[]) => parts.flatMap((part) => part.settings)
    // What the pages have set, they have put into force as well.
    const ofPages = Object.entries(sources ?? {}).flatMap(([key, source]) =>
      source === 'pages' ? [settings[key as SettingKey].name] : [],
    )
    const needRestart = names(changes.needRestart).filter((name) => !ofPages.includes(name))
    for (const warning of warnings) log.warn({ event: 'settings.warning' }, warning)
    log.info(
      {
        event: 'settings.reloaded',
        settings: names(changes.taken),
        ...(needRestart.length > 0 && { needRestart }),
      },
      'The settings were read again',
    )
    if (needRestart.length > 0)
      log.warn(
        { event: 'settings.restart-needed', settings: needRestart },
        'These settings have changed, and only a restart takes them up',
      )
  }

  return () => {
    last = last.then(reload)
    return last
  }
}
