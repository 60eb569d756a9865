import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { listeners } from '../../src/config/listeners.ts'
import { settings } from '../../src/config/settings.ts'
import { connectLineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer } from '../support/smtp-stage.ts'

const read = settings.smtpListen.parse(settings.smtpListen.default ?? '', '')
const byDefault = 'value' in read ? read.value : []

async function hold(host: string, port = 0): Promise<Server> {
  const server = await listening(host, port)
  onTestFinished(() => void server.close())
  return server
}

function listening(host: string, port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => resolve(server))
  })
}

const hasIPv6 = await listening('::1', 0).then(
  (server) => Boolean(server.close()),
  () => false,
)
if (!hasIPv6) console.log('skipped in part: this machine has no address ::1')

async function byDefaultAt(port: number) {
  const log = createRecordingLog()
  const listen = byDefault.map((one) => ({ ...one, tls: 'none' as const, port }))
  const stage = await openSmtpServer({ log, listen })
  onTestFinished(() => stage.server.stop(0))
  return { ...stage, log }
}

it('the default is both addresses that localhost is', () => {
  expect(byDefault.map(({ host, port }) => ({ host, port }))).toEqual([
    { host: '127.0.0.1', port: 2587 },
    { host: '::1', port: 2587 },
  ])
  expect(listeners('starttls')('127.0.0.1:2587', '')).toMatchObject({ value: [{ host: '127.0.0.1' }] })
})

it.runIf(hasIPv6)('a client that takes localhost for IPv6 is served by default', async () => {
  const port = await freePort()
  await byDefaultAt(port)
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    const client = connectLineClient({ host, port })
    onTestFinished(() => client.close())
    expect((await client.reply()).code).toBe(220)
  }
})

it.runIf(hasIPv6)('somebody else at the second address is told, and nothing stays open', async () => {
  const other = await hold('::1')
  const { port } = other.address() as AddressInfo
  await expect(byDefaultAt(port)).rejects.toMatchObject({
    code: 'configuration',
    message: `The SMTP server cannot listen on [::1]:${port}: another program does already`,
    fix: expect.stringContaining('POSTERN_SMTP_LISTEN'),
  })
  const after = await hold('127.0.0.1', port)
  expect(after.listening).toBe(true)
})

it('a second loopback address that the machine does not have is done without', async () => {
  const { log, addresses } = await byDefaultAt(await freePort())
  const missing = log.lines.filter(({ message }) => message.includes('does without it'))
  expect(addresses.length + missing.length).toBe(2)
})

it('a start fails on a configured address that the machine does not have', async () => {
  for (const listen of [[{ host: '192.0.2.1' }], [{}, { host: '192.0.2.1', plainAuth: true }]])
    await expect(openSmtpServer({ listen })).rejects.toMatchObject({ code: 'configuration' })
})

const listener = { tls: 'none', plainAuth: false, oldTls: false } as const

function raise(): never {
  throw new Error('the server listens nowhere')
}

it('other addresses are listened at while it runs, and who is connected stays', async () => {
  const { server, addresses } = await openSmtpServer()
  onTestFinished(() => server.stop(0))
  const [endpoint = raise()] = addresses.map((one) => ({ ...listener, ...one }))
  const { port } = endpoint
  const connected = connectLineClient(endpoint)
  onTestFinished(() => connected.close())
  expect((await connected.reply()).code).toBe(220)
  // The same port at every address: the loopback address is a part of that.
  const everywhere = { ...endpoint, host: '0.0.0.0' }
  expect(await server.listenAt([everywhere])).toEqual([everywhere])
  connected.send('NOOP\r\n')
  expect((await connected.reply()).code).toBe(250)
  for (const host of ['127.0.0.1', ...(outerAddress === undefined ? [] : [outerAddress])]) {
    const client = connectLineClient({ host, port })
    onTestFinished(() => client.close())
    expect((await client.reply()).code).toBe(220)
  }
})

it('an address that is taken changes nothing', async () => {
  const { server, addresses } = await openSmtpServer()
  onTestFinished(() => server.stop(0))
  const [endpoint = raise()] = addresses.map((one) => ({ ...listener, ...one }))
  const taken = await hold('127.0.0.1')
  const { port } = taken.address() as AddressInfo
  const elsewhere = { ...endpoint, port }
  await expect(server.listenAt([{ ...endpoint, host: '0.0.0.0' }, elsewhere])).rejects.toThrow(String(port))
  const client = connectLineClient(endpoint)
  onTestFinished(() => client.close())
  expect((await client.reply()).code).toBe(220)
  expect(await server.listenAt([endpoint])).toEqual([endpoint])
})
