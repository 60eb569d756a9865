import { afterAll, beforeAll, expect, it } from 'vitest'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { signIn } from '../support/smtp-client.ts'

let stage: Awaited<ReturnType<typeof setRotatingStage>>

beforeAll(async () => {
  stage = await setRotatingStage()
})
afterAll(() => stage?.close())

it('a start with a mistyped client id ends no consent, and a refusal that is taken back needs no new one', {
  timeout: 120_000,
}, async () => {
  const { address, endpoint, login, smtpPort, run } = stage
  let postern = await stage.start()
  expect(await signIn(smtpPort, login)).toMatch(/^235/)
  expect(await postern.stop()).toBe(0)

  await stage.useClientId('postren')
  postern = await stage.start()
  expect(await signIn(smtpPort, login)).toMatch(/^454 .*\[postern:CONFIG\]$/)
  const { json } = await run(['mailbox', 'show', address])
  expect(json.state).toBe('active')
  expect(JSON.stringify(json.sending.pauses)).toContain('the client id was postern then, and is postren now')
  expect(await postern.stop()).toBe(0)

  await stage.useClientId('postern')
  endpoint.refuse(true)
  postern = await stage.start()
  expect(await signIn(smtpPort, login)).toMatch(/^454 .*\[postern:REAUTH\]$/)
  expect((await run(['mailbox', 'show', address])).json).toMatchObject({
    state: 'lapsed',
    refusedAt: expect.stringMatching(/^2/),
  })
  const refused = await run(['mailbox', 'try', address])
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('consent')

  endpoint.refuse(false)
  expect(await run(['mailbox', 'try', address])).toMatchObject({ code: 0, stderr: '' })
  expect((await run(['mailbox', 'show', address])).json).toMatchObject({ state: 'active' })
  expect(await signIn(smtpPort, login)).toMatch(/^235/)
  expect(endpoint.reused()).toBe(false)
  expect(await postern.stop()).toBe(0)
})
