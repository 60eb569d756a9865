import { createHmac } from 'node:crypto'
import { type Log, silentLog } from '../../src/base/log.ts'
import { createSmtpServer } from '../../src/smtp/smtp-server.ts'
import { secureContexts } from '../../src/tls/certificates.ts'
import type { Traces } from '../../src/traces/traces.ts'
import type { Authority } from '../support/certificates.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import type { RelayStage } from '../support/relay-stage.ts'
import { createStageSignIns, stageSubmitters } from '../support/smtp-stage.ts'

export const password = 'local-password-4711'
export const apiKey = 'postern-api-key-0815'

/** An SMTP server before this relay, whose dialogues `traces` can follow. */
export async function openTracedServer(
  { relay, clock }: Pick<RelayStage, 'relay' | 'clock'>,
  traces: Traces,
  authority: Authority,
  log: Log = silentLog,
) {
  const signIns = createStageSignIns({ cramMd5: true, bearer: true })
  const server = createSmtpServer({
    relay,
    signIns: {
      ...signIns,
      async check(credentials, ...rest) {
        const [me] = stageSubmitters
        const { userName, kind } = credentials
        const right =
          kind === 'password'
            ? credentials.password.reveal() === password
            : kind === 'bearer'
              ? credentials.token.reveal() === apiKey
              : credentials.digest === hmac(credentials.challenge)
        if (right && me !== undefined && ['', me.userName].includes(userName)) return me
        return signIns.check(credentials, ...rest)
      },
    },
    listen: [{ host: '127.0.0.1', port: 0, tls: 'starttls', plainAuth: false, oldTls: false }],
    certificates: { contextFor: secureContexts(await authority.issue()) },
    limits: defaultLimits,
    hostname: 'postern-host.internal',
    clock,
    log,
    taps: traces,
  })
  const [listener] = await server.start()
  if (listener === undefined) throw new Error('the server listens nowhere')
  return { connect: () => connectLineClient(listener), stop: () => server.stop(0) }
}

function hmac(challenge: string): string {
  return createHmac('md5', password).update(challenge).digest('hex')
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Each way to sign in: says what it has to, and gives the last reply. */
export const waysIn: Readonly<Record<string, (client: LineClient) => Promise<number>>> = {
  PLAIN: (client) => says(client, `AUTH PLAIN ${base64(`\0me@example.com\0${password}`)}`),
  'PLAIN in two lines': (client) => says(client, 'AUTH PLAIN', base64(`\0me@example.com\0${password}`)),
  LOGIN: (client) => says(client, 'AUTH LOGIN', base64('me@example.com'), base64(password)),
  async 'LOGIN in one write'(client) {
    client.send(`AUTH LOGIN\r\n${base64('me@example.com')}\r\n${base64(password)}\r\n`)
    await client.reply()
    await client.reply()
    return (await client.reply()).code
  },
  async 'CRAM-MD5'(client) {
    client.send('AUTH CRAM-MD5\r\n')
    const challenge = Buffer.from((await client.reply()).lines[0], 'base64').toString()
    return says(client, base64(`me@example.com ${hmac(challenge)}`))
  },
  XOAUTH2: (client) =>
    says(client, `AUTH XOAUTH2 ${base64(`user=me@example.com\x01auth=Bearer ${apiKey}\x01\x01`)}`),
}

export async function says(client: LineClient, ...lines: string[]): Promise<number> {
  let code = 0
  for (const line of lines) {
    client.send(`${line}\r\n`)
    code = (await client.reply()).code
  }
  return code
}
