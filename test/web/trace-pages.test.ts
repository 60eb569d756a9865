import { describe, expect, it } from 'vitest'
import { say } from '../../src/wire/reply.ts'
import { signIn, type TestServer, testServer } from './test-server.ts'

async function stage(role: 'administrator' | 'viewer' = 'administrator') {
  const test = testServer()
  const { userName, id } = (
    await test.services.logins.add({
      mailboxes: ['me@example.com'],
      name: 'Printer 2nd floor',
      userName: 'hall',
    })
  ).login
  const { cookie, csrf } = await signIn(test, role)
  const path = `/logins/${id}/trace`
  const get = async (at = path) => (await test.get(at).set('Cookie', cookie)).text
  const post = (at = path, form: Record<string, string> = {}) =>
    test.post(at, { csrf, minutes: '10', ...form }).set('Cookie', cookie)
  return { test, cookie, path, userName, get, post }
}

/** A client that signs in and says so many lines. */
function client(test: TestServer, userName: string, lines = 1) {
  const session = test.services.traces.session({
    session: '3fa2-1c',
    address: '192.0.2.7',
    hostname: 'postern',
  })
  session.heard(Buffer.from('EHLO printer'))
  session.said(say(250, 'postern <greets>'))
  session.signsIn(userName)
  for (let count = 0; count < lines; count += 1) session.heard(Buffer.from('NOOP'))
  return session
}

describe('the page that records a login', () => {
  it('shows the dialogue while it goes on, and leads to it again from the login', async () => {
    const { test, path, userName, get, post } = await stage()
    expect(await get(path.replace('/trace', ''))).toContain(`href="${path}"`)
    expect(await get()).toContain('Start recording')
    const begun = await post()
    expect([begun.status, begun.headers.location]).toEqual([303, path])
    const empty = await get()
    expect(empty).toContain('Recording has started.')
    expect(empty).toContain('Nothing has come yet')
    client(test, userName)
    const text = await get()
    expect(text).toContain('<div id="trace" data-live>')
    expect(text).toMatch(/<pre tabindex="0" data-copy>.*3fa2-1c -- connected from 192\.0\.2\.7/)
    expect(text).toContain('S: 250 postern &lt;greets')
    expect(text).toContain('&lt;greets&gt;')
    // Loading it again takes nothing away.
    expect(await get()).toContain('S: 250 postern &lt;greets')
    expect(text).toContain(`<a class="button quiet" href="${path}">Load again</a>`)
  })

  it('is ended by a button, and can be read and copied for a while afterwards', async () => {
    const { test, path, userName, get, post } = await stage()
    await post()
    const session = client(test, userName)
    const ended = await post(`${path}/end`)
    expect([ended.status, ended.headers.location]).toEqual([303, path])
    session.heard(Buffer.from('QUIT'))
    const text = await get()
    expect(text).toContain('The recording was ended.')
    expect(text).toContain('C: NOOP')
    expect(text).not.toContain('QUIT')
    expect(text).not.toContain('data-live')
    expect(text).toContain('Record again')
    test.time.monotonic += 14 * 60_000
    expect(await get()).toContain('C: NOOP')
    test.time.monotonic += 2 * 60_000
    expect(await get()).toContain('Start recording')
  })

  it('ends by itself, whether or not somebody looks', async () => {
    const { test, userName, get, post } = await stage()
    await post()
    client(test, userName)
    test.time.monotonic += 10 * 60_000
    expect(await get()).toContain('The time of the recording is over.')
    expect(test.services.traces.isOn).toBe(false)
  })

  it('replaces addresses and names where that is asked for', async () => {
    const { test, userName, get, post } = await stage()
    await post(undefined, { mask: 'yes' })
    client(test, userName)
    const text = await get()
    expect(text).toContain('connected from')
    expect(text).not.toContain('192.0.2.7')
  })

  it('shows the last lines of a long dialogue, and gives all of them as a file', async () => {
    const { test, cookie, path, userName, get, post } = await stage()
    await post()
    client(test, userName, 1000)
    const text = await get()
    expect(text).toContain('The last 250 of 1003 lines; the others are in the file.')
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
    const file = await test.get(`${path}/text`).set('Cookie', cookie)
    expect(file.headers['content-disposition']).toBe('attachment; filename=postern-trace.txt')
    expect(file.text.trimEnd().split('\n')).toHaveLength(1003)
  })

  it('says why it cannot begin, and starts anew for a login that is recorded already', async () => {
    const { test, get, post, path } = await stage()
    for (const name of ['a', 'b', 'c', 'd']) test.services.traces.begin({ login: name }, { name: 'owner' })
    await post()
    const again = await post()
    expect(again.headers.location).toBe(path)
    expect(test.services.traces.list()).toHaveLength(5)
    await post(`${path}/end`)
    test.services.traces.end(test.services.traces.list().at(-1)?.id ?? '')
    test.services.traces.begin({ login: 'e' }, { name: 'owner' })
    await post()
    expect(await get()).toContain('What to do')
  })

  it('is for administrators, and the journal says who recorded whom', async () => {
    const viewer = await stage('viewer')
    for (const path of [viewer.path, `${viewer.path}/text`])
      expect((await viewer.test.get(path).set('Cookie', viewer.cookie)).status).toBe(403)
    expect((await viewer.post()).status).toBe(403)
    expect((await viewer.post(`${viewer.path}/end`)).status).toBe(403)
    expect(await viewer.get('/logins')).not.toContain(viewer.path)
    const { test, post, cookie, get } = await stage()
    await post()
    const { entries } = await test.services.journal.list({ kind: 'change', login: 'hall' })
    expect(entries).toMatchObject([
      { event: 'trace.begun', login: 'hall', by: 'administrator', details: { minutes: 10 } },
    ])
    expect(await get('/journal')).toContain('Recording of a login started')
    expect((await test.get('/logins/unknown/trace').set('Cookie', cookie)).status).toBe(404)
  })
})
