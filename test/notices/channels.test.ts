import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createCommandChannel, createMailChannel, createWebhookChannel } from '../../src/notices/channels.ts'
import type { Notice } from '../../src/notices/notices.ts'
import { say } from '../../src/wire/reply.ts'
import { handClock } from '../grants/fixture.ts'
import { createRecordingRelay } from '../support/recording-relay.ts'

const link = 'https://postern.example/consent/0011.the-secret-of-the-link'
const notice: Notice = {
  key: 'consent-needed me@example.com',
  kind: 'consent-needed',
  title: 'me@example.com needs a new consent',
  text: '.Grüße: somebody has to agree again.',
  mailbox: 'me@example.com',
  provider: 'google',
  consentLink: { url: new Secret(link), expiresAt: '2030-01-02T00:00:00.000Z' },
}
const body = {
  type: 'postern.consent-needed',
  timestamp: '2030-01-01T00:00:00.000Z',
  data: {
    id: 'id-1',
    title: notice.title,
    text: notice.text,
    mailbox: 'me@example.com',
    provider: 'google',
    consentLink: { url: link, expiresAt: '2030-01-02T00:00:00.000Z' },
  },
}
const clock = handClock()

async function receiver(status: number) {
  const got: { headers: IncomingHttpHeaders; text: string }[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    got.push({ headers: request.headers, text })
    response.writeHead(status, { location: '/elsewhere' }).end('what it says')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const http = createHttpFetch({ timeoutSeconds: 5 })
  onTestFinished(() => http.close())
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=in-the-address`)
  return { got, url, fetch: http.fetch }
}

describe('a webhook', () => {
  it.each([
    ['a text', 'shared-secret', Buffer.from('shared-secret')],
    ['a key of Standard Webhooks', 'whsec_MDEyMzQ1Njc4OWFiY2RlZg==', Buffer.from('0123456789abcdef')],
  ])(
    'a webhook is signed with %s, so that its receiver can check id, time and body',
    async (_name, secret, key) => {
      const { got, url, fetch } = await receiver(204)
      await createWebhookChannel({ url, secret: new Secret(secret), fetch, clock }).deliver(notice, 'id-1')
      const [{ headers, text } = { headers: {}, text: '' }] = got
      expect(JSON.parse(text)).toEqual(body)
      expect(headers['webhook-id']).toBe('id-1')
      expect(headers['webhook-timestamp']).toBe(String(Date.parse('2030-01-01T00:00:00Z') / 1000))
      const signed = `id-1.${headers['webhook-timestamp']}.${text}`
      expect(headers['webhook-signature']).toBe(
        `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
      )
    },
  )

  it.each([302, 400, 500])(
    'a webhook that answers %i has not got the notice, and its address is in no message',
    async (status) => {
      const { got, url, fetch } = await receiver(status)
      const sending = createWebhookChannel({ url, secret: new Secret('s'), fetch, clock }).deliver(
        notice,
        'id-1',
      )
      const error = await sending.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({
        code: 'provider-unavailable',
        message: expect.stringContaining(`${status}`),
      })
      expect(String(error)).not.toMatch(/in-the-address|secret-of/)
      expect(got).toHaveLength(1)
    },
  )

  it('a webhook that cannot be reached is a failure without its address', async () => {
    const { url, fetch } = await receiver(200)
    url.port = '1'
    const sending = createWebhookChannel({ url, secret: new Secret('s'), fetch, clock }).deliver(
      notice,
      'id-1',
    )
    await expect(sending).rejects.toThrow(
      /^The webhook at 127\.0\.0\.1:1 cannot be reached: 127\.0\.0\.1:1 cannot be reached \(network error\)$/,
    )
  })
})

describe('a command', () => {
  const run = async (line: string, timeoutSeconds = 10) => {
    const command = { line: new Secret(line), environment: { PATH: '/usr/bin:/bin', GIVEN: 'yes' } }
    await createCommandChannel({ command, clock, timeoutSeconds }).deliver(notice, 'id-1')
  }

  it('a command gets the notice on its standard input, and nothing of our environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-notice-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    process.env.POSTERN_TEST_LEAK = 'a secret'
    onTestFinished(() => void delete process.env.POSTERN_TEST_LEAK)
    await run(`cat > ${folder}/notice; env > ${folder}/environment`)
    expect(JSON.parse(await readFile(join(folder, 'notice'), 'utf8'))).toEqual(body)
    const environment = await readFile(join(folder, 'environment'), 'utf8')
    expect(environment).toContain('GIVEN=yes')
    expect(environment).not.toContain('POSTERN_')
  })

  it('a command that cannot be started is told, and leaves nothing that holds up the end of the process', async () => {
    const command = { line: new Secret('exit 0'), environment: {} }
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const channel = createCommandChannel({ command, clock, timeoutSeconds: 30, shell: '/nonexistent/sh' })
    await expect(channel.deliver(notice, 'id-1')).rejects.toMatchObject({ id: 'notice.command-not-started' })
    expect(timers()).toBeLessThanOrEqual(before)
  })

  it('a command may leave its input unread', () => run('exit 0'))

  it('a command that ends with an error has not taken the notice', async () => {
    await expect(run(`cat; echo ${link}; exit 3`)).rejects.toThrow(
      /^POSTERN_NOTIFY_COMMAND ended with exit code 3$/,
    )
  })

  it('a command that hangs is ended', async () => {
    await expect(run('exec sleep 60', 0.2)).rejects.toThrow(/^POSTERN_NOTIFY_COMMAND was ended by SIGKILL$/)
  })
})

describe('a mail', () => {
  it('a mail leaves through a mailbox of postern, whole and with its dots stuffed', async () => {
    const relay = createRecordingRelay()
    const to: Address[] = ['it@example.com', 'boss@example.net']
    await createMailChannel({ from: 'alerts@example.com', to, relay }).deliver(notice, 'id-1')
    const text = relay.messages[0]?.toString('latin1') ?? ''
    expect(text).toMatch(
      /^From: postern <alerts@example\.com>\r\nTo: it@example\.com, boss@example\.net\r\n/m,
    )
    expect(text).toMatch(/^Subject: postern: me@example\.com needs a new consent\r$/m)
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(text).toMatch(/^Message-ID: <id-1@example\.com>\r$/m)
    expect(text.replace(/=\r\n/g, '')).toContain(link)
    expect(text).toMatch(/^\.\.Gr=C3=BC=C3=9Fe/m)
    expect(text).toMatch(/\r\n$/)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })

  it('a mail that nobody may get is a failure, and the transaction is given up', async () => {
    const relay = createRecordingRelay()
    relay.answers.push(say(550, '5.7.1 No'))
    const sending = createMailChannel({ from: 'a@example.com', to: ['b@example.com'], relay }).deliver(
      notice,
      'i',
    )
    await expect(sending).rejects.toThrow(/not taken from a@example\.com/)
    expect(relay.messages).toEqual([])
    expect(relay.asked.at(-1)).toMatch(/^RESET/)
  })
})
