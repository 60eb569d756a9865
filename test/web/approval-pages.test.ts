import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { holdMessage } from '../support/test-approvals.ts'
import { keys, signIn, testServer } from './test-server.ts'

async function stage(options: Parameters<typeof testServer>[0] = {}) {
  const test = testServer(options)
  const { approvals } = test.services
  const open = await approvals.opened()
  const hold = (over: Parameters<typeof holdMessage>[1] = {}) => holdMessage(open, over)
  const pathOf = (id: string) => new URL(open.linkOf(id).reveal()).pathname
  return { ...test, test, open, hold, pathOf, sent: approvals.sent }
}

describe('the page behind the link of a notice', () => {
  it('shows sender, recipients, subject and size, and nothing of the text, to whoever has it', async () => {
    const { get, hold, pathOf } = await stage()
    const recipients = ['you@example.net', '<b>@example.net']
    const page = await get(pathOf(await hold({ recipients }))).expect(200)
    for (const shown of [
      'me@example.com',
      'you@example.net',
      '&lt;b&gt;@example.net',
      'Grüße',
      '81 B',
      'agent',
    ])
      expect(page.text).toContain(shown)
    expect(page.text).not.toContain('what it says')
    expect(page.headers['cache-control']).toContain('no-store')
  })

  it.each([
    ['me@example.com', undefined],
    ['<Me@Example.com>', undefined],
    ['The Boss <boss@example.com>', 'The Boss &lt;boss@example.com&gt;'],
    // Most mail programs show the name alone.
    ['The Boss <me@example.com>', 'The Boss &lt;me@example.com&gt;'],
    ['me@example.com\r\nFrom: boss@example.com', 'me@example.com + boss@example.com'],
  ])('names a sender that the message shows beside its own: %j', async (from, shown) => {
    const { get, hold, pathOf } = await stage()
    const page = await get(pathOf(await hold({ text: `From: ${from}\r\nSubject: x\r\n\r\n` })))
    const name = 'Sender that is shown</dt><dd>'
    if (shown === undefined) expect(page.text).not.toContain(name)
    else expect(page.text).toContain(`${name}${shown}</dd>`)
  })

  it('does nothing when it is only looked at, however often', async () => {
    const { test, get, hold, pathOf, open, sent } = await stage()
    const path = pathOf(await hold())
    for (const _ of [1, 2, 3]) await get(path).expect(200)
    await get(`${path}?decision=approve`).expect(200)
    await test.post(path).expect(303)
    expect([sent.length, (await open.list())[0]?.state]).toEqual([0, 'waiting'])
  })

  it('sends it once, and then only says so', async () => {
    const { test, get, hold, pathOf, open, sent, lines } = await stage()
    const path = pathOf(await hold())
    await test.post(path, { decision: 'approve' }).expect(303).expect('Location', path)
    await test.post(path, { decision: 'approve' }).expect(303)
    await test.post(path, { decision: 'refuse' }).expect(303)
    expect(sent).toHaveLength(1)
    const page = await get(path).expect(200)
    expect(page.text).toContain('The message was sent')
    expect(page.text).not.toMatch(/Grüße|<form/)
    expect((await open.list())[0]).toMatchObject({ state: 'sent', decidedBy: 'approval link' })
    expect(lines.join('')).not.toContain(path.split('.').at(-1))
  })

  it('refuses it', async () => {
    const { test, get, hold, pathOf, sent } = await stage()
    const path = pathOf(await hold())
    await test.post(path, { decision: 'refuse' }).expect(303)
    expect((await get(path)).text).toContain('The message was refused')
    expect(sent).toEqual([])
  })

  it('shows what the provider said when it has to wait on', async () => {
    const { test, get, hold, pathOf, services } = await stage()
    services.approvals.trouble.push(failure('sign-in.ended', { code: 'provider-unavailable' }))
    const path = pathOf(await hold())
    await test.post(path, { decision: 'approve' }).expect(303)
    const page = await get(path)
    expect(page.text).toContain('Send this message?')
    expect(page.text).toContain('Not sent because')
  })

  it('counts a wrong link as a guess, and takes no form of another site', async () => {
    const { test, get, hold, pathOf, sent } = await stage()
    const path = pathOf(await hold())
    await get(`${path.slice(0, -1)}!`).expect(404)
    await test.post(path, { decision: 'approve' }).set('Origin', 'https://evil.example').expect(403)
    expect(sent).toEqual([])
  })

  it('speaks Japanese', async () => {
    const { get, hold, pathOf } = await stage()
    const page = await get(pathOf(await hold())).set('Accept-Language', 'ja')
    expect(page.text).toContain('このメッセージを送信しますか')
  })
})

