import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../examples/demo/free-port.js'
import { runProgram } from './run-program.ts'

export interface Postfix {
  /** Where it takes mail, in the clear and without AUTH. */
  port: number
  log(): Promise<string>
  close(): Promise<void>
}

/** A Postfix of its own that hands everything to `relayPort`, signing in with a password by `mechanism`. */
export async function startPostfix(relay: {
  port: number
  user: string
  password: string
  mechanism: 'plain' | 'login'
}): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-postfix-'))
  await runProgram('chmod', ['755', folder])
  const etc = join(folder, 'etc')
  const port = await freePort()
  await mkdir(etc)
  for (const name of ['spool', 'data']) await mkdir(join(folder, name))
  await runProgram('chown', ['postfix', join(folder, 'data')])
  await runProgram('chmod', ['700', join(folder, 'data')])
  await writeFile(join(etc, 'main.cf'), settings(folder, relay))
  await writeFile(join(etc, 'master.cf'), await services(port))
  await writeFile(join(etc, 'sasl_passwd'), `[127.0.0.1]:${relay.port} ${relay.user}:${relay.password}\n`)
  await copyFile('/etc/postfix/postfix-files', join(etc, 'postfix-files'))
  await cp('/etc/postfix/postfix-files.d', join(etc, 'postfix-files.d'), { recursive: true, force: true })

  const started = await runProgram('postfix', ['-c', etc, 'start'])
  if (started.code !== 0) throw new Error(`Postfix did not start: ${started.output}`)
  return {
    port,
    log: () => readFile(join(folder, 'mail.log'), 'utf8').catch(() => ''),
    async close() {
      await runProgram('postfix', ['-c', etc, 'stop'])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Debian's own services, outside a chroot, with SMTP on the port of this instance. */
async function services(port: number): Promise<string> {
  const lines = (await readFile('/usr/share/postfix/master.cf.dist', 'utf8')).split('\n')
  const changed = lines.map((line) => {
    if (/^smtp\s+inet\s/.test(line)) return `127.0.0.1:${port} inet n - n - - smtpd`
    // The fifth column says whether the service runs in a chroot.
    return line.replace(/^(\w+\s+\S+\s+\S+\s+\S+\s+)y(\s)/, '$1n$2')
  })
  return changed.join('\n')
}

function settings(folder: string, relay: { port: number; mechanism: string }): string {
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
relayhost = [127.0.0.1]:${relay.port}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:${folder}/etc/sasl_passwd
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = ${relay.mechanism}
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
alias_maps =
minimal_backoff_time = 5s
queue_run_delay = 5s
`
}
