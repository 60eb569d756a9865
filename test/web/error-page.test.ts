import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { signIn, testServer } from './test-server.ts'

describe('an error page', () => {
  it('it keeps the navigation and the way out of whoever is signed in', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const { status, text } = await test.get('/nowhere').set('Cookie', cookie)
    expect(status).toBe(404)
    expect(text).toContain('<title>Error: Not found')
    expect(text).toMatch(/<nav aria-label="Pages">.*href="\/logins"/s)
    expect(text).toContain('action="/sign-out"')
    expect((await test.get('/nowhere')).text).not.toContain('<nav')
  })

  it('it leads an administrator from a mailbox that is not there to the form that adds one', async () => {
    const test = testServer()
    test.services.mailboxes.show = (mailbox) => Promise.reject(failure('mailbox.unknown', { mailbox }))
    const path = '/mailboxes/new@example.com'
    const asked = async (role?: 'viewer') => test.get(path).set('Cookie', (await signIn(test, role)).cookie)
    expect((await asked()).text).toContain('<a class="button" href="/mailboxes/new">Add a mailbox</a>')
    expect((await asked('viewer')).text).not.toContain('href="/mailboxes/new"')
  })

  it('it comes without them when the store cannot say who that is', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    test.services.pageAccess.session = () => Promise.reject(new Error('the disk is gone'))
    const { status, text } = await test.get('/logins').set('Cookie', cookie)
    expect(status).toBe(500)
    expect(text).toContain('Something went wrong')
    expect(text).not.toContain('<nav')
  })

  it('a Japanese sentence ends with its own full stop', async () => {
    const { text } = await testServer().get('/nowhere').set('Accept-Language', 'ja')
    expect(text).toMatch(/<p>[^<]*。<\/p>/)
    expect(text).not.toMatch(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]\.<\/p>/u)
  })
})

describe('the navigation', () => {
  it.each([
    ['/', '/', 'page'],
    ['/mailboxes/me@example.com', '/', 'true'],
    ['/logins', '/logins', 'page'],
    ['/logins/new', '/logins', 'true'],
    ['/account', '/account', 'page'],
  ])('at %s it shows %s as the place, as aria-current="%s"', async (path, place, current) => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const { text } = await test.get(path).set('Cookie', cookie)
    const [navigation = ''] = /<nav.*?<\/nav>/s.exec(text) ?? []
    expect(navigation.match(/<a href="[^"]*" aria-current="\w+"/g)).toEqual([
      `<a href="${place}" aria-current="${current}"`,
    ])
  })
})
