import { fileURLToPath } from 'node:url'
import { runProgram } from '../support/run-program.ts'
import type { Client } from './client.ts'

const script = fileURLToPath(new URL('send.py', import.meta.url))

/** smtplib, with the OpenSSL that Python is built with, and by the address instead of the name. */
export const python: Client = {
  name: 'Python smtplib',
  needs: 'python3',
  bearers: ['XOAUTH2', 'OAUTHBEARER'],
  verbatim: true,
  send({ port, security, caFile, signIn, sender, recipient, message }) {
    const { mechanism = '', user = '', secret = '' } = signIn ?? {}
    const words = [String(port), security, caFile, mechanism, user, secret, sender, recipient]
    return runProgram('python3', [script, ...words], { input: message })
  },
}
