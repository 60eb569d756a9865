import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../support/run-program.ts'
import type { Client, Security } from './client.ts'

/** By Net::SSLeay. Debian's version has no mechanism for tokens. */
export const swaks: Client = {
  name: 'swaks',
  needs: 'swaks',
  bearers: [],
  verbatim: false,
  async send({ port, security, caFile, signIn, sender, recipient, message, folder }) {
    const file = join(folder, 'message.eml')
    await writeFile(file, message)
    const words = ['--server', 'localhost', '--port', String(port), '--from', sender, '--to', recipient]
    if (signIn) {
      words.push('--auth', signIn.mechanism, '--auth-user', signIn.user, '--auth-password', signIn.secret)
    }
    if (security !== 'plain') words.push(tls[security], '--tls-verify', '--tls-ca-path', caFile)
    return runProgram('swaks', [...words, '--suppress-data', '--data', `@${file}`])
  },
}

const tls: Record<Exclude<Security, 'plain'>, string> = {
  STARTTLS: '--tls',
  'implicit TLS': '--tls-on-connect',
}
