import type { Response } from 'supertest'
import { describe, expect, it } from 'vitest'
import { recipientsBeside } from '../../src/base/log.ts'
import { journalEvents } from '../../src/journal/events.ts'
import { eventWords } from '../../src/web/pages/journal-words.ts'
import { say } from '../../src/wire/reply.ts'
import { signIn, testServer } from './test-server.ts'

const sent = {
  event: 'message.sent',
  source: '192.0.2.7',
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
  const { cookie, csrf } = await signIn(test)
  const { text, status } = await test.get(path).set('Cookie', cookie)
  return { test, cookie, csrf, text, status, rows: rowsOf(text) }
}

/** supertest would take JSON lines for one JSON text. */
function asText(response: Response, done: (error: null, body: string) => void): void {
  let text = ''
  response.on('data', (piece: Buffer) => {
    text += piece.toString()
  })
  response.on('end', () => done(null, text))
}

/** The cells of the entries, without what opens below them. */
function rowsOf(page: string): string[][] {
  const [, body = ''] = /<table[^>]* id="entries".*?<tbody[^>]*>(.*?)<\/tbody>/s.exec(page) ?? []
  return body
    .split('</tr>')
    .slice(0, -1)
    .map((row) => row.split('</td>').slice(0, -1).map(wordsOf))
}

function wordsOf(cell: string): string {
  return cell
    .replace(/<\/summary>.*/s, '')
    .replace(/<[^>]*>/g, '')
    .trim()
}

const refusedForAnna = [{ recipient: 'bob@example.org' }, { recipient: 'anna@customer.example' }]
const annaRefused = {
  ...sent,
  recipients: 1,
  [recipientsBeside]: { asked: refusedForAnna, replies: [say(250, 'OK'), say(550, '5.1.1 No such user')] },
}

