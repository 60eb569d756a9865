import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { html } from '../../src/web/html.ts'
import {
  checkField,
  checksField,
  choiceField,
  refusedForm,
  textField,
} from '../../src/web/pages/form-parts.ts'
import { badge, checklist, day, time } from '../../src/web/pages/parts.ts'
import { paging, searchForm, table } from '../../src/web/pages/tables.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'

const t = phrasesIn('en')

describe('a time on a page', () => {
  it('it is for machines in UTC, and for people in the zone of the server, which is named', () => {
    expect(String(time('2026-03-01T12:00:00Z'))).toBe(
      '<time datetime="2026-03-01T12:00:00.000Z" data-ago>2026-03-01 12:00 UTC</time>',
    )
    expect(String(time(0))).toContain('>1970-01-01 00:00 UTC<')
    expect(String(day('2026-03-01T12:00:00Z'))).toBe('<time datetime="2026-03-01" data-ago>2026-03-01</time>')
  })

  it('it shows what is no time as it is', () => {
    expect(String(time('<soon>'))).toBe('&lt;soon&gt;')
  })
})

describe('a state', () => {
  it('it has words, and a class that gives it shape and colour', () => {
    expect(String(badge('warn', 'ends soon'))).toBe('<span class="badge warn">ends soon</span>')
  })

  it('steps say for a screen reader, too, how each came out, and how long it took', () => {
    const steps = String(
      checklist(
        [
          { condition: 'good', words: 'Reached', took: 1234 },
          { condition: 'bad', words: 'Signed in', more: html`<p>No.</p>` },
          { condition: 'off', words: 'Sent', took: 4 },
        ],
        t,
      ),
    )
    expect(steps.match(/<li class="(\w+)"/g)).toEqual([
      '<li class="good"',
      '<li class="bad"',
      '<li class="off"',
    ])
    expect(steps).toContain('<span class="unseen">failed: </span>Signed in')
    expect(steps).toContain('<span class="took">1.23 s</span>')
    expect(steps).toContain('<span class="took">less than 0.01 s</span>')
    expect(steps).toContain('<div class="more"><p>No.</p></div>')
  })
})

describe('a table', () => {
  const columns = [
    { title: html`Name`, cell: (row: { name: string; size: number }) => row.name, place: 'main' as const },
    {
      title: html`Size`,
      cell: (row: { name: string; size: number }) => row.size,
      isNumber: true,
      sort: { href: '/list?by=size', sorted: 'ascending' as const },
    },
  ]

  it('its titles sort by links, and say which way it is sorted', () => {
    const shown = String(table({ caption: html`Files`, columns, rows: [{ name: '<a>', size: 7 }] }))
    expect(shown).toContain('<caption class="unseen">Files</caption>')
    expect(shown).toContain('class="number sortable" aria-sort="ascending"><a href="/list?by=size">Size')
    expect(shown).toContain('<td role="cell" class="main">&lt;a&gt;</td>')
    expect(shown).toContain('<td role="cell" class="number" data-label="Size">7</td>')
  })

  it('a long list says where one is, and leads on and back', () => {
    const href = (from: number) => `/list?from=${from}`
    expect(paging({ from: 0, shown: 20, found: 20, atOnce: 50, href }, t)).toBeUndefined()
    const middle = String(paging({ from: 50, shown: 50, found: 120, atOnce: 50, href }, t))
    expect(middle).toContain('51 to 100 of 120')
    expect(middle).toMatch(/href="\/list\?from=0" rel="prev".*href="\/list\?from=100" rel="next"/s)
  })

  it('a search is in the address', () => {
    const form = String(searchForm({ action: '/list', label: html`Find`, value: 'a"b' }, t))
    expect(form).toContain('method="get" action="/list"')
    expect(form).toContain('name="find" value="a&quot;b"')
  })
})

describe('a form that was refused', () => {
  const refused = refusedForm(failure('page.passwords-differ'), t, {
    fields: { 'page.passwords-differ': 'again' },
  })
  const state = {
    values: { name: 'me', again: 'secret', kind: 'b', extra: ['x', 'y'] },
    wrong: refused.wrong,
  }

  it('it says at the field what is wrong, where the focus is, and above the form', () => {
    expect(String(refused.summary)).toMatch(/role="alert">.*href="#again-field"/s)
    const field = String(textField({ name: 'again', label: html`Again`, type: 'password' }, state))
    expect(field).toContain('aria-describedby="again-field-wrong" aria-invalid="true" autofocus')
    expect(field).toContain(
      '<span class="wrong" id="again-field-wrong">The two passwords are not the same</span>',
    )
  })

  it('the focus is in the first field that is wrong, and above where none is', () => {
    const both = { values: {}, wrong: { one: html`No`, other: html`No` } }
    expect(String(textField({ name: 'one', label: html`One` }, both))).toContain(' autofocus')
    expect(String(textField({ name: 'other', label: html`Other` }, both))).not.toContain(' autofocus')
    const choices = [{ value: 'x', label: html`X` }]
    expect(String(checksField({ name: 'one', label: html`One`, choices }, both))).toContain(' autofocus')
    const none = refusedForm(failure('page.passwords-differ'), t)
    expect(String(none.summary)).toContain('role="alert" tabindex="-1" autofocus')
  })

  it('of several fields it is the one in which the wrong text stands', () => {
    const fields = { 'address.no-mail-address': ['to', 'from'] }
    const wrongIn = (text: string, values: Record<string, string>) =>
      Object.keys(refusedForm(failure('address.no-mail-address', { text }), t, { fields, values }).wrong)
    expect(wrongIn('me', { from: 'me', to: 'you@example.com' })).toEqual(['from'])
    expect(wrongIn('', { from: ' ', to: 'you@example.com' })).toEqual(['from'])
    expect(wrongIn('cut', { from: 'me', to: 'you@example.com' })).toEqual(['to'])
  })

  it('it keeps what was typed, and never a password', () => {
    expect(String(textField({ name: 'name', label: html`Name` }, state))).toContain('value="me"')
    expect(String(textField({ name: 'name', label: html`Name`, rows: 3 }, state))).toContain('>me</textarea>')
    expect(String(textField({ name: 'again', label: html`Again`, type: 'password' }, state))).not.toContain(
      'secret',
    )
    const options = [
      { value: 'a', words: 'A' },
      { value: 'b', words: 'B' },
    ]
    expect(String(choiceField({ name: 'kind', label: html`Kind`, options }, state))).toContain(
      '<option value="b" selected>B',
    )
    expect(String(checkField({ name: 'extra', value: 'y', label: html`Y` }, state))).toContain(' checked')
    expect(String(checkField({ name: 'extra', value: 'z', label: html`Z` }, state))).not.toContain(' checked')
  })

  it('what was typed on several lines comes back as it was typed', () => {
    const typed = { values: { lines: 'one\r\ntwo' } }
    expect(String(textField({ name: 'lines', label: html`Lines`, rows: 3 }, typed))).toContain('>one\ntwo</')
  })

  it('the first field of an empty form has the focus', () => {
    const first = { name: 'name', label: html`Name`, isFirst: true }
    expect(String(textField(first, { values: {} }))).toContain(' autofocus')
    expect(String(textField(first, state))).not.toContain(' autofocus')
  })

  it('what is no refusal is thrown on', () => {
    expect(() => refusedForm(new Error('broken'), t)).toThrow('broken')
  })
})
