import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command, type DemoMailbox } from '../../examples/demo/mailbox.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { setStage } from '../../examples/demo/stage.js'
import { startChromium } from '../support/chromium.ts'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { troubles } from '../support/inspect-page.ts'
import { sendMail } from '../support/mail-session.ts'
import { peer } from '../support/peer.ts'
import { newPostgresDatabase, onPostgres } from '../support/postgres-databases.ts'

const me = 'me@example.com'
const day = 86_400

interface Told {
  type: string
  data: { title: string; text: string; approvalLink?: { url: string } }
}

/** What people are told, as their webhook gets it. */
async function startReceiver() {
  const told: Told[] = []
  const receiver = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    told.push(JSON.parse(text))
    response.end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void receiver.close())
  const { port } = receiver.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    toldOf: (id: string, type: string) =>
      eventually(
        `${type} of ${id} is told`,
        () => told.find((one) => one.type === `postern.${type}` && one.data.text.includes(id)),
        // Where another process tells, it looks once a minute.
        onPostgres ? 90 : 60,
      ),
  }
}

/** A postern with an agent whose messages need approval; on PostgreSQL a second process beside it. */
async function setApprovals({ onMessage = () => {} }: { onMessage?: () => void } = {}) {
  const receiver = await startReceiver()
  const clockPort = await freePort()
  const env = {
    POSTERN_NOTIFY_WEBHOOK_URL: receiver.url,
    POSTERN_NOTIFY_WEBHOOK_SECRET: 'whsec_c2lnbnMgd2hhdCBpcyBzZW50IHRvIHRoZSByZWNlaXZlcg==',
    NODE_OPTIONS: `--import ${new URL('../support/moved-clock.js', import.meta.url)}`,
    MOVED_CLOCK_PORT: String(clockPort),
    ...(onPostgres && {
      POSTERN_DATABASE_URL: await newPostgresDatabase('nothing'),
      POSTERN_KEY: randomBytes(32).toString('base64'),
    }),
  }
  const stage = await setStage({ env, onMessage })
  onTestFinished(() => stage.close())
  const account = await consentedMailbox(stage.postern, me)
  const added = await command(stage.postern, 'login', 'add', me, '--user', 'agent', '--approve')
  const agent: DemoMailbox = { ...account, user: 'agent', password: added.password }
  const { key } = await command(stage.postern, 'api-key', 'add', '--scope', `send:${me}`, '--approve')
  const other = onPostgres ? await startOther(stage.process, await freePort()) : undefined

  return {
    ...{ stage, receiver, agent },
    /** Who decides: another process than the one that holds, where there is one. */
    decider: other ?? stage.postern,
    loginId: added.login.id as string,
    /** Hands a message in by SMTP; gives its id. */
    async submit(pieces?: string[]): Promise<string> {
      const { message = '' } = await sendMail(stage.process.smtpPort, agent, pieces ? { pieces } : {})
      expect(message).toMatch(/^250 2\.0\.0 Held for approval as [0-9a-f]{16}: .* \[postern:HELD\]$/)
      return /[0-9a-f]{16}/.exec(message)?.[0] ?? ''
    },
    async api(path: string, message?: object, headers: Record<string, string> = {}) {
      const response = await fetch(`${stage.postern.url}${path}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        ...(message && { method: 'POST', body: JSON.stringify(message) }),
      })
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as { id: string; url: string },
      }
    },
    async wait(seconds: number) {
      await fetch(`http://127.0.0.1:${clockPort}`, { method: 'POST', body: String(seconds) })
    },
    stateOf: async (id: string) => (await command(stage.postern, 'approvals', 'show', id)).state,
    async events() {
      const { entries } = await command(stage.postern, 'journal', '--limit', '100')
      return (entries as { event: string }[]).map(({ event }) => event)
    },
    received: () => stage.mailProvider.messages,
  }
}

async function startOther(process: Parameters<typeof startPostern>[0], clockPort: number): Promise<Postern> {
  const other = await startPostern({
    ...process,
    dataDir: `${process.dataDir}-2`,
    smtpPort: await freePort(),
    webPort: await freePort(),
    env: { ...process.env, MOVED_CLOCK_PORT: String(clockPort) },
  })
  onTestFinished(async () => void (await other.stop()))
  return other
}

/** Opens the link as a person does, and presses a button. */
async function press(url: string, at: Postern, button: 'Send' | 'Refuse'): Promise<string> {
  const here = `${at.url}${new URL(url).pathname}`
  if (!peer('chromium')) {
    const decision = button === 'Send' ? 'approve' : 'refuse'
    const body = new URLSearchParams({ decision })
    const answer = await fetch(here, { method: 'POST', body, headers: { origin: at.url } })
    return answer.text()
  }
  const browser = await startChromium()
  try {
    const page = await (await browser.newContext({ viewport: { width: 320, height: 640 } })).newPage()
    await page.goto(here)
    expect(await troubles(page)).toEqual([])
    expect(await page.innerText('main')).toContain('somebody@example.com')
    await Promise.all([page.waitForNavigation(), page.click(`main button:text-is("${button}")`)])
    expect(await troubles(page)).toEqual([])
    return await page.innerText('main')
  } finally {
    await browser.close()
  }
}

it('a message of a login that needs approval leaves once somebody has approved it, and not before', async () => {
  const { submit, receiver, decider, received, stateOf, events, stage } = await setApprovals()
  const text = 'From: Agent <me@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n..\r\nbody\r\n'
  const id = await submit([text])
  const { data } = await receiver.toldOf(id, 'approval-needed')
  const url = data.approvalLink?.url ?? ''
  expect(data.text).not.toContain('Grüße')
  for (const _ of [1, 2]) expect((await fetch(url)).status).toBe(200)
  expect([received().length, await stateOf(id)]).toEqual([0, 'waiting'])

  expect(await press(url, decider, 'Send')).toContain('The message was sent')
  expect(received()).toMatchObject([{ sender: me, recipients: ['somebody@example.com'] }])
  // The client's dots were stuffed.
  expect(received()[0]?.raw.toString()).toBe(text.replace('..', '.'))
  const again = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'approve' }),
    headers: { origin: stage.postern.url },
  })
  expect(await again.text()).toContain('The message was sent')
  expect(received()).toHaveLength(1)
  await eventually('the journal has it', async () => {
    const found = await events()
    return ['message.held', 'approval.given', 'message.sent'].every((event) => found.includes(event))
  })
  const said = stage.postern.output()
  expect(said).not.toMatch(/Grüße|body/)
  expect(said).not.toContain(url.split('.').at(-1))
})