describe('the page of what happened', () => {
  it('each entry is one line: when, what, mailbox, login and the most telling of it', async () => {
    const { rows, text } = await pageWith(({ log }) => {
      log.info(sent, 'message sent')
      log.warn({ ...sent, event: 'message.refused', code: 550, reply: '5.7.1 No' }, 'refused')
    })
    expect(rows.slice(-2).map((row) => row.slice(1))).toEqual([
      ['Message refused by the provider', 'me@example.com', 'hall', '550 5.7.1 No'],
      ['Message sent', 'me@example.com', 'hall', 'Recipients: 2'],
    ])
    expect(text).toContain('<span class="badge bad">Message refused by the provider</span>')
    expect(text).toContain('<span class="badge good">Message sent</span>')
    expect(text).toContain('<dt>Provider&#39;s answer</dt><dd><code>550 5.7.1 No</code></dd>')
    expect(text).toContain('<dt>Took</dt><dd>0.24 s</dd>')
  })

  it('details are said in words: no names of the API, nothing that is not so, sizes and times as people write them', async () => {
    const { text } = await pageWith(({ log }) => {
      log.info({ ...sent, octets: 22, milliseconds: 3 }, 'message sent')
      log.info(
        {
          event: 'login.added',
          userName: 'hall',
          mailboxes: ['me@example.com'],
          networks: [],
          cramMd5: false,
          by: 'owner',
        },
        'Login added',
      )
      log.info(
        { event: 'page.signed-in', by: 'administrator', means: 'link', source: '192.0.2.7' },
        'signed in',
      )
      log.warn(
        {
          event: 'sign-in.refused',
          login: 'hall',
          reason: 'wrong-credentials',
          detail: 'Wrong user name or password',
        },
        'refused',
      )
    })
    for (const fact of [
      '<dt>size</dt><dd>22 B</dd>',
      '<dt>Took</dt><dd>less than 0.01 s</dd>',
      '<dt>with</dt><dd>one-time link</dd>',
      '<dt>By</dt><dd>the command, on this machine</dd>',
      '<summary>Wrong user name or password</summary>',
      '<span class="badge warn">Sign-in refused</span>',
    ])
      expect(text).toContain(fact)
    expect(text).not.toMatch(/cramMd5|octets|adopted|false|wrong-credentials|refused refused|0\.00 s/)
  })

  it('what went wrong is in the language of the reader, where its id says all of it', async () => {
    const test = testServer()
    const wrong = {
      event: 'sign-in.refused',
      mailboxes: ['me@example.com'],
      login: 'hall',
      failure: 'sign-in.wrong',
    }
    test.log.warn({ ...wrong, detail: 'Wrong user name or password' }, 'sign-in refused')
    const { cookie } = await signIn(test)
    const { text } = await test.get('/journal').set({ Cookie: cookie, 'Accept-Language': 'ja' })
    expect(text).toContain('ユーザー名またはパスワードが違います')
    expect(text).not.toContain('Wrong user name')
  })

  it('a recipient who was refused is named in the line, with what the provider said, and found by a part of the address', async () => {
    const { rows, text } = await pageWith(({ log }) => {
      log.info(annaRefused, 'message sent')
      log.info(sent, 'message sent')
    }, '/journal?recipient=anna@')
    expect(rows.map((row) => [row[1], row[4]])).toEqual([
      ['Message sent, but not to all', 'anna@customer.example: 550 5.1.1 No such user'],
    ])
    expect(text).toContain('<span class="badge warn">Message sent, but not to all</span>')
    expect(text).toContain(
      '<dt>Refused for</dt><dd>anna@customer.example: <code>550 5.1.1 No such user</code>',
    )
  })

  it('of many recipients a page names twenty, and says how many more there were', async () => {
    const asked = Array.from({ length: 70 }, (_, index) => ({ recipient: `recipient-${index}@example.org` }))
    const { text } = await pageWith(({ log }) => {
      log.warn({ ...sent, event: 'message.failed', [recipientsBeside]: { asked, replies: [] } }, 'not sent')
    })
    expect(text).toContain('recipient-19@example.org<br>and 50 more')
  })

  it('the page filters the entries, and keeps the filters in the open form', async () => {
    const { rows, text } = await pageWith(({ log }) => {
      log.info(sent, 'message sent')
      log.info({ ...sent, login: 'other' }, 'message sent')
      log.warn({ ...sent, event: 'message.failed' }, 'message not sent')
    }, '/journal?login=hall&outcome=done&kind=send&period=today&mailbox=ME@')
    expect(rows.map((row) => row[1])).toEqual(['Message sent'])
    expect(text).toContain('<option value="done" selected>done</option>')
    expect(text).toContain('<option value="today" selected>today</option>')
    expect(text).toContain(
      'name="mailbox" maxlength="254" autocomplete="off" placeholder="any part" list="known-mailbox" value="ME@"',
    )
    expect(text.indexOf('role="search"')).toBeLessThan(text.indexOf('id="activity"'))
  })

  it('a period is so long ago, or a day by its word and no more; certain days open their fields', async () => {
    const test = testServer()
    test.time.now += 20 * 3_600_000
    test.log.info({ ...sent, login: 'yesterday' }, 'message sent')
    test.time.now += 5 * 3_600_000
    test.log.info({ ...sent, login: 'today' }, 'message sent')
    const { cookie } = await signIn(test)
    const logins = async (query: string) => {
      const { text } = await test.get(`/journal?kind=send&${query}`).set('Cookie', cookie)
      return rowsOf(text).map((row) => row[3])
    }
    expect(await logins('period=yesterday')).toEqual(['yesterday'])
    expect(await logins('period=today')).toEqual(['today'])
    expect(await logins('period=1h')).toEqual(['today'])
    expect(await logins('period=24h')).toEqual(['today', 'yesterday'])
    expect(await logins('since=2026-03-01&until=2026-03-01')).toEqual(['yesterday'])
    const { text } = await test.get('/journal?since=2026-03-01').set('Cookie', cookie)
    expect(text).toMatch(/<details open>\s*<summary>Certain days/)
  })

  it('the page says that nothing was found, and leads to everything', async () => {
    const { text, status } = await pageWith(() => {}, '/journal?mailbox=zzz')
    expect(status).toBe(200)
    expect(text).toContain('<p>Nothing found.</p>')
    expect(text).toContain('<a href="/journal">Show everything</a>')
  })

  it('the page says what is wrong with a filter, and shows the form again', async () => {
    const { status, text } = await pageWith(() => {}, '/journal?since=tomorrow')
    expect(status).toBe(400)
    expect(text).toContain('is not a time that postern can read')
    expect(text).toContain('name="mailbox"')
    expect(text).not.toContain('Nothing found')
  })

  it('the page links to older entries, and back, with the filters', async () => {
    const { test, cookie, text, rows } = await pageWith(({ log }) => {
      for (let count = 0; count < 80; count += 1) log.info({ ...sent, octets: count }, 'message sent')
    }, '/journal?kind=send&period=24h')
    expect(rows).toHaveLength(40)
    const older = /href="([^"]*)" rel="next">Older ones/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(older).toMatch(/^\/journal\?kind=send&before=[0-9a-f]{24}&period=24h$/)
    const second = (await test.get(older).set('Cookie', cookie)).text
    expect(second.match(/class="entry"/g)).toHaveLength(40)
    expect(second).toContain('<dd>0 B</dd>')
    expect(second).toContain('href="/journal?kind=send&amp;period=24h" rel="first">The newest')
    expect(second).not.toContain('Older ones')
    // Only the newest change.
    expect([text.includes('data-live'), second.includes('data-live')]).toEqual([true, false])
  })

  it('a full page of long entries is below 60 KB', async () => {
    const { text } = await pageWith(({ log }) => {
      for (let count = 0; count < 60; count += 1)
        log.warn(
          {
            ...annaRefused,
            ...{
              octets: 123_456,
              session: '3fa2-1c',
              transaction: 3,
              provider: 'microsoft',
              event: 'message.refused',
            },
            ...{
              waitingMilliseconds: 1,
              providerMilliseconds: 2,
              reply: '5.7.1 Client was not authenticated',
            },
          },
          'message refused',
        )
    })
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
  })

  it('the day has bars with a scale, marks of hours, a legend, and its numbers in a table', async () => {
    const { text } = await pageWith(({ log, time }) => {
      log.info(sent, 'message sent')
      time.now += 3_600_000
      log.info({ ...sent, milliseconds: 440 }, 'message sent')
      log.warn({ ...sent, event: 'message.refused' }, 'refused')
    })
    expect(text).toContain(
      '<strong>Last 24 hours</strong> 2 sent, 1 refused or failed; 0.34 s to send one, on average.',
    )
    expect(text).toContain('Last 7 days: 2 sent, 1 refused or failed')
    expect(text).toContain('<span class="scale"><span>2</span><span>0</span></span>')
    expect(text).toContain(
      '<span>24 h ago</span><span>18 h ago</span><span>12 h ago</span><span>6 h ago</span><span>now</span>',
    )
    expect(text.match(/<rect class="sent"/g)).toHaveLength(2)
    expect(text.match(/<rect class="refused"/g)).toHaveLength(1)
    const table = text.slice(text.indexOf('Numbers by the hour'), text.indexOf('</figure>'))
    expect(
      [...table.matchAll(/<tr role="row">.*?<\/tr>/gs)].map(([row]) => row.replace(/<[^>]*>/g, ' ').trim()),
    ).toHaveLength(3)
    expect(text).not.toMatch(/style=|NaN|undefined/)
  })

  it('a bar and its number lead to what happened in that hour, and the page says so', async () => {
    const { test, cookie, text } = await pageWith(({ log, time }) => {
      log.info({ ...sent, mailbox: 'earlier@example.com' }, 'message sent')
      time.now += 2 * 3_600_000
      log.info({ ...sent, mailbox: 'later@example.com' }, 'message sent')
    })
    const [, table = ''] = text.split('Numbers by the hour')
    const [, latest = ''] = /<a href="([^"]*)"/.exec(table) ?? []
    expect(text.split(`href="${latest}"`)).toHaveLength(3)
    const hour = await test.get(latest.replaceAll('&amp;', '&')).set('Cookie', cookie)
    const rows = hour.text.slice(hour.text.indexOf('id="entries"'))
    expect(rows).toContain('later@example.com')
    expect(rows).not.toContain('earlier@example.com')
    expect(hour.text.replace(/<[^>]*>/g, '')).toMatch(/Only from \d{4}-\d\d-\d\d \d\d:00\D* to .*:59/)
    expect(hour.text).toContain('<a href="/journal">Show all</a>')
  })

  it('an empty day has no bars', async () => {
    const { text } = await pageWith(() => {})
    expect(text).toContain('<strong>Last 24 hours</strong> 0 sent, 0 refused or failed.')
    expect(text).not.toContain('<rect')
  })

  it('the page shows the journal to signed-in people only, viewers included', async () => {
    const test = testServer()
    expect((await test.get('/journal')).status).toBe(401)
    const { cookie } = await signIn(test, 'viewer')
    expect((await test.get('/journal').set('Cookie', cookie)).status).toBe(200)
  })

  it('what the filters find is downloaded, all pages of it, as JSON lines or for a spreadsheet', async () => {
    const { test, cookie, text } = await pageWith(({ log }) => {
      for (let count = 0; count < 700; count += 1) log.info(sent, 'message sent')
    }, '/journal?kind=send&period=24h')
    const links = [...text.matchAll(/href="(\/journal\/export[^"]*)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    )
    expect(links).toEqual([
      '/journal/export?kind=send&period=24h&format=jsonl',
      '/journal/export?kind=send&period=24h&format=csv',
    ])
    const [lines, csv] = await Promise.all(
      links.map((href) => test.get(href).set('Cookie', cookie).buffer(true).parse(asText)),
    )
    expect(lines?.headers['content-disposition']).toBe('attachment; filename=postern-journal.jsonl')
    const entries = String(lines?.body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries).toHaveLength(700)
    expect(new Set(entries.map(({ event }) => event))).toEqual(new Set(['message.sent']))
    expect(csv?.headers['content-type']).toContain('text/csv')
    expect(String(csv?.body).split('\r\n')).toHaveLength(702)
    expect((await test.get('/journal/export?since=tomorrow').set('Cookie', cookie)).status).toBe(400)
    expect((await test.get('/journal/export')).status).toBe(401)
  })

  it('an administrator has it checked that nothing was changed, and a viewer has not', async () => {
    const { test, cookie, csrf } = await pageWith(({ log }) => log.info(sent, 'message sent'))
    const checked = await test.post('/journal/verification', { csrf }).set('Cookie', cookie)
    expect(checked.status).toBe(303)
    const { text } = await test.follow(checked, cookie)
    expect(text).toContain('<h1>Nothing was changed</h1>')
    expect(text).toMatch(/All \d entries are there, as they were written and in their order\./)
    expect(text).toContain('The oldest is of <time datetime="2026-03-01T00:00:00.000Z"')
    const viewer = await signIn(test, 'viewer')
    expect((await test.get('/journal').set('Cookie', viewer.cookie)).text).not.toContain('Check that nothing')
    const refused = await test
      .post('/journal/verification', { csrf: viewer.csrf })
      .set('Cookie', viewer.cookie)
    expect(refused.status).toBe(403)
  })

  it('the check says which entry is the first that is wrong, in either language', async () => {
    const { test, cookie, csrf } = await pageWith(() => {})
    const id = `${test.time.now.toString(16).padStart(12, '0')}${'0'.repeat(12)}`
    test.services.journal.verify = async () => ({
      entries: 9,
      since: test.time.now,
      faults: [
        { what: 'changed', id },
        { what: 'missing', entries: 2, before: id },
        { what: 'ends-changed' },
      ],
    })
    const checked = await test.post('/journal/verification', { csrf }).set('Cookie', cookie)
    const { text } = await test.follow(checked, cookie)
    expect(text).toContain('<h1>The journal was changed</h1>')
    expect(text).toMatch(
      /<ol><li>The entry of <time datetime="2026-03-01T00:00:00\.000Z"[^>]*>[^<]*<\/time> does not say what was written/,
    )
    expect(text).toMatch(/2 entries were removed before that of/)
    expect(text).toContain('Find out who else can write in the data directory.')
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
      '<a href="/mailboxes/me%40example.com">me@example.com</a></td><td role="cell" class="side"><span class="badge warn">open<',
    )
    const revoked = await test.post('/consent-links/link-1/revoke', { csrf }).set('Cookie', cookie)
    expect([revoked.status, revoked.headers.location]).toEqual([303, '/consent-links'])
    expect(test.services.consent.revoked).toBe(true)
    expect((await test.follow(revoked, cookie)).text).toContain('The link is revoked')
  })

  it('the page lets no viewer revoke a consent link', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test, 'viewer')
    expect((await test.get('/consent-links').set('Cookie', cookie)).text).not.toContain('Revoke')
    expect((await test.post('/consent-links/link-1/revoke', { csrf }).set('Cookie', cookie)).status).toBe(403)
    expect(test.services.consent.revoked).toBe(false)
  })
})
