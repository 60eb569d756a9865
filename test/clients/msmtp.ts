import { runProgram } from '../support/run-program.ts'
import type { Client } from './client.ts'

/** By GnuTLS, and by the address instead of the name. */
export const msmtp: Client = {
  name: 'msmtp',
  needs: 'msmtp',
  bearers: ['XOAUTH2', 'OAUTHBEARER'],
  verbatim: false,
  async send({ port, security, caFile, signIn, sender, recipient, message }) {
    const words = ['--host=127.0.0.1', `--port=${port}`, `--from=${sender}`]
    if (security === 'plain') words.push('--tls=off')
    else words.push('--tls=on', `--tls-trust-file=${caFile}`)
    if (security === 'implicit TLS') words.push('--tls-starttls=off')
    if (signIn) {
      const mechanism = signIn.mechanism.toLowerCase()
      words.push(`--auth=${mechanism}`, `--user=${signIn.user}`, '--passwordeval=printenv MSMTP_PASSWORD')
    }
    return runProgram('msmtp', [...words, recipient], {
      input: message.toString('latin1').replaceAll('\r\n', '\n'),
      env: { MSMTP_PASSWORD: signIn?.secret ?? '' },
    })
  },
}