it('a message of a program is held, refused or not approved in time, and that is told', async () => {
  const { api, receiver, decider, received, stateOf, wait, loginId, submit } = await setApprovals()
  const message = { from: me, to: 'you@example.net', subject: 'Report', text: 'Done.' }
  const key = { 'idempotency-key': 'report-1' }
  const first = await api('/api/v1/messages', message, key)
  expect(first).toMatchObject({ status: 202, body: { state: 'waiting', subject: 'Report' } })
  expect(JSON.stringify(first.body)).not.toContain('/approve/')
  const replayed = await api('/api/v1/messages', message, key)
  expect([replayed.status, replayed.body, replayed.headers.get('idempotency-replayed')]).toEqual([
    202,
    first.body,
    'true',
  ])
  const { id, url } = first.body
  await command(decider, 'approvals', 'refuse', id)
  expect((await api(url)).body).toMatchObject({ state: 'refused', decidedBy: 'owner' })
  // The process that tells people may be another one: it looks each minute.
  await wait(60)
  await receiver.toldOf(id, 'approval-over')

  const late = (await api('/api/v1/messages', message)).body
  await receiver.toldOf(late.id, 'approval-needed')
  await wait(day + 60)
  await eventually('it expires', async () => (await stateOf(late.id)) === 'expired')
  expect((await receiver.toldOf(late.id, 'approval-over')).data.text).toContain('not approved in time')

  const ofRevoked = await submit()
  await command(decider, 'login', 'revoke', loginId)
  const { code, stderr } = await decider.cli('approvals', 'approve', ofRevoked)
  expect([code, stderr]).toEqual([1, expect.stringContaining('has ended')])
  expect(await stateOf(ofRevoked)).toBe('failed')
  expect(received()).toEqual([])
})

it('what was on its way when postern was killed is never sent again, and told as not known', {
  timeout: 240_000,
}, async () => {
  let kill: () => unknown = () => {}
  const { submit, receiver, received, stage, stateOf, wait } = await setApprovals({
    onMessage: () => kill(),
  })
  const id = await submit()
  await receiver.toldOf(id, 'approval-needed')
  kill = () => stage.postern.kill()
  await stage.postern.cli('approvals', 'approve', id)
  await stage.postern.exited
  kill = () => {}
  stage.postern = await startPostern(stage.process)
  expect(await stateOf(id)).toBe('sending')
  // On PostgreSQL another process might still be sending it.
  await wait(onPostgres ? 3_660 : 60)
  await eventually('it is given up', async () => (await stateOf(id)) === 'unknown')
  await receiver.toldOf(id, 'approval-over')
  const { code } = await stage.postern.cli('approvals', 'approve', id)
  expect([code, received().length]).toEqual([1, 1])
})
