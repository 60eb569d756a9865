import { describe, expect, it } from 'vitest'
import { answersEhlo, ehlo, expectLine, greets, saysGoodbye } from '../support/provider-scripts.ts'
import { mailbox, me } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const stage = useScriptedStage()

const xoauth2 = [...ehlo, 'AUTH LOGIN PLAIN XOAUTH2']
const refusal = Buffer.from('{"status":"401","schemes":"bearer","scope":"https://mail.example/"}').toString(
  'base64',
)

function response(token: string): string {
  return Buffer.from(`user=${mailbox}\x01auth=Bearer ${token}\x01\x01`).toString('base64')
}

describe('the sign-in', () => {
  it('the sign-in sends token and mailbox in the command when it fits', async () => {
    const { relay, provider } = await stage(async (client) => {
      await greets(client, xoauth2)
      await client.line()
      client.say('235 2.7.0 Accepted')
      await client.gone()
    })
    await relay.verify(me)
    expect(provider.heard).toEqual([
      `EHLO postern.example.test\r\nAUTH XOAUTH2 ${response('good-token')}\r\n`,
    ])
  })

  it.each([
    ['a bare 334', '334'],
    ['a 334 with a blank', '334 '],
    ['a 334 with text', '334 Z28gYWhlYWQ='],
  ])('the sign-in waits for %s when the command would be over 512 octets', async (_, go) => {
    const token = 'x'.repeat(1400)
    const { relay, provider } = await stage(
      async (client) => {
        await greets(client, xoauth2)
        expectLine(await client.line(), /^AUTH XOAUTH2$/)
        client.say(go)
        await client.line()
        client.say('235 2.7.0 Authentication successful')
        await client.gone()
      },
      { tokens: [token] },
    )
    await relay.verify(me)
    expect(provider.heard).toEqual([`EHLO postern.example.test\r\nAUTH XOAUTH2\r\n${response(token)}\r\n`])
  })

  it('the sign-in draws the line at exactly 512 octets, CRLF included', async () => {
    const longest = (length: number) => `AUTH XOAUTH2 ${response('t'.repeat(length))}\r\n`.length
    const fits = Array.from({ length: 500 }, (_, length) => length).findLast(
      (length) => longest(length) <= 512,
    )
    if (fits === undefined) throw new Error('no length fits')
    for (const [length, begins] of [
      [fits, /^AUTH XOAUTH2 \S+$/],
      [fits + 1, /^AUTH XOAUTH2$/],
    ] as const) {
      const { relay } = await stage(
        async (client) => {
          await greets(client, xoauth2)
          expectLine(await client.line(), begins)
          client.say('535 5.7.8 No')
          await client.gone()
        },
        { tokens: ['t'.repeat(length)] },
      )
      await expect(relay.verify(me)).rejects.toThrow()
    }
  })

  it('the sign-in speaks OAUTHBEARER where nothing else is offered', async () => {
    const { relay, provider } = await stage(
      async (client) => {
        await greets(client, [...ehlo, 'AUTH PLAIN OAUTHBEARER'])
        await client.line()
        client.say('235 2.7.0 Accepted')
        await client.gone()
      },
      { provider: { mechanisms: ['XOAUTH2', 'OAUTHBEARER'] } },
    )
    await relay.verify(me)
    const said = /AUTH OAUTHBEARER (\S+)\r\n$/.exec(provider.heard[0] ?? '')?.[1] ?? ''
    expect(Buffer.from(said, 'base64').toString()).toBe(
      `n,a=${mailbox},\x01host=127.0.0.1\x01port=${provider.port}\x01auth=Bearer good-token\x01\x01`,
    )
  })

  it.each([
    ['XOAUTH2', [`334 ${refusal}`], '', ['535-5.7.8 Not accepted.', '535 5.7.8 See the help pages.']],
    ['XOAUTH2', [], undefined, ['535 5.7.3 Authentication unsuccessful']],
    ['XOAUTH2', [], undefined, ['535-5.7.1 Username and Password', '535 5.7.1 not accepted.']],
    ['OAUTHBEARER', [`334 ${refusal}`], 'AQ==', ['535 5.7.8 No']],
  ] as const)(
    'the sign-in asks for one fresh token after a refusal: %s %j %j %j',
    async (mechanism, challenge, answer, final) => {
      const { relay, asked } = await stage(
        async (client, connection) => {
          await greets(client, [...ehlo, `AUTH ${mechanism}`])
          await client.line()
          if (connection > 0) client.say('235 2.7.0 Accepted')
          else {
            if (challenge.length > 0) client.say(...challenge)
            if (answer !== undefined) expectLine(await client.line(), new RegExp(`^${answer}$`))
            client.say(...final)
          }
          await saysGoodbye(client)
        },
        { tokens: ['stale', 'fresh'], provider: { mechanisms: [mechanism] } },
      )
      await relay.verify(me)
      expect(asked).toEqual(['token', 'fresh'])
    },
  )

  it('the sign-in has left before it comes back with the fresh token: the provider may allow one connection', async () => {
    let inside = 0
    const { relay, provider } = await stage(
      async (client, connection) => {
        inside += 1
        expect(inside).toBe(1)
        await greets(client, xoauth2)
        await client.line()
        client.say(connection > 0 ? '235 2.7.0 Accepted' : '535 5.7.8 No')
        expectLine(await client.line(), /^QUIT$/)
        // Long enough for somebody who does not wait to be here.
        await new Promise((resolve) => setTimeout(resolve, connection > 0 ? 0 : 200))
        inside -= 1
        client.say('221 2.0.0 Goodbye')
        client.hangUp()
      },
      { tokens: ['stale', 'fresh'] },
    )
    await relay.verify(me)
    expect(provider.heard).toHaveLength(2)
  })

  it('the sign-in gives up after the second refusal, answers at once for five seconds, and asks again after it', async () => {
    const { relay, asked, clock, provider } = await stage(
      async (client) => {
        await greets(client, xoauth2)
        await client.line()
        client.say(`334 ${refusal}`)
        await client.line()
        client.say('535 5.7.8 Username and Password not accepted')
        await saysGoodbye(client)
      },
      { tokens: ['stale', 'fresh'] },
    )
    const failure = {
      code: 'provider-setup',
      message: `127.0.0.1 refused the access token for ${mailbox} (535 5.7.8, 401)`,
      fix: expect.stringContaining('consent'),
    }
    await expect(relay.verify(me)).rejects.toMatchObject(failure)
    expect(asked).toEqual(['token', 'fresh'])
    expect(provider.heard).toHaveLength(2)

    clock.advance(4)
    await expect(relay.verify(me)).rejects.toMatchObject(failure)
    expect(provider.heard).toHaveLength(2)

    clock.advance(1)
    await expect(relay.verify(me)).rejects.toMatchObject(failure)
    expect(provider.heard.length).toBeGreaterThan(2)
  })

  it('the sign-in asks at once again after a consent', async () => {
    let refusing = true
    const { relay } = await stage(async (client) => {
      await greets(client, xoauth2)
      await client.line()
      client.say(refusing ? '535 5.7.8 No' : '235 2.7.0 Accepted')
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    refusing = false
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    relay.drain(mailbox)
    await relay.verify(me)
  })

  it('the same token is tried once more on a new connection, where there is no fresher one, and not again while that is refused', async () => {
    const { relay, asked, provider, clock } = await stage(async (client) => {
      await greets(client, xoauth2)
      await client.line()
      client.say('535 5.7.8 No')
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    expect(asked).toEqual(['token', 'fresh'])
    expect(provider.heard).toHaveLength(2)
    clock.advance(5)
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    expect(provider.heard).toHaveLength(3)
  })

  it.each([
    [
      'a policy',
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled',
      'provider-setup',
    ],
    ['a mechanism that it does not take', '504 5.7.4 Unrecognized authentication type', 'provider-setup'],
    ['a disabled account', '525 5.7.13 User account disabled', 'provider-setup'],
    ['passing trouble', '454 4.7.0 Too many login attempts', 'provider-unavailable'],
    ['a provider that goes', '421 4.3.2 Service not active', 'provider-unavailable'],
    ['too many connections', '432 4.3.2 Concurrent connections limit exceeded.', 'provider-unavailable'],
    [
      'too many sign-ins that were bad',
      '535 5.7.0 (#AUTH005) Too many bad auth attempts.',
      'provider-unavailable',
    ],
    ['TLS that is too old', '421 4.7.66 TLS 1.0 and 1.1 are not supported.', 'provider-setup'],
    ['a yes that is not 235', '250 2.7.0 Fine', 'provider-unavailable'],
  ])('the sign-in spends no second token on %s', async (_, said, code) => {
    const { relay, asked } = await stage(
      async (client) => {
        await greets(client, xoauth2)
        await client.line()
        client.say(said)
        await client.gone()
      },
      { tokens: ['stale', 'fresh'] },
    )
    await expect(relay.verify(me)).rejects.toMatchObject({ code, fix: expect.any(String) })
    expect(asked).toEqual(['token'])
  })

  it.each([
    ['454 4.7.0 Too many login attempts, please try again later', 900],
    ['535 5.7.0 (#AUTH005) Too many bad auth attempts.', 3600],
  ])('the provider is left alone for as long as it wants after %s', async (said, seconds) => {
    const { relay, clock, provider } = await stage(async (client, connection) => {
      await greets(client, xoauth2)
      await client.line()
      client.say(connection === 0 ? said : '235 2.7.0 Accepted')
      await client.gone()
    })
    const failure = { code: 'provider-unavailable', retryAfterSeconds: seconds }
    await expect(relay.verify(me)).rejects.toMatchObject(failure)
    clock.advance(seconds - 1)
    await expect(relay.verify(me)).rejects.toMatchObject({ ...failure, retryAfterSeconds: 1 })
    expect(provider.heard).toHaveLength(1)
    clock.advance(1)
    await relay.verify(me)
  })

  it('a yes after an error challenge is not taken for a yes', async () => {
    const { relay } = await stage(async (client) => {
      await greets(client, xoauth2)
      await client.line()
      client.say(`334 ${refusal}`)
      await client.line()
      client.say('235 2.7.0 Accepted')
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
  })

  it('the sign-in sends no token when no mechanism for tokens is offered', async () => {
    const { relay, provider } = await stage(async (client) => {
      await greets(client, [...ehlo, 'AUTH LOGIN PLAIN'])
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({
      code: 'provider-setup',
      message: '127.0.0.1 offers no sign-in by XOAUTH2, only LOGIN, PLAIN',
    })
    expect(provider.heard.join()).not.toContain('AUTH')
  })

  it('the sign-in never shows or logs a token, even when the provider sends it back', async () => {
    const { relay, log } = await stage(
      async (client) => {
        await greets(client, xoauth2)
        const line = await client.line()
        client.say(`535 5.7.8 cannot read "${line}" secret-token-secret-token-secret-token`)
        await client.gone()
      },
      { tokens: ['secret-token-secret-token-secret-token'] },
    )
    const failure: unknown = await relay.verify(me).catch((error: unknown) => error)
    const shown = JSON.stringify([log.lines, failure, String(failure), String((failure as Error).cause)])
    expect(shown).toContain('cannot read')
    expect(shown).not.toContain('secret-token')
    expect(shown).not.toContain(response('secret').slice(0, 20))
  })

  it('the sign-in forgets what was offered before TLS', async () => {
    const { relay, provider } = await stage(
      async (client) => {
        await greets(client, ['STARTTLS', 'AUTH XOAUTH2'])
        expectLine(await client.line(), /^STARTTLS$/)
        client.say('220 Go ahead')
        await client.startTls()
        await answersEhlo(client, [...ehlo, 'AUTH LOGIN'])
        await client.gone()
      },
      { tls: 'starttls' },
    )
    await expect(relay.verify(me)).rejects.toThrow('only LOGIN')
    expect(provider.heard.join()).not.toContain('AUTH')
  })
})
