import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { plain, signIn, smtpDialogue } from '../support/smtp-client.ts'

/** A few in each run of the tests; more where it is asked for by `POSTERN_KILLS`. */
const kills = Number(process.env.POSTERN_KILLS ?? 9)
const program = join(import.meta.dirname, '../../dist/main.js')
const [rcptReply, endOfDataReply] = [4, 6]
/** What is waited for before the kill, and up to how many milliseconds the kill comes after it. */
const moments = { start: 900, renewal: 40, acknowledgement: 120 }

let stage: Awaited<ReturnType<typeof setRotatingStage>>
let client: ReturnType<typeof createClient>

afterEach(async () => {
  await client?.end()
  await stage?.close()
})

it(`${kills} kills at random moments lose no consent and nothing that was acknowledged`, {
  timeout: 60_000 + kills * 15_000,
}, async () => {
  const heard = createSignals()
  stage = await setRotatingStage({
    tokens: { forgivesLostAnswers: true, onRequest: () => heard.say('renewal') },
  })
  client = createClient(stage, () => heard.say('acknowledgement'))
  for (let kill = 0; kill < kills; kill++) {
    const moment = (['start', 'renewal', 'acknowledgement'] as const)[kill % 3] ?? 'start'
    const heardOf = moment === 'start' ? undefined : heard.next(moment)
    const postern = start()
    await heardOf
    await new Promise((resolve) => setTimeout(resolve, Math.random() * moments[moment]))
    postern.kill('SIGKILL')
    await once(postern, 'exit')
  }
  await client.end()

  const { endpoint } = stage
  expect({ reused: endpoint.reused(), forgivenAtMost: endpoint.forgiven() <= kills }).toEqual({
    reused: false,
    forgivenAtMost: true,
  })
  expect(endpoint.rotations()).toBeGreaterThanOrEqual(kills / 2)
  const arrived = stage.messages.map(({ raw }) => Number(/^Message-ID: <(\d+)@/m.exec(raw.toString())?.[1]))
  expect(arrived).toEqual([...new Set(arrived)])
  expect(client.acknowledged.filter((number) => !arrived.includes(number))).toEqual([])
  expect(client.acknowledged.length).toBeGreaterThanOrEqual(Math.floor(kills / 3))

  const postern = await stage.start()
  expect(await signIn(stage.smtpPort, stage.login)).toMatch(/^235/)
  expect(await postern.stop()).toBe(0)
})

function start(): ChildProcess {
  return spawn(process.execPath, [program, 'serve'], { env: stage.environment(), stdio: 'ignore' })
}

/** Sends one numbered message after the other, whoever is there to take it, and repeats none. */
function createClient(
  { smtpPort, login, address }: Pick<typeof stage, 'smtpPort' | 'login' | 'address'>,
  onAcknowledged: () => void,
) {
  const acknowledged: number[] = []
  let isOver = false

  async function send(number: number): Promise<void> {
    const message = `Message-ID: <${number}@legacy.example.com>\r\n\r\nNumber ${number}\r\n.`
    const recipient = 'RCPT TO:<someone@example.net>'
    const signedIn = ['EHLO legacy.example.com', `AUTH ${plain(login.user, login.password)}`]
    const lines = [...signedIn, `MAIL FROM:<${address}>`, recipient, 'DATA', message, 'QUIT']
    const replies = await smtpDialogue(smtpPort, lines).catch(() => [])
    if (!replies[rcptReply]?.startsWith('250') || !replies[endOfDataReply]?.startsWith('250')) return
    acknowledged.push(number)
    onAcknowledged()
  }

  const sending = (async () => {
    for (let number = 1; !isOver; number++) {
      await send(number)
      // Nobody may be there: the others are let in between.
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()

  return {
    acknowledged,
    end(): Promise<void> {
      isOver = true
      return sending
    },
  }
}

/** What happens, for whoever waits for the next time. */
function createSignals() {
  const waiting = new Map<string, () => void>()
  return {
    say: (what: string) => waiting.get(what)?.(),
    next: (what: string) => new Promise<void>((resolve) => waiting.set(what, resolve)),
  }
}
