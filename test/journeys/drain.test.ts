import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Postern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { plain } from '../support/smtp-client.ts'

let stage: Awaited<ReturnType<typeof setRotatingStage>>
let clients: LineClient[]

beforeEach(async () => {
  stage = await setRotatingStage({ env: { POSTERN_SHUTDOWN_SECONDS: '3' } })
  clients = []
})
afterEach(async () => {
  for (const client of clients) client.close()
  await stage.close()
})

interface Talk {
  client: LineClient
  ask(line: string): Promise<number>
}

async function talk(): Promise<Talk> {
  const client = connectLineClient({ host: '127.0.0.1', port: stage.smtpPort })
  clients.push(client)
  await client.reply()
  const ask = async (line: string) => {
    client.send(`${line}\r\n`)
    return (await client.reply()).code
  }
  expect(await ask('EHLO device.example.com')).toBe(250)
  return { client, ask }
}

async function signedIn(): Promise<Talk> {
  const one = await talk()
  expect(await one.ask(`AUTH ${plain(stage.login.user, stage.login.password)}`)).toBe(235)
  return one
}

async function withinMessage(): Promise<Talk> {
  const one = await signedIn()
  expect(await one.ask(`MAIL FROM:<${stage.address}>`)).toBe(250)
  expect(await one.ask('RCPT TO:<you@example.com>')).toBe(250)
  expect(await one.ask('DATA')).toBe(354)
  one.client.send('Subject: the first half\r\n\r\n')
  return one
}

async function isRefused(): Promise<boolean> {
  const socket = connect({ port: stage.smtpPort, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return false
  } catch {
    return true
  } finally {
    socket.destroy()
  }
}

async function begunToStop(postern: Postern): Promise<void> {
  process.kill(postern.pid, 'SIGTERM')
  await eventually('nobody is let in', isRefused)
}

it('SIGTERM: nobody new is let in, who has nothing under way gets 421, and a message under way ends with its 250', async () => {
  const postern = await stage.start()
  const [stranger, idle, sending] = [await talk(), await signedIn(), await withinMessage()]
  await begunToStop(postern)
  for (const { client } of [stranger, idle]) {
    expect((await client.reply()).code).toBe(421)
    expect(await client.rest()).toBe('')
  }
  expect(await sending.ask('the second half\r\n.')).toBe(250)
  // It has had its turn.
  expect((await sending.client.reply()).code).toBe(421)
  expect(await postern.exited).toBe(0)
})

it('SIGTERM: a message that does not end in time is cut off, and the process ends all the same', async () => {
  const postern = await stage.start()
  const { client } = await withinMessage()
  await begunToStop(postern)
  expect(await client.rest()).not.toMatch(/^250/m)
  expect(await postern.exited).toBe(0)
})

it('a second signal ends it at once', async () => {
  const postern = await stage.start()
  const { client } = await withinMessage()
  await begunToStop(postern)
  process.kill(postern.pid, 'SIGINT')
  // Not 0, with which it ends when the message has had its time.
  expect(await postern.exited).toBe(1)
  expect(await client.rest()).not.toMatch(/^250/m)
})
