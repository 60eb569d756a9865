import { runProgram } from '../support/run-program.ts'
import type { Client, SignIn } from './client.ts'

/** By OpenSSL. It knows XOAUTH2 by the name of `oauthbearer`, and with TLS only. It composes its own message. */
export const sNail: Client = {
  name: 's-nail',
  needs: 's-nail',
  bearers: ['XOAUTH2'],
  verbatim: false,
  async send({ port, security, caFile, signIn, sender, recipient }) {
    const login = signIn ? `${encodeURIComponent(signIn.user)}:${encodeURIComponent(signIn.secret)}@` : ''
    const scheme = security === 'implicit TLS' ? 'smtps' : 'smtp'
    const settings = [`mta=${scheme}://${login}localhost:${port}`, `from=${sender}`, 'DEAD=/dev/null']
    settings.push(`smtp-auth=${mechanismName(signIn)}`)
    if (security === 'STARTTLS') settings.push('smtp-use-starttls')
    if (security !== 'plain')
      settings.push('tls-verify=strict', `tls-ca-file=${caFile}`, 'tls-ca-no-defaults')
    const words = ['-:/', '-Sv15-compat', ...settings.flatMap((setting) => ['-S', setting])]
    return runProgram('s-nail', [...words, '-s', 'Grüße', recipient], { input: '.a dot\n\nGrüße\n' })
  },
}

function mechanismName(signIn: SignIn | undefined): string {
  if (signIn === undefined) return 'none'
  return signIn.mechanism === 'XOAUTH2' ? 'oauthbearer' : signIn.mechanism.toLowerCase()
}
