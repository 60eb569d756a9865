import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { behaviours, misbehavesAt, stages } from '../support/hostile-behaviours.ts'
import { type HostileProvider, type HostileStage, setHostileStage } from '../support/hostile-stage.ts'
import type { Account } from '../support/mail-session.ts'
import { memoryGrowth } from '../support/memory-growth.ts'
import { plain } from '../support/smtp-client.ts'

const mebibyte = 2 ** 20
const sent = { message: '250 2.0.0 Queued' }

let stage: HostileStage | undefined
afterEach(() => stage?.close())

it('postern grows by less than 96 MB under floods at every stage at once, and serves others meanwhile', async () => {
  const floods = behaviours.filter(
    ({ what }) => what.endsWith('without end') || what.endsWith('without meaning'),
  )
  const flooded = [
    stages.greeting,
    stages.ehlo,
    stages.startTls,
    stages.auth,
    stages.recipient,
    stages.data,
    stages.end,
  ]
  const rows = flooded.flatMap((at) =>
    floods.map((flood): HostileProvider => ({ tls: 'starttls', script: misbehavesAt(at, flood) })),
  )
  expect(rows).toHaveLength(28)
  stage = await setHostileStage(rows)
  const { send, sendElsewhere, providers } = stage
  // Once before it is measured: what every first message loads is not what a flood costs.
  expect(await sendElsewhere()).toMatchObject(sent)

  const growth = await memoryGrowth(async () => {
    const answers = Promise.all(rows.map((_, place) => send(place)))
    expect(await sendElsewhere()).toMatchObject(sent)
    for (const answer of await answers) expect(Object.values(answer).at(-1)).toMatch(/^4/)
    await eventually('every flood ends', () => providers.every((provider) => provider.open() === 0))
  })
  console.info(`under ${rows.length} floods memory grew by ${Math.round(growth / mebibyte)} MiB`)
  expect(growth).toBeLessThan(96 * mebibyte)
})

it('postern reads no more of a client whose provider has stopped reading, and gives that one up by its limit', async () => {
  const limit = 3
  const stopsReading: HostileProvider = {
    tls: 'starttls',
    async script(client) {
      await stages.data.reach(client)
      client.pause()
      client.say('354 Go ahead')
      await client.gone()
    },
  }
  stage = await setHostileStage([stopsReading], { upstreamDataStartSeconds: limit })
  const { account, port, sendElsewhere, logged } = stage
  expect(await sendElsewhere()).toMatchObject(sent)
  const client = await beginMessage(port, account(0))
  let taken = 0

  const growth = await memoryGrowth(async () => {
    const elsewhere = sendElsewhere()
    taken = await client.sendUntilHeldBack(limit / 2)
    expect(await elsewhere).toMatchObject(sent)
  })
  console.info(
    `${Math.round(taken / mebibyte)} MiB taken, memory grew by ${Math.round(growth / mebibyte)} MiB`,
  )

  // What the system itself holds for two connections; a client that is not held back sends this much many times over.
  expect(taken).toBeLessThan(48 * mebibyte)
  expect(growth).toBeLessThan(96 * mebibyte)
  expect(await client.finish()).toMatch(/^451 4\.4\.2 /)
  expect(logged(0)).toContain(`nothing was taken for ${limit} seconds`)
})

/** A client that has come to DATA, and from then on sends as fast as it is let. */
async function beginMessage(port: number, { address, user, password }: Account) {
  const socket = connect({ host: '127.0.0.1', port })
  let heard = ''
  socket.on('data', (octets) => {
    heard += octets
  })
  const reply = (code: number) =>
    eventually(`a ${code}`, () => new RegExp(`^${code} .*`, 'm').exec(heard.split('\r\n').at(-2) ?? '')?.[0])
  const lines = [
    [220, 'EHLO legacy.example.com'],
    [250, `AUTH ${plain(user, password)}`],
    [235, `MAIL FROM:<${address}>`],
    [250, 'RCPT TO:<somebody@example.com>'],
    [250, 'DATA'],
  ] as const
  for (const [code, line] of lines) {
    await reply(code)
    heard = ''
    socket.write(`${line}\r\n`)
  }
  await reply(354)

  return {
    /** Until nothing is taken for so long, and on until something is again. How many octets were taken before. */
    async sendUntilHeldBack(seconds: number): Promise<number> {
      const piece = Buffer.from('x'.repeat(70).concat('\r\n').repeat(900))
      while (socket.bytesWritten < 256 * mebibyte) {
        if (socket.write(piece)) continue
        const taken = socket.bytesWritten - socket.writableLength
        const since = performance.now()
        await once(socket, 'drain')
        if (performance.now() - since > seconds * 1000) return taken
      }
      throw new Error('everything was taken')
    },
    async finish(): Promise<string> {
      heard = ''
      socket.write('.\r\n')
      const answer = await reply(451)
      socket.destroy()
      return answer
    },
  }
}
