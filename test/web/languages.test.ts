import { describe, expect, it } from 'vitest'
import { signIn, testServer } from './test-server.ts'

const paths = [
  '/',
  '/mailboxes/new',
  '/mailboxes/on@example.com',
  '/mailboxes/on@example.com/remove',
  '/logins',
  '/logins/new',
  '/api-keys',
  '/account',
  '/journal',
  '/consent-links',
  '/explain',
  '/providers/example',
  '/sign-in',
  '/nowhere',
]

/** What a person reads: without code, and without what was typed by people. */
function textOf(html: string): string {
  return html
    .replace(/^.*<body>/s, '')
    .replaceAll(/<(code|pre|strong)\b[^>]*>.*?<\/\1>/gs, ' ')
    .replaceAll(/<[^>]+>/g, '\n')
    .replaceAll(/「[^」]*」/g, ' ')
    .replaceAll(/https?:\S+|\S+@\S+|POSTERN_\w+/g, ' ')
}

describe('pages in the language that the browser asks for', () => {
  it.each(paths)('the page shows %s in Japanese, all of it', async (path) => {
    const test = testServer()
    test.services.mailboxes.all.push({ address: 'on@example.com', provider: 'example', state: 'active' })
    const { cookie } = await signIn(test)
    const answer = await test.get(path).set('Cookie', cookie).set('Accept-Language', 'ja,en;q=0.5')
    expect(answer.text).toContain('<html lang="ja">')
    expect(answer.headers).toMatchObject({ 'content-language': 'ja', vary: 'Accept-Language' })
    expect(textOf(answer.text)).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/)
  })

  it.each(['en-GB,en;q=0.9,ja;q=0.1', 'fr', ''])(
    'the page shows English to a browser that asks for "%s"',
    async (asked) => {
      const test = testServer()
      const answer = await test.get('/sign-in').set('Accept-Language', asked)
      expect(answer.text).toContain('<html lang="en">')
      expect(answer.text).toContain('Sign in')
    },
  )
})
