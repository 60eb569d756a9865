import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import type { Postern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { newPostgresDatabase, onPostgres } from '../support/postgres-databases.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

const hosts = 3
const [rcptReply, endOfDataReply] = [4, 6]
/** Messages that get through before the next host is begun anew. */
const between = 5

describe.runIf(onPostgres)('a rolling upgrade', () => {
  it('each host in turn ends and is begun anew: no message fails, and no refresh token is spent twice', {
    timeout: 300_000,
  }, async () => {
    const stage = await setStage()
    const client = createClient(stage)
    onTestFinished(() => client.end())
    await stage.startAll()
    for (let host = 0; host < hosts; host += 1) {
      await client.moreThan(between)
      expect(await stage.stop(host)).toBe(0)
      await client.moreThan(between)
      await stage.start(host)
    }
    await client.moreThan(between)
    await client.end()

    expect(client.failed).toEqual([])
    const arrived = stage.messages.map(({ raw }) => Number(/^Message-ID: <(\d+)@/m.exec(raw.toString())?.[1]))
    expect(arrived.sort(byNumber)).toEqual(client.acknowledged.sort(byNumber))
    // The token was of the first host that needed one, and of all others.
    expect({ rotations: stage.endpoint.rotations(), reused: stage.endpoint.reused() }).toEqual({
      rotations: 1,
      reused: false,
    })
  })
})

async function setStage() {
  const env = {
    POSTERN_DATABASE_URL: await newPostgresDatabase('nothing'),
    POSTERN_KEY: randomBytes(32).toString('base64'),
  }
  const stage = await setRotatingStage({ env })
  onTestFinished(() => stage.close())
  const places = await Promise.all(
    Array.from({ length: hosts }, async () => ({ smtpPort: await freePort(), webPort: await freePort() })),
  )
  const running: Postern[] = []
  const start = async (host: number) => {
    running[host] = await stage.startBeside(`host-${host}`, places[host])
  }
  return {
    ...stage,
    ports: places.map(({ smtpPort }) => smtpPort),
    start,
    startAll: () => Promise.all(places.map((_, host) => start(host))),
    stop: (host: number) => running[host]?.stop(),
  }
}

/**
 * Sends one numbered message after the other, to each host in turn. As a load balancer or a mail
 * program does, it goes to the next one where nobody answers or a session is ended by 421.
 */
function createClient({
  ports,
  login,
  address,
}: Pick<Awaited<ReturnType<typeof setStage>>, 'ports' | 'login' | 'address'>) {
  const acknowledged: number[] = []
  const failed: string[] = []
  let isOver = false
  let sending: Promise<void> | undefined

  async function send(number: number): Promise<void> {
    const signedIn = ['EHLO legacy.example.com', `AUTH ${plain(login.user, login.password)}`]
    const message = `Message-ID: <${number}@legacy.example.com>\r\n\r\nNumber ${number}\r\n.`
    const recipient = 'RCPT TO:<someone@example.net>'
    const lines = [...signedIn, `MAIL FROM:<${address}>`, recipient, 'DATA', message, 'QUIT']
    for (let turn = 0; turn < ports.length; turn += 1) {
      const port = ports[(number + turn) % ports.length] ?? 0
      const replies = await smtpDialogue(port, lines).catch(() => ['nobody'])
      if (replies[rcptReply]?.startsWith('250') && replies[endOfDataReply]?.startsWith('250')) {
        acknowledged.push(number)
        return
      }
      const last = replies.at(-1) ?? 'nobody'
      // In the place of 354, too: nothing of the message has left.
      if (replies.length > endOfDataReply || !/^(?:nobody|421)/.test(last)) {
        failed.push(`${number}: ${replies.join(' | ')}`)
        return
      }
    }
    failed.push(`${number}: no host was there`)
  }

  const sendAll = async () => {
    for (let number = 1; !isOver; number += 1) await send(number)
  }

  return {
    acknowledged,
    failed,
    /** Resolves when so many more have got through. */
    async moreThan(count: number): Promise<void> {
      sending ??= sendAll()
      const until = acknowledged.length + count
      await eventually(`${count} more messages have got through`, () => acknowledged.length >= until)
    },
    async end(): Promise<void> {
      isOver = true
      await sending
    },
  }
}

function byNumber(one: number, other: number): number {
  return one - other
}
