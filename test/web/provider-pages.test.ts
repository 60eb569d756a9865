import { describe, expect, it } from 'vitest'
import { byId, type Sentence } from '../../src/base/failure.ts'
import { text } from '../../src/failures/texts.ts'
import type { CheckedPoint } from '../../src/providers/registration-checks.ts'
import { signIn, testServer } from './test-server.ts'

function pointOf(
  point: CheckedPoint['point'],
  outcome: CheckedPoint['outcome'],
  said: Sentence,
  details?: readonly string[],
): CheckedPoint {
  const { message: what, fix } = said
  return { point, outcome, what, ...(details && { details }), ...(fix && { fix }), failure: byId(said) }
}

describe('the page of a provider', () => {
  it('the page checks the settings, and says for each point what to do', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.services.registrationChecks.points = [
      pointOf('settings', 'wrong', text('check.settings-mistaken'), ['<b>A mistake</b>']),
      pointOf('client', 'good', text('check.client-accepted', { provider: 'Example Mail' })),
      pointOf('running', 'unknown', text('check.none-runs')),
    ]
    const page = await test.get('/providers/example').set('Cookie', cookie)
    expect(page.text).toContain('action="/providers/example/check"')
    const check = await test.post('/providers/example/check', { csrf }).set('Cookie', cookie)
    expect(check.status).toBe(200)
    expect(check.text).toContain('Check of Example Mail')
    expect(check.text).toContain('<li>&lt;b&gt;A mistake&lt;/b&gt;</li>')
    expect(check.text).toMatch(/The client id and its secret<\/strong> <span class="state active">good/)
    expect(check.text).toMatch(/What to do:<\/strong> Start it with/)
  })

  it('a check is refused by a viewer or by a foreign form', async () => {
    const test = testServer()
    const viewer = await signIn(test, 'viewer')
    const page = await test.get('/providers/example').set('Cookie', viewer.cookie)
    expect(page.text).not.toContain('/providers/example/check')
    const { csrf } = viewer
    const asked = await test.post('/providers/example/check', { csrf }).set('Cookie', viewer.cookie)
    expect(asked.status).toBe(403)
    const { cookie } = await signIn(test)
    expect((await test.post('/providers/example/check').set('Cookie', cookie)).status).toBe(403)
  })
})
