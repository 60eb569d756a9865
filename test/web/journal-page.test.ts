import { describe, expect, it } from 'vitest'
import { journalEvents } from '../../src/journal/events.ts'
import { eventWords } from '../../src/web/pages/journal-words.ts'
import { signIn, testServer } from './test-server.ts'

const sent = {
  event: 'message.sent',
  client: '192.0.2.7',
  login: 'hall',
  mailbox: 'me@example.com',
  sender: 'me@example.com',
  recipients: 2,
  code: 250,
  reply: '2.0.0 OK',
  milliseconds: 240,
}

async function pageWith(fill: (test: ReturnType<typeof testServer>) => void, path = '/journal') {
  const test = testServer()
  fill(test)
  const { cookie } = await signIn(test)
  const { text, status } = await test.get(path).set('Cookie', cookie)
  const entries = [...text.matchAll(/<li>\s*<p><time[^>]*>([^<]*)<\/time> <strong>([^<]*)</g)]
  return { test, cookie, text, status, events: entries.map(([, , event]) => event) }
}

describe('the page of the journal', () => {
  it('the page shows events in words, newest first', async () => {
    const { text, events } = await pageWith(({ log }) => {
      log.info(sent, 'message sent')
      log.warn({ ...sent, event: 'message.refused', code: 550, reply: '5.7.1 No' }, 'refused')
    })
    expect(events.slice(-2)).toEqual(['Message refused by the provider', 'Message sent'])
    expect(text).toContain('Mailbox: me@example.com · Login: hall · From: 192.0.2.7 · 0.24 s')
    expect(text).toContain('sender: me@example.com · recipients: 2 · reply: 5.7.1 No')
  })

  it('the page filters the entries, and keeps the filters in the form', async () => {
    const { text, events } = await pageWith(({ log }) => {
      log.info(sent, 'message sent')
      log.info({ ...sent, login: 'other' }, 'message sent')
      log.warn({ ...sent, event: 'message.failed' }, 'message not sent')
    }, '/journal?login=hall&outcome=done&kind=send&since=2026-03-01&until=2026-03-01&mailbox=ME@example.com')
    expect(events).toEqual(['Message sent'])
    expect(text).toContain('<option value="done" selected>done</option>')
    expect(text).toContain('name="since" value="2026-03-01"')
  })

  it('the page says what is wrong with a filter, and shows the form again', async () => {
    const { status, text } = await pageWith(() => {}, '/journal?since=yesterday')
    expect(status).toBe(400)
    expect(text).toContain('is not a time that postern can read')
    expect(text).toContain('Choose what is shown')
  })

  it('the page links to older entries, and back', async () => {
    const { test, cookie, text } = await pageWith(({ log }) => {
      for (let count = 0; count < 130; count += 1) log.info({ ...sent, octets: count }, 'message sent')
    }, '/journal?kind=send')
    expect(text.match(/<li>\s*<p>/g)).toHaveLength(100)
    const older = /href="([^"]*)">Older ones/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(older).toMatch(/^\/journal\?kind=send&before=[0-9a-f]{24}$/)
    const second = (await test.get(older).set('Cookie', cookie)).text
    expect(second.match(/<li>\s*<p>/g)).toHaveLength(30)
    expect(second).toContain('octets: 0<')
    expect(second).toContain('href="/journal?kind=send">The newest')
    expect(second).not.toContain('Older ones')
    // Only the newest change.
    expect([text.includes('data-live'), second.includes('data-live')]).toEqual([true, false])
  })

  it('the page plots messages, refusals and waiting time of the last day and week', async () => {
    const { text } = await pageWith(({ log, time }) => {
      log.info(sent, 'message sent')
      time.now += 3_600_000
      log.info({ ...sent, milliseconds: 440 }, 'message sent')
      log.warn({ ...sent, event: 'message.refused' }, 'refused')
    })
    expect(text).toContain(
      '<strong>Last day</strong> 2 sent, 1 refused or failed; 0.34 s to send one, on average',
    )
    expect(text).toContain('<strong>Last week</strong> 2 sent, 1 refused or failed')
    expect(text).toContain('<title>2026-03-01 01:00 UTC: 1 sent, 1 refused or failed</title>')
    expect(text.match(/<svg viewBox="0 0 300/g)).toHaveLength(4)
    expect(text.match(/<rect class="refused"/g)).toHaveLength(2)
    expect(text).not.toMatch(/style=|NaN|undefined/)
  })

  it('the page shows the journal to signed-in people only, viewers included', async () => {
    const test = testServer()
    expect((await test.get('/journal')).status).toBe(401)
    const { cookie } = await signIn(test, 'viewer')
    expect((await test.get('/journal').set('Cookie', cookie)).status).toBe(200)
  })

  it('the page has words for every event of the journal', () => {
    expect(Object.keys(eventWords).sort()).toEqual(Object.keys(journalEvents).sort())
  })
})

describe('consent links on a page', () => {
  it('the page lists consent links without their secret, and revokes them', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const { text } = await test.get('/consent-links').set('Cookie', cookie)
    expect(text).toContain(
      '<a href="/mailboxes/me%40example.com">me@example.com</a> <span class="state active">open<',
    )
    const revoked = await test.post('/consent-links/link-1/revoke', { csrf }).set('Cookie', cookie)
    expect([revoked.status, revoked.headers.location]).toEqual([303, '/consent-links'])
    expect(test.services.consent.revoked).toBe(true)
  })

  it('the page lets no viewer revoke a consent link', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test, 'viewer')
    expect((await test.get('/consent-links').set('Cookie', cookie)).text).not.toContain('Revoke')
    expect((await test.post('/consent-links/link-1/revoke', { csrf }).set('Cookie', cookie)).status).toBe(403)
    expect(test.services.consent.revoked).toBe(false)
  })
})
