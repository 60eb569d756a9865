import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import nodemailer from 'nodemailer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { eventually } from '../support/eventually.ts'
import { authorize } from '../support/oauth-client-by-hand.ts'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.close())

const [me, password] = ['me@example.com', 'violet-anchor-7-mustard-lamp']

it('who comes from email-oauth2-proxy sends with the same user name and password, and consents to nothing', async () => {
  // The consent of years ago, and the token that the other program has kept of it.
  const redirectUri = `http://localhost:${stage.process.webPort}/oauth/callback`
  const { tokens } = await authorize(stage.authority, redirectUri, me)
  const file = join(stage.folder, 'emailproxy.config')
  await writeFile(file, settingsOfTheOther(tokens.refresh_token ?? ''), { mode: 0o600 })
  const passwordFile = join(stage.folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })

  const { steps } = await command(stage.postern, 'import', file, '--password-file', passwordFile)
  expect(steps.map((one: { kind: string; outcome: string }) => `${one.outcome} ${one.kind}`)).toEqual([
    // The stage has the client in its settings.
    'there registration',
    'added mailbox',
    'added login',
  ])

  await send({ user: me, pass: password })
  const message = await eventually('the message arrives', () => stage.mailProvider.messages[0])
  expect(message).toMatchObject({ sender: me, recipients: ['you@example.net'] })
  await expect(send({ user: me, pass: `${password}.` })).rejects.toMatchObject({ responseCode: 535 })
  const { state, flow } = await command(stage.postern, 'mailbox', 'show', me)
  expect({ state, flow }).toEqual({ state: 'active', flow: 'adopted' })
})

async function send(auth: { user: string; pass: string }): Promise<void> {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: stage.process.smtpPort,
    ignoreTLS: true,
    auth,
  })
  await transport.sendMail({ from: me, to: 'you@example.net', subject: 'Moved in', text: 'It arrived.\n' })
}

/** As the other program writes them. */
function settingsOfTheOther(refreshToken: string): string {
  const { authority, mailProvider } = stage
  const { id, secret } = authority.clients.postern
  const salt = randomBytes(16)
  return `[SMTP-1587]
server_address = ${mailProvider.host}
server_port = ${mailProvider.port}
server_starttls = ${mailProvider.tls === 'starttls' ? 'True' : 'False'}

[${me}]
permission_url = ${authority.endpoints.authorization}
token_url = ${authority.endpoints.token}
oauth2_scope = mail offline_access
redirect_uri = http://localhost
client_id = ${id}
client_secret = ${secret}
token_salt = ${salt.toString('base64')}
token_iterations = 100000
refresh_token = ${fernet(refreshToken, salt)}
`
}

/** https://github.com/fernet/spec, with the key that the password makes. */
function fernet(text: string, salt: Buffer): string {
  const key = pbkdf2Sync(password, salt, 100_000, 32, 'sha256')
  const [time, vector] = [Buffer.alloc(8), randomBytes(16)]
  time.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)))
  const cipher = createCipheriv('aes-128-cbc', key.subarray(16), vector)
  const signed = Buffer.concat([Buffer.from([0x80]), time, vector, cipher.update(text), cipher.final()])
  const code = createHmac('sha256', key.subarray(0, 16)).update(signed).digest()
  return Buffer.concat([signed, code]).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
