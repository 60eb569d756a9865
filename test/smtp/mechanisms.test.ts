import nodemailer from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSmtpServer, type SmtpStage } from '../support/smtp-stage.ts'

describe('nodemailer at a server that offers everything', () => {
  let stage: SmtpStage

  beforeEach(async () => {
    stage = await openSmtpServer({ offers: { cramMd5: true, bearer: true, withoutPassword: true } })
  })

  afterEach(() => stage.server.stop(0))

  async function send(options: SMTPTransport.Options): Promise<string> {
    const transport = nodemailer.createTransport({ ...stage.endpoint, ...options })
    try {
      const sent = await transport.sendMail({ from: 'me@example.com', to: 'a@example.net', text: 'hello' })
      return sent.response
    } finally {
      transport.close()
    }
  }

  const password = { user: 'me@example.com', pass: 'right' }
  const token = (accessToken: string) => ({ type: 'OAuth2', user: 'me@example.com', accessToken }) as const

  it.each<[string, SMTPTransport.Options]>([
    ['with the mechanism that it likes best', { auth: password }],
    ['with CRAM-MD5', { auth: password, authMethod: 'CRAM-MD5' }],
    ['with a password that is not ASCII', { auth: { user: 'scanner', pass: 'Grüße' }, authMethod: 'LOGIN' }],
    ['with XOAUTH2', { auth: token('api-key') }],
    ['without signing in', {}],
  ])('nodemailer sends %s', async (_, options) => {
    expect(await send(options)).toBe('250 2.0.0 Message accepted')
    expect(stage.relay.messages).toHaveLength(1)
  })

  it.each<[string, SMTPTransport.Options]>([
    ['CRAM-MD5 and a wrong password', { auth: { ...password, pass: 'wrong' }, authMethod: 'CRAM-MD5' }],
    ['XOAUTH2 and a wrong key', { auth: token('wrong') }],
  ])('nodemailer hears 535 for %s', async (_, options) => {
    await expect(send(options)).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 })
    expect(stage.relay.asked).toEqual([])
  })
})
