import { readFile } from 'node:fs/promises'
import nodemailer from 'nodemailer'
import type { Client, SignIn, Task } from './client.ts'

/** With Node's OpenSSL. It has no OAUTHBEARER. */
export const nodeMailer: Client = {
  name: 'nodemailer',
  bearers: ['XOAUTH2'],
  verbatim: true,
  async send(task) {
    const { sender, recipient, message } = task
    const transport = await nodemailerTransport(task)
    const envelope = { from: sender, to: recipient }
    return transport.sendMail({ envelope, raw: message }).then(
      () => ({ code: 0, output: '' }),
      (error: Error) => ({ code: 1, output: error.message }),
    )
  },
}

/** A transport for this way of sending. */
export async function nodemailerTransport({
  port,
  security,
  caFile,
  signIn,
}: Pick<Task, 'port' | 'security' | 'caFile' | 'signIn'>) {
  return nodemailer.createTransport({
    host: 'localhost',
    port,
    secure: security === 'implicit TLS',
    requireTLS: security === 'STARTTLS',
    ignoreTLS: security === 'plain',
    tls: { ca: await readFile(caFile, 'utf8') },
    ...(signIn && credentials(signIn)),
  })
}

function credentials({ mechanism, user, secret }: SignIn) {
  if (mechanism === 'XOAUTH2') return { auth: { type: 'OAuth2' as const, user, accessToken: secret } }
  return { authMethod: mechanism, auth: { user, pass: secret } }
}
