import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { formatEndpoint, isLoopback, isWildcard } from '../net/endpoint.ts'
import { isReachable, type SmtpListener } from '../net/listen.ts'
import { replacePrivateFile } from '../store/data-dir.ts'
import { readCertificatePair } from '../tls/certificate-pair.ts'
import { ownNames } from '../tls/issue.ts'
import { authorityOf, makeCertificates } from '../tls/make-certificates.ts'
import { formatListener } from './listeners.ts'
import type { EffectiveConfig } from './read-config.ts'
import { pagesSettingsFile } from './read-values.ts'
import { settings } from './settings.ts'

/** Whether programs on other machines can hand in mail, and how that is brought about without an editor. */
export interface NetworkAccess {
  status(): Promise<NetworkAccessStatus>
  /**
   * Makes the certificate that is missing, and listens at every IPv4 address of this machine, now
   * and after each start.
   * @throws Failure `configuration` where the settings say where to listen, or nothing can listen
   */
  open(by: Actor): Promise<void>
  /**
   * The authority that programs on other machines have to trust: the one that postern made.
   * Undefined: the certificate is from elsewhere, or there is none.
   */
  authority(): Promise<AuthorityCertificate | undefined>
}

/** Public: it holds no key. */
export interface AuthorityCertificate {
  pem: string
  der: Buffer
  endsAt: string
}

export interface NetworkAccessStatus {
  /** What other machines lack; empty when they can hand in mail. */
  missing: readonly ('certificate' | 'key' | 'listener')[]
  /** The lines for `.env` where that, or the environment, says where to listen: `open` cannot. */
  lines?: readonly string[]
  /** The names and addresses by which other machines reach this one: the best one first. */
  hosts: readonly string[]
}

/** Paths of PEM files. */
interface CertificateFiles {
  certFile: string
  keyFile: string
}

interface NetworkAccessDeps {
  dataDir: string
  certificate?: CertificateFiles | undefined
  /** The settings as they are now. */
  settingsNow(): Promise<Partial<Pick<EffectiveConfig, 'sources'>> | { mistakes: readonly string[] }>
  listening(): readonly SmtpListener[]
  listenAt(listeners: readonly SmtpListener[], certificate: CertificateFiles): Promise<void>
  clock: Pick<Clock, 'now'>
  log: Log
}

/** Apple's systems refuse a server certificate that is good for longer. */
const goodForDays = 825
const usualPort = 2587

export function createNetworkAccess(deps: NetworkAccessDeps): NetworkAccess {
  const { dataDir, settingsNow, listening, listenAt, clock, log } = deps
  let { certificate } = deps

  async function status(): Promise<NetworkAccessStatus> {
    const hosts = hostsOf(certificate)
    const isOpen = listening().some((one) => isReachable(one) && (one.tls !== 'none' || one.plainAuth))
    if (isOpen) return { missing: [], hosts }
    const missing = [...(certificate ? [] : (['certificate', 'key'] as const)), 'listener' as const]
    return (await isSetElsewhere()) ? { missing, hosts, lines: linesOf(plan()) } : { missing, hosts }
  }

  /** What settings say wins over what is set on the pages. */
  async function isSetElsewhere(): Promise<boolean> {
    const now = await settingsNow()
    const source = 'sources' in now ? now.sources?.smtpListen : undefined
    return source !== 'default' && source !== 'pages'
  }

  function plan(): { listeners: SmtpListener[]; files: CertificateFiles } {
    const folder = join(dataDir, 'tls')
    const made = { certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server-key.pem') }
    const here = listening().filter(({ tls }) => tls !== 'implicit')
    // The IPv4 loopback address is a part of every address there is.
    const kept = here.filter(({ host }) => !(isLoopback(host) && !host.includes(':')))
    const port = here.find((one) => !kept.includes(one))?.port ?? usualPort
    const everywhere = { host: '0.0.0.0', port, tls: 'starttls', plainAuth: false, oldTls: false } as const
    return { listeners: [everywhere, ...kept], files: certificate ?? made }
  }

  return {
    status,
    async authority() {
      const found = certificate && (await authorityOf(certificate.certFile))
      if (!found) return undefined
      return { pem: found.toString(), der: found.raw, endsAt: new Date(found.validTo).toISOString() }
    },
    async open(by) {
      const { missing, lines } = await status()
      if (missing.length === 0) return
      if (lines) throw failure('listen.set-elsewhere', { setting: settings.smtpListen.name })
      const { listeners, files } = plan()
      if (!certificate) {
        const usual = { names: [], days: goodForDays, replaceAuthority: false, forgetAuthorityKey: false }
        await makeCertificates({ folder: join(dataDir, 'tls'), ...usual, clock })
      }
      const implicit = listening().filter(({ tls }) => tls === 'implicit')
      await listenAt([...listeners, ...implicit], files)
      certificate = files
      await replacePrivateFile(pagesSettingsFile(dataDir), 'file.settings', fileOf({ listeners, files }))
      const addresses = listeners.map(formatEndpoint)
      log.info(
        { event: 'listener.opened', ...actorFields(by), addresses },
        'other machines may hand in mail now',
      )
    },
  }
}

function linesOf({
  listeners,
  files,
}: {
  listeners: readonly SmtpListener[]
  files: CertificateFiles
}): string[] {
  return [
    `${settings.tlsCertFile.name}=${quoted(files.certFile)}`,
    `${settings.tlsKeyFile.name}=${quoted(files.keyFile)}`,
    `${settings.smtpListen.name}=${listeners.map(formatListener).join(',')}`,
  ]
}

function fileOf(made: Parameters<typeof linesOf>[0]): string {
  return `# Made on the pages. What .env or the environment says wins over it; remove it to take it back.\n${linesOf(made).join('\n')}\n`
}

/** As `readEnvFile` reads it: a path may hold what ends a bare value. */
function quoted(path: string): string {
  if (!/[\s#"'`]/.test(path)) return path
  const quote = ['"', "'", '`'].find((one) => !path.includes(one))
  return `${quote}${path}${quote}`
}

/** Clients compare the name that they connect to with those of the certificate, a name before an address. */
function hostsOf(certificate: CertificateFiles | undefined): string[] {
  const names = certificate ? namesIn(certificate) : ownNames()
  const others = names.filter((name) => !isLoopback(name) && !isWildcard(name) && !name.startsWith('*.'))
  const isAddress = (name: string) => name.includes(':') || /^[\d.]+$/.test(name)
  const rank = (name: string) => (isAddress(name) ? (name.includes(':') ? 3 : 1) : name.includes('.') ? 0 : 2)
  return others.sort((one, other) => rank(one) - rank(other))
}

function namesIn({ certFile, keyFile }: CertificateFiles): string[] {
  try {
    const reading = readCertificatePair(readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8'))
    return 'pair' in reading ? [...reading.pair.names] : ownNames()
  } catch {
    return ownNames()
  }
}