describe('the pages for administrators', () => {
  it('the list has those that wait, with a badge on the overview', async () => {
    const { test, get, hold } = await stage()
    const { cookie } = await signIn(test)
    expect((await get('/').set('Cookie', cookie)).text).not.toContain('wait for approval')
    expect((await get('/approvals').set('Cookie', cookie)).text).toContain('No message waits')
    await hold()
    expect((await get('/').set('Cookie', cookie)).text).toContain('1 message waits for approval')
    const id = await hold({ recipients: ['one@example.net', 'two@example.net'] })
    expect((await get('/').set('Cookie', cookie)).text).toContain('2 messages wait for approval')
    const list = await get('/approvals').set('Cookie', cookie).expect(200)
    expect(list.text).toContain(`/approvals/${id}`)
    expect(list.text).toMatch(/one@example.net.*and 1 more/s)
  })

  it.each([
    ['approve', 'The message was sent', 1],
    ['refuse', 'The message was refused', 0],
  ])('an administrator decides: %s', async (decision, words, count) => {
    const { test, get, hold, sent, open } = await stage()
    const { cookie, csrf } = await signIn(test)
    const id = await hold()
    const page = await get(`/approvals/${id}`).set('Cookie', cookie)
    expect(page.text).toContain('name="decision" value="approve"')
    const answer = await test.post(`/approvals/${id}`, { csrf, decision }).set('Cookie', cookie).expect(303)
    const next = await test.follow(answer, cookie)
    expect(next.text).toContain(words)
    expect(next.text).not.toContain('name="decision"')
    expect([sent.length, (await open.show(id)).decidedBy]).toEqual([count, 'administrator'])
  })

  it('says why it was not sent', async () => {
    const { test, hold, services } = await stage()
    services.approvals.trouble.push(failure('sign-in.ended'))
    const { cookie, csrf } = await signIn(test)
    const id = await hold()
    const answer = await test.post(`/approvals/${id}`, { csrf, decision: 'approve' }).set('Cookie', cookie)
    expect((await test.follow(answer, cookie)).text).toMatch(/role="alert".*has ended/s)
  })

  it('a viewer sees, and decides nothing; nor does a form without its token', async () => {
    const { test, get, hold, sent } = await stage()
    const id = await hold()
    const { cookie, csrf } = await signIn(test, 'viewer')
    const page = await get(`/approvals/${id}`).set('Cookie', cookie).expect(200)
    expect(page.text).not.toContain('name="decision"')
    await test.post(`/approvals/${id}`, { csrf, decision: 'approve' }).set('Cookie', cookie).expect(403)
    const admin = await signIn(test)
    await test.post(`/approvals/${id}`, { decision: 'approve' }).set('Cookie', admin.cookie).expect(403)
    await get(`/approvals/${id}`).expect(401)
    expect(sent).toEqual([])
  })

  it('what is not there is said to be not there', async () => {
    const { test, get } = await stage()
    const { cookie } = await signIn(test)
    await get('/approvals/0123456789abcdef').set('Cookie', cookie).expect(404)
  })
})

describe('the API', () => {
  it('a sender asks what became of its own messages, and of no others', async () => {
    const { test, hold, open } = await stage()
    const own = await hold({ apiKey: 'key-that-sends' })
    const other = await hold({ apiKey: 'another-key' })
    const { body } = await test.api('get', `/messages/${own}`, keys.send).expect(200)
    expect(body).toMatchObject({ id: own, state: 'waiting', url: `/api/v1/messages/${own}` })
    expect(JSON.stringify(body)).not.toContain(new URL(open.linkOf(own).reveal()).pathname)
    await test.api('get', `/messages/${other}`, keys.send).expect(404)
    await test.api('get', `/messages/${other}`, keys.admin).expect(200)
  })

  it('an administrator lists, shows and decides; nobody else does', async () => {
    const { test, hold, sent } = await stage()
    const [one, two] = [await hold(), await hold()]
    const list = await test.api('get', '/approvals', keys.admin).expect(200)
    expect(list.body.messages.map(({ id }: { id: string }) => id).sort()).toEqual([one, two].sort())
    for (const key of [keys.send, keys.read, keys.token]) {
      await test.api('get', '/approvals', key).expect(403)
      await test.api('post', `/approvals/${one}/decisions`, key).send({ decision: 'approve' }).expect(403)
    }
    const decide = (id: string, decision: string) =>
      test.api('post', `/approvals/${id}/decisions`, keys.admin).send({ decision })
    expect((await decide(one, 'approve').expect(200)).body).toMatchObject({
      state: 'sent',
      reply: { code: 250 },
    })
    expect((await decide(two, 'refuse').expect(200)).body).toMatchObject({ state: 'refused' })
    expect((await decide(one, 'refuse').expect(409)).body).toMatchObject({ failure: 'approval.over' })
    expect((await decide(one, 'perhaps').expect(400)).body).toMatchObject({
      failure: 'web.request-not-right',
    })
    await decide('0123456789abcdef', 'approve').expect(404)
    expect(sent).toHaveLength(1)
  })
})
