import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../support/run-program.ts'
import type { Client, SignIn } from './client.ts'

/** By OpenSSL, and by the address instead of the name. It takes OAUTHBEARER where there is a choice, whatever it is told. */
export const curl: Client = {
  name: 'curl',
  needs: 'curl',
  bearers: ['OAUTHBEARER'],
  verbatim: true,
  async send({ port, security, caFile, signIn, sender, recipient, message, folder }) {
    const file = join(folder, 'message.eml')
    await writeFile(file, message)
    const scheme = security === 'implicit TLS' ? 'smtps' : 'smtp'
    const words = ['--silent', '--show-error', '--url', `${scheme}://127.0.0.1:${port}`]
    if (security === 'STARTTLS') words.push('--ssl-reqd')
    if (security !== 'plain') words.push('--cacert', caFile)
    if (signIn) words.push(...credentials(signIn))
    const envelope = ['--mail-from', sender, '--mail-rcpt', recipient, '--upload-file', file]
    return runProgram('curl', [...words, ...envelope])
  },
}

function credentials({ mechanism, user, secret }: SignIn): string[] {
  const chosen = ['--login-options', `AUTH=${mechanism}`]
  if (!/OAUTH/.test(mechanism)) return ['--user', `${user}:${secret}`, ...chosen]
  return ['--user', `${user}:`, '--oauth2-bearer', secret, ...chosen]
}
