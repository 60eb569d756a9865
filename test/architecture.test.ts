import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../src')

/** The floors of the house, the highest first. A file imports only from its own folder and from floors below. */
const floors: readonly (readonly string[])[] = [
  ['main.ts', 'library.ts'],
  ['app.ts'],
  ['cli', 'web', 'smtp', 'service'],
  ['api'],
  ['config'],
  ['diagnosis', 'moving-in'],
  ['notices', 'metrics'],
  ['approvals'],
  ['upstream'],
  ['consent'],
  ['credentials'],
  ['mailboxes', 'grants'],
  ['governor'],
  ['providers', 'tls', 'journal', 'traces'],
  ['store'],
  ['sasl'],
  ['wire'],
  ['net'],
  ['model'],
  ['system'],
  ['base'],
  ['failures'],
]

/** Packages and modules that belong to one room (or a few) only. */
const homes: readonly { what: RegExp; rooms: readonly string[] }[] = [
  { what: /^express$|^helmet$/, rooms: ['web'] },
  { what: /^openid-client$/, rooms: ['providers'] },
  { what: /^undici$/, rooms: ['net'] },
  { what: /^jose(\/|$)/, rooms: ['store', 'providers'] },
  { what: /^kysely$|sqlite/, rooms: ['store'] },
  { what: /^commander$|^@modelcontextprotocol\//, rooms: ['cli'] },
  { what: /^pino$/, rooms: ['main.ts'] },
  { what: /^@zxcvbn-ts\//, rooms: ['credentials'] },
  { what: /^selfsigned$|^@peculiar\/x509$/, rooms: ['tls'] },
  { what: /^nodemailer(\/|$)/, rooms: ['notices', 'web'] },
  { what: /^prom-client$/, rooms: ['metrics'] },
  { what: /^zod$/, rooms: ['api', 'providers', 'web', 'cli', 'moving-in'] },
  { what: /^yaml$/, rooms: ['moving-in'] },
]

/**
 * What each room shows of itself: whoever is outside imports these, and nothing else of it. The wiring (app.ts, main.ts) sees every factory, and
 * base/ belongs to all.
 */
const faces: Readonly<Record<string, readonly string[]>> = {
  api: ['api/answers.ts', 'api/operations.ts'],
  'app.ts': ['app.ts'],
  approvals: ['approvals/approvals.ts'],
  cli: ['cli/terminal.ts'],
  config: [
    'config/config.ts',
    'config/files.ts',
    'config/given-values.ts',
    'config/network-access.ts',
    'config/read-config.ts',
    'config/setting.ts',
  ],
  consent: ['consent/consent-refused.ts', 'consent/consent-service.ts'],
  credentials: [
    'credentials/api-keys.ts',
    'credentials/credential-index.ts',
    'credentials/credential.ts',
    'credentials/login-throttle.ts',
    'credentials/logins.ts',
    'credentials/page-passwords.ts',
    'credentials/scopes.ts',
    'credentials/sending-limits.ts',
    'credentials/sign-ins.ts',
  ],
  diagnosis: ['diagnosis/doctor.ts', 'diagnosis/explain.ts', 'diagnosis/finding.ts'],
  failures: [
    'failures/catalogue.ts',
    'failures/entry.ts',
    'failures/japanese/consent.ts',
    'failures/japanese/diagnosis.ts',
    'failures/japanese/login.ts',
    'failures/japanese/machine.ts',
    'failures/japanese/network.ts',
    'failures/japanese/provider.ts',
    'failures/japanese/requests.ts',
    'failures/japanese/texts.ts',
    'failures/japanese/upstream.ts',
    'failures/texts.ts',
  ],
  governor: ['governor/governor.ts'],
  grants: ['grants/token-broker.ts'],
  journal: ['journal/events.ts', 'journal/export-journal.ts', 'journal/journal.ts'],
  mailboxes: [
    'mailboxes/app-only.ts',
    'mailboxes/mailboxes.ts',
    'mailboxes/mending-options.ts',
    'mailboxes/revocation.ts',
    'mailboxes/sender-policy.ts',
  ],
  metrics: ['metrics/metrics.ts'],
  model: [
    'model/address.ts',
    'model/api-key.ts',
    'model/consent.ts',
    'model/grant.ts',
    'model/held-message.ts',
    'model/journal.ts',
    'model/limits.ts',
    'model/login.ts',
    'model/mailbox-outcome.ts',
    'model/mailbox.ts',
    'model/page-access.ts',
    'model/registration.ts',
    'model/sending-limits.ts',
    'model/worker.ts',
  ],
  'moving-in': ['moving-in/moving-in.ts'],
  net: [
    'net/connect.ts',
    'net/connection-limiter.ts',
    'net/endpoint.ts',
    'net/http-fetch.ts',
    'net/ip.ts',
    'net/listen.ts',
    'net/name-resolver.ts',
    'net/network-failure.ts',
  ],
  notices: ['notices/notices.ts'],
  providers: [
    'providers/catalogue.ts',
    'providers/errors/explained.ts',
    'providers/errors/known-error.ts',
    'providers/errors/known-errors.ts',
    'providers/errors/sources.ts',
    'providers/exchange-script.ts',
    'providers/file/credentials.ts',
    'providers/file/providers-file-mistakes.ts',
    'providers/file/providers-file.ts',
    'providers/forecast.ts',
    'providers/oauth/endpoint-look.ts',
    'providers/oauth/identity.ts',
    'providers/oauth/oauth-client.ts',
    'providers/oauth/oauth-clients.ts',
    'providers/oauth/token-claims.ts',
    'providers/own-certificates.ts',
    'providers/presets/presets.ts',
    'providers/provider-status.ts',
    'providers/provider.ts',
    'providers/registration-checks.ts',
    'providers/registration.ts',
    'providers/registrations.ts',
    'providers/reply-class.ts',
    'providers/set-up-steps.ts',
    'providers/settings.ts',
  ],
  sasl: ['sasl/mechanisms.ts'],
  store: [
    'store/backup.ts',
    'store/budget-store.ts',
    'store/copy-store.ts',
    'store/data-dir-lock.ts',
    'store/data-dir.ts',
    'store/file-trust.ts',
    'store/key-ring.ts',
    'store/keyring.ts',
    'store/owner-key.ts',
    'store/pause-store.ts',
    'store/ports.ts',
  ],
  system: [
    'system/end-program.ts',
    'system/linux.ts',
    'system/macos.ts',
    'system/service-steps.ts',
    'system/windows.ts',
  ],
  tls: [
    'tls/certificate-pair.ts',
    'tls/certificates.ts',
    'tls/handshake-trouble.ts',
    'tls/issue.ts',
    'tls/make-certificates.ts',
  ],
  traces: ['traces/traces.ts'],
  upstream: [
    'upstream/relay.ts',
    'upstream/server-look.ts',
    'upstream/submission.ts',
    'upstream/test-message.ts',
  ],
  wire: [
    'wire/envelope.ts',
    'wire/from-rewriter.ts',
    'wire/header-addresses.ts',
    'wire/input-buffer.ts',
    'wire/mending-scanner.ts',
    'wire/message-scanner.ts',
    'wire/reply.ts',
  ],
}
const wiring: ReadonlySet<string> = new Set(['app.ts', 'main.ts'])

/** Below this, in lines, a file with one importer lives with it: nobody would open it on purpose. */
const worthAFile = 60
/** Those that are smaller, and why. */
const smallOnPurpose: Readonly<Record<string, string>> = {
  'cli/token.ts': 'what is started most often loads no other verb',
  'failures/japanese/diagnosis.ts': 'the Japanese of failures/diagnosis.ts: one file beside each subject',
  'web/texts/known-error-phrases.ts':
    'loaded with the first reader of Japanese, and the catalogue of errors with it',
}

/** Ways to begin TLS as a client: node:tls, node:https, undici, an SMTP client that connects. */
const tlsClient =
  /\btls\.connect\(|\bconnect\b[^'\n]*from 'node:tls'|\b(request|get|Agent)\b[^'\n]*from 'node:https'|import\('undici'\)|^import (?!type)[^'\n]*from 'undici'|createTransport\((?!\{ streamTransport: true)/m

interface SourceFile {
  path: string
  text: string
  imports: readonly string[]
}

// A line that imports or re-exports, the last line of one that is broken, and an import at run time.
const importForms =
  /^(?:import\b[^'\n]*|export\b[^'\n]*\bfrom\s+|\}\s*from\s+)'([^']+)'|\bimport\('([^']+)'\)/gm

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(source, path), 'utf8')
    const imports = [...text.matchAll(importForms)].map((match) => match[1] ?? match[2] ?? '')
    return { path, text, imports }
  })

