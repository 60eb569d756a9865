import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../examples/demo/free-port.js'
import { type Outcome, runProgram } from './run-program.ts'

export interface Postfix {
  /** Where it takes mail, in the clear and without AUTH. */
  port: number
  /** Takes a message as a local program hands it in. */
  handIn(message: string, sender: string, recipient: string): Promise<Outcome>
  log(): Promise<string>
  close(): Promise<void>
}

export interface RelayHost {
  /** On `localhost`. */
  port: number
  user: string
  password: string
  mechanism: 'plain' | 'login' | 'cram-md5'
  /** Absent: in the clear. */
  tls?: {
    security: 'STARTTLS' | 'implicit TLS'
    /** A PEM file with the only authority that it trusts. */
    caFile: string
  }
}

/** What somebody has written into the files of that name in /etc/postfix, which is another folder here. */
export interface OwnFiles {
  mainCf: string
  saslPasswd: string
}

/** A Postfix of its own that hands mail to relay hosts, chosen by the recipient's domain, and signs in there. */
export async function startPostfix(
  relays: Readonly<Record<string, RelayHost>>,
  { mainCf, saslPasswd }: OwnFiles = { mainCf: '', saslPasswd: '' },
): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-postfix-'))
  await runProgram('chmod', ['755', folder])
  const etc = join(folder, 'etc')
  const port = await freePort()
  await mkdir(etc)
  for (const name of ['spool', 'data']) await mkdir(join(folder, name))
  await runProgram('chown', ['postfix', join(folder, 'data')])
  await runProgram('chmod', ['700', join(folder, 'data')])
  await writeFile(
    join(etc, 'main.cf'),
    withSettings(settings(folder), mainCf.replaceAll('/etc/postfix', etc)),
  )
  await writeFile(join(etc, 'sasl_passwd'), saslPasswd, { mode: 0o600 })
  await writeFile(join(etc, 'master.cf'), await services(port, etc, Object.values(relays)))
  const routes = Object.entries(relays).map(([domain, relay], index) => {
    return `${domain} relay-${index}:[localhost]:${relay.port}\n`
  })
  await writeFile(join(etc, 'transport'), routes.join(''))
  for (const [index, { port, user, password }] of Object.values(relays).entries()) {
    await writeFile(join(etc, `password-${index}`), `[localhost]:${port} ${user}:${password}\n`)
  }
  await copyFile('/etc/postfix/postfix-files', join(etc, 'postfix-files'))
  await cp('/etc/postfix/postfix-files.d', join(etc, 'postfix-files.d'), { recursive: true, force: true })

  const started = await runProgram('postfix', ['-c', etc, 'start'])
  if (started.code !== 0) throw new Error(`Postfix did not start: ${started.output}`)
  return {
    port,
    handIn: (message, sender, recipient) =>
      runProgram('sendmail', ['-C', etc, '-i', '-f', sender, recipient], { input: message }),
    log: () => readFile(join(folder, 'mail.log'), 'utf8').catch(() => ''),
    async close() {
      await runProgram('postfix', ['-c', etc, 'stop'])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Settings, and some in the place of those of the same name. */
function withSettings(given: string, own: string): string {
  const names = new Set([...own.matchAll(/^(\w+) =/gm)].map(([, name]) => name))
  const kept = given.split('\n').filter((line) => !names.has(line.split(' ')[0]))
  return `${kept.join('\n')}\n${own}`
}

/** Debian's own services, outside a chroot, with SMTP on the port of this instance; and a client for each relay host. */
async function services(port: number, etc: string, relays: readonly RelayHost[]): Promise<string> {
  const lines = (await readFile('/usr/share/postfix/master.cf.dist', 'utf8')).split('\n')
  const changed = lines.map((line) => {
    if (/^smtp\s+inet\s/.test(line)) return `127.0.0.1:${port} inet n - n - - smtpd`
    // The fifth column says whether the service runs in a chroot.
    return line.replace(/^(\w+\s+\S+\s+\S+\s+\S+\s+)y(\s)/, '$1n$2')
  })
  return [...changed, ...relays.map((relay, index) => client(relay, index, etc)), ''].join('\n')
}

function settings(folder: string): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
myhostname = legacy.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
transport_maps = texthash:${folder}/etc/transport
smtp_sasl_auth_enable = yes
smtp_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
alias_maps =
minimal_backoff_time = 5s
queue_run_delay = 5s
`
}

/** An entry of `master.cf`. `secure`: the certificate has to be of a known authority and name the relay host as it is written here. */
function client({ mechanism, tls }: RelayHost, index: number, etc: string): string {
  const options = {
    smtp_sasl_password_maps: `texthash:${etc}/password-${index}`,
    smtp_sasl_mechanism_filter: mechanism,
    smtp_tls_security_level: tls ? 'secure' : 'none',
    ...(tls && { smtp_tls_CAfile: tls.caFile }),
    ...(tls?.security === 'implicit TLS' && { smtp_tls_wrappermode: 'yes' }),
  }
  const words = Object.entries(options).map(([name, value]) => `-o ${name}=${value}`)
  return `relay-${index} unix - - n - - smtp ${words.join(' ')}`
}
