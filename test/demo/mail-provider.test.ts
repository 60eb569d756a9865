import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { startInbox } from '../../examples/demo/inbox.js'
import { type MailProvider, startMailProvider } from '../../examples/demo/mail-provider.js'

const tokens: Record<string, { active: boolean; sub?: string; scope?: string }> = {
  good: { active: true, sub: 'me@example.com', scope: `openid ${mailScope}` },
  dead: { active: false },
  narrow: { active: true, sub: 'me@example.com', scope: 'openid' },
}

describe.each(['starttls', 'implicit'] as const)("the demo's mail provider with %s", (tls) => {
  let provider: MailProvider
  beforeAll(async () => {
    provider = await startMailProvider({
      tls,
      introspect: async (token) => tokens[token] ?? { active: false },
    })
  })
  afterAll(() => provider.close())

  const transport = (auth: object, ca: string | undefined = provider.ca) =>
    nodemailer.createTransport({
      host: 'localhost',
      port: provider.port,
      secure: tls === 'implicit',
      requireTLS: true,
      tls: ca ? { ca } : {},
      auth: auth as never,
    })
  const xoauth2 = (user: string, accessToken: string) => ({ type: 'OAuth2', user, accessToken })
  const message = { from: 'me@example.com', to: 'you@example.com', subject: 'Hello', text: 'Hello' }

  it('the provider takes a message from a live token of the user', async () => {
    await transport(xoauth2('me@example.com', 'good')).sendMail(message)

    expect(provider.messages.at(-1)).toMatchObject({
      account: 'me@example.com',
      recipients: ['you@example.com'],
    })
    expect(provider.messages.at(-1)?.raw.toString()).toContain('Subject: Hello\r\n')
  })

  it.each([
    ['a dead token', 'me@example.com', 'dead'],
    ["somebody else's token", 'other@example.com', 'good'],
    ['a token without the mail scope', 'me@example.com', 'narrow'],
  ])('the provider refuses %s', async (_name, user, token) => {
    const before = provider.messages.length

    await expect(transport(xoauth2(user, token)).sendMail(message)).rejects.toMatchObject({ code: 'EAUTH' })
    expect(provider.messages.length).toBe(before)
  })

  it('the provider takes no password', async () => {
    await expect(
      transport({ type: 'login', user: 'me@example.com', pass: 'good' }).sendMail(message),
    ).rejects.toThrow()
  })

  it('the provider shows a certificate that only its own authority vouches for', async () => {
    await expect(transport(xoauth2('me@example.com', 'good'), '').sendMail(message)).rejects.toThrow(
      /certificate/,
    )
  })

  it('the provider keeps the dialogue without tokens', () => {
    const text = provider.dialogue.join('\n')

    expect(text).toContain('postern > AUTH XOAUTH2 [hidden]')
    expect(text).not.toContain(Buffer.from('auth=Bearer good').toString('base64').slice(4, -4))
  })

  it('the inbox page lists what came in, escaped', async () => {
    provider.messages.length = 0
    const inbox = await startInbox({ messages: provider.messages })
    const empty = await (await fetch(inbox.url)).text()
    await transport(xoauth2('me@example.com', 'good')).sendMail({ ...message, subject: '<b>bold</b>' })
    const page = await (await fetch(inbox.url)).text()
    await inbox.close()

    expect(empty).toContain('No message yet')
    expect(page).toContain('Subject: &#60;b&#62;bold')
  })
})