function roomOf(path: string): string {
  return path.split('/')[0] ?? path
}

function floorOf(path: string): number {
  const floor = floors.findIndex((rooms) => rooms.includes(roomOf(path)))
  if (floor === -1) throw new Error(`src/${path} stands on no floor: give its folder a place in this test`)
  return floor
}

function relativeImports(file: SourceFile): string[] {
  return file.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(source, resolve(source, dirname(file.path), name)))
}

function packageImports(file: SourceFile): string[] {
  return file.imports.filter((name) => !name.startsWith('.'))
}

/** Whether an import leaves its room, and is not one of the wiring. */
function isForeign(file: SourceFile, target: string): boolean {
  const room = roomOf(target)
  return roomOf(file.path) !== room && room !== 'base' && !wiring.has(file.path)
}

describe('the house', () => {
  it('arrows point down only', () => {
    const wrong = files.flatMap((file) =>
      relativeImports(file)
        .filter((target) => roomOf(target) !== roomOf(file.path) && floorOf(target) <= floorOf(file.path))
        .map((target) => `src/${file.path} -> src/${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('each room is seen by its faces only', () => {
    const wrong = files.flatMap((file) =>
      relativeImports(file)
        .filter((target) => isForeign(file, target) && !faces[roomOf(target)]?.includes(target))
        .map((target) => `src/${file.path} imports src/${target}, which is no face of its room`),
    )
    expect(wrong).toEqual([])
  })

  it('each face is looked at from outside', () => {
    const seen = new Set(files.flatMap((file) => relativeImports(file).filter((one) => isForeign(file, one))))
    const idle = Object.values(faces)
      .flat()
      .filter((path) => !seen.has(path))
    expect(idle).toEqual([])
  })

  it('a small file that only one other needs has a written reason', () => {
    const importers = new Map<string, number>()
    for (const file of files)
      for (const target of new Set(relativeImports(file)))
        importers.set(target, (importers.get(target) ?? 0) + 1)
    const small = files
      .filter(({ path, text }) => importers.get(path) === 1 && text.trimEnd().split('\n').length < worthAFile)
      .map(({ path }) => path)
    expect(small.sort()).toEqual(Object.keys(smallOnPurpose).sort())
  })

  it('files make no circle', () => {
    const targets = new Map(files.map((file) => [file.path, relativeImports(file)]))
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (done.has(path) || trail.includes(path)) return
      for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
      done.add(path)
    }
    for (const file of files) visit(file.path, [])
    expect(circles).toEqual([])
  })

  it('each package stays in its room', () => {
    const wrong = files.flatMap((file) =>
      packageImports(file)
        .filter((name) =>
          homes.some(({ what, rooms }) => what.test(name) && !rooms.includes(roomOf(file.path))),
        )
        .map((name) => `src/${file.path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it('kysely is loaded once, and as CommonJS', () => {
    // Beside that a single import of a value would load all of its files once more, as ES modules.
    const wrong = files.filter(({ text }) => /^import (?!type\b)[^']*'kysely'/m.test(text))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('the protocol core is free of I/O and of packages', () => {
    const core = files.filter(({ path }) => /^(wire|sasl)\/|^smtp\/(command|session|replies)/.test(path))
    expect(core.length).toBeGreaterThan(8)
    const wrong = core.flatMap((file) =>
      packageImports(file)
        // Where the global Buffer comes from, and what it can do beside.
        .filter((name) => name !== 'node:buffer')
        .map((name) => `src/${file.path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it('the environment is read and the process ended only at the top', () => {
    const wrong = files.filter(
      ({ path, text }) =>
        /process\.(env|exit)\b/.test(text) && path !== 'main.ts' && !path.startsWith('config/'),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('certificate checking is never switched off', () => {
    const wrong = files.filter(({ text }) => /rejectUnauthorized(?!\s*:\s*true\b)/.test(text))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('certificate checking is switched on outright wherever TLS begins, because the environment can turn the default around', () => {
    const clients = files.filter(({ text }) => tlsClient.test(text))
    expect(clients.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['upstream/dial.ts', 'net/http-fetch.ts']),
    )
    const silent = clients.filter(({ text }) => !/rejectUnauthorized: true/.test(text))
    expect(silent.map(({ path }) => path)).toEqual([])
    // What has no options that could say it.
    const bare = files.filter(({ text }) => /\bglobalThis\.fetch\(|new WebSocket\(|\bfetch\(['"`]/.test(text))
    expect(bare.map(({ path }) => path)).toEqual([])
  })

  it('every place that the map names on the way of a message is there, in at most twelve', () => {
    const map = readFileSync(join(source, 'README.md'), 'utf8')
    const walk = map.split('## From a connection to the line that writes BDAT')[1]?.split('\n## ')[0] ?? ''
    const places = [...walk.matchAll(/^\d+\. `([^`]+)` `([^`]+)`/gm)].map(([, path = '', name = '']) => ({
      path,
      name,
    }))
    expect(places.length).toBeGreaterThan(8)
    expect(places.length).toBeLessThanOrEqual(12)
    const missing = places.filter(({ path, name }) => {
      const text = files.find((file) => file.path === path)?.text ?? ''
      return !new RegExp(`^\\s*(?:export )?(?:async )?(?:function )?${name}\\(`, 'm').test(text)
    })
    expect(missing).toEqual([])
    expect(files.find(({ path }) => path === places.at(-1)?.path)?.text).toContain('BDAT ')
  })
})
