import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { loopbackCertificate } from '../../examples/demo/certificate.js'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from './eventually.ts'
import { searchPath } from './peer.ts'

export interface Dovecot {
  host: string
  port: number
  tls: 'starttls'
  /** PEM of the authority that a client has to trust. */
  ca: string
  log(): Promise<string>
  close(): Promise<void>
}

/**
 * A Dovecot submission server that accepts only XOAUTH2 and OAUTHBEARER, asks the authorization server about each token,
 * and relays to `relayPort`.
 */
export async function startDovecot(authority: Authority, relayPort: number, who: Who = {}): Promise<Dovecot> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-dovecot-'))
  // Dovecot gives up being root, and its own users have to get in.
  await chmod(folder, 0o755)
  const port = await freePort()
  const certificate = await loopbackCertificate()
  await writeFile(join(folder, 'server.pem'), certificate.certificate)
  await writeFile(join(folder, 'server.key'), certificate.key, { mode: 0o600 })
  await writeFile(join(folder, 'oauth2.conf.ext'), introspection(authority, who))
  await writeFile(join(folder, 'dovecot.conf'), settings(folder, port, relayPort, who))

  const words = ['-F', '-c', join(folder, 'dovecot.conf')]
  const child = spawn('dovecot', words, { env: { PATH: searchPath }, stdio: 'ignore' })
  const log = () => readFile(join(folder, 'dovecot.log'), 'utf8').catch(() => '')
  await eventually('Dovecot answers', () => answers(port)).catch(async (error) => {
    await end(child, folder)
    throw new Error(`${error.message}\n${await log()}`)
  })

  return {
    host: '127.0.0.1',
    port,
    tls: 'starttls',
    ca: certificate.ca,
    log,
    async close() {
      await end(child, folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  child.kill('SIGTERM')
  await eventually('Dovecot ends', () => child.exitCode !== null || child.signalCode !== null)
  await eventually('Dovecot is gone', () => !existsSync(join(folder, 'run', 'master.pid')))
}

/** It has a greeting, so its workers are up as well. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** What it has to know of an authorization server. */
interface Authority {
  issuer: string
  endpoints: { introspection: string }
  clients: { mailProvider: { id: string; secret: string } }
}

/** Whom it asks about a token, and which part of the answer is the user. */
export interface Who {
  introspectionUrl?: string
  attribute?: string
  /** It also takes a token as the password of PLAIN, for a client that knows no mechanism for tokens. */
  asPassword?: boolean
}

function introspection(authority: Authority, { introspectionUrl, attribute = 'sub' }: Who): string {
  const { id, secret } = authority.clients.mailProvider
  const url = introspectionUrl ?? authority.endpoints.introspection.replace('://', `://${id}:${secret}@`)
  return `introspection_mode = post
introspection_url = ${url}
username_attribute = ${attribute}
active_attribute = active
active_value = true
scope = ${mailScope}
issuers = ${authority.issuer}
openid_configuration_url = ${authority.issuer}/.well-known/openid-configuration
timeout_msecs = 5000
`
}

/** Without the two delays, which guard passwords and would only make the refusals of tokens slow. */
function settings(folder: string, port: number, relayPort: number, { asPassword }: Who): string {
  const mechanisms = `xoauth2 oauthbearer${asPassword ? ' plain' : ''}`
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
protocols = submission
listen = 127.0.0.1
hostname = smtp.example.test
mail_location = maildir:${folder}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
ssl = required
ssl_cert = <${folder}/server.pem
ssl_key = <${folder}/server.key
auth_mechanisms = ${mechanisms}
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = ${mechanisms}
  args = ${folder}/oauth2.conf.ext
}
userdb {
  driver = static
  args = uid=dovecot gid=dovecot home=${folder}/mail/%u
}
service submission-login {
  chroot =
  inet_listener submission {
    port = ${port}
  }
  inet_listener submissions {
    port = 0
  }
}
protocol submission {
  mail_max_userip_connections = 200
}
submission_relay_host = 127.0.0.1
submission_relay_port = ${relayPort}
submission_max_mail_size = 30M
`
}
