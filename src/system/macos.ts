import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path/posix'
import type { Place, ServiceSystem } from './service-steps.ts'

const label = 'postern'

/** launchd: for the whole machine where root asks for it by sudo, else for the user who asks, from each login on. */
export const macos: ServiceSystem = {
  name: 'launchd',
  install(place) {
    const { file, domain } = jobOf(place)
    return [
      // A home begins without it.
      ...(place.user === 0 ? [] : [{ do: 'make-folder', path: dirname(file) } as const]),
      { do: 'write', path: file, text: propertyList(place) },
      { do: 'run', words: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true },
      { do: 'run', words: ['launchctl', 'bootstrap', domain, file] },
    ]
  },
  remove(place) {
    const { file, domain } = jobOf(place)
    return [
      { do: 'run', words: ['launchctl', 'bootout', `${domain}/${label}`], mayFail: true },
      { do: 'remove-file', path: file },
    ]
  },
  start(place) {
    const { file, domain } = jobOf(place)
    return [{ do: 'run', words: ['launchctl', 'bootstrap', domain, file] }]
  },
  stop: (place) => [{ do: 'run', words: ['launchctl', 'bootout', `${jobOf(place).domain}/${label}`] }],
  dataDir: dataDirOf,
  log: (place) => logOf(place),
}

function jobOf(place: Place): { file: string; domain: string } {
  const name = `${label}.plist`
  if (place.user === 0) return { file: `/Library/LaunchDaemons/${name}`, domain: 'system' }
  return { file: join(homeOf(place), 'Library/LaunchAgents', name), domain: `gui/${place.user}` }
}

/** Also under sudo that of the person: the service runs as that user. */
function homeOf({ environment: { SUDO_USER: person, HOME: home }, user }: Place): string {
  return user === 0 && person !== undefined ? join('/Users', person) : (home ?? '/var/root')
}

function dataDirOf(place: Place): string {
  return join(homeOf(place), 'Library/Application Support/postern')
}

function logOf(place: Place): string {
  return join(homeOf(place), 'Library/Logs/postern.log')
}

function propertyList(place: Place): string {
  const { SUDO_USER: person, POSTERN_ENV_FILE: settings } = place.environment
  const log = logOf(place)
  const entries: [string, Value][] = [
    ['Label', label],
    ['ProgramArguments', [...place.command, 'serve']],
    [
      'EnvironmentVariables',
      { POSTERN_DATA_DIR: dataDirOf(place), ...(settings && { POSTERN_ENV_FILE: resolve(settings) }) },
    ],
    // No .env of anybody is read there.
    ['WorkingDirectory', '/'],
    ...(place.user === 0 && person !== undefined ? [['UserName', person] as [string, Value]] : []),
    ['RunAtLoad', true],
    // What ends by a mistake in the settings comes again each minute, too: launchd knows no exit codes.
    ['KeepAlive', { SuccessfulExit: false }],
    ['ThrottleInterval', 60],
    ['ExitTimeOut', 40],
    ['ProcessType', 'Interactive'],
    ['Umask', 0o77],
    ['SoftResourceLimits', { NumberOfFiles: 65_536 }],
    ['StandardOutPath', log],
    ['StandardErrorPath', log],
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${written(Object.fromEntries(entries))}
</plist>
`
}

type Value = string | number | boolean | readonly string[] | { [key: string]: Value }

function written(value: Value): string {
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`
  if (typeof value === 'number') return `<integer>${value}</integer>`
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>'
  if (Array.isArray(value)) return `<array>${value.map(written).join('')}</array>`
  const pairs = Object.entries(value).map(([key, one]) => `<key>${escaped(key)}</key>${written(one)}`)
  return `<dict>\n${pairs.join('\n')}\n</dict>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/**
 * Refuses an address at which another program answers already. This system, as BSD, gives 127.0.0.1:2587 to one program while another
 * has 2587 of all addresses, and says nothing.
 * @throws Error with the code `EADDRINUSE`
 */
export async function requireFree(host: string, port: number): Promise<void> {
  const isTaken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port })
    socket.setTimeout(1000, () => resolve(false))
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    const end = () => socket.destroy()
    for (const event of ['connect', 'timeout'] as const) socket.once(event, end)
  })
  if (isTaken) throw Object.assign(new Error(`listen EADDRINUSE ${host}:${port}`), { code: 'EADDRINUSE' })
}
