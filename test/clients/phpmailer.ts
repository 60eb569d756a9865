import { fileURLToPath } from 'node:url'
import { phpMailer as library } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import type { Client, Security } from './client.ts'

const script = fileURLToPath(new URL('send.php', import.meta.url))

/** With PHP's OpenSSL. It knows no OAUTHBEARER, and composes its own message. */
export const phpMailer: Client = {
  name: 'PHPMailer',
  needs: 'PHPMailer',
  bearers: ['XOAUTH2'],
  verbatim: false,
  send({ port, security, caFile, signIn, sender, recipient }) {
    const { mechanism = '', user = '', secret = '' } = signIn ?? {}
    const words = [String(port), secure[security], caFile, mechanism, user, secret, sender, recipient]
    return runProgram('php', [script, ...words], { env: { PHPMAILER: library } })
  },
}

/** Its own words. */
const secure: Record<Security, string> = { plain: '', STARTTLS: 'tls', 'implicit TLS': 'ssl' }
