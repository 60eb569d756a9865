import { afterEach, beforeEach, expect, it } from 'vitest'
import { setRotatingStage } from '../support/rotating-stage.ts'
import type { Oddity } from '../support/rotating-token-endpoint.ts'
import { signIn } from '../support/smtp-client.ts'

const kills = 20

let stage: Awaited<ReturnType<typeof setRotatingStage>>

beforeEach(async () => {
  stage = await setRotatingStage()
})
afterEach(() => stage?.close())

it('the rotated refresh token is in use after each of twenty kills at the moment when the new access token is first used', {
  timeout: 400_000,
}, async () => {
  const { endpoint, login, smtpPort } = stage
  for (let kill = 1; kill <= kills; kill++) {
    const postern = await stage.start()
    const seen: string[] = []
    stage.onToken(async (token) => {
      seen.push(token)
      await postern.kill()
    })
    const answer = await signIn(smtpPort, login).catch(() => 'connection lost')

    expect({ seen, answer }).toEqual({
      seen: [endpoint.currentAccessToken()],
      answer: expect.not.stringMatching(/^235/),
    })
    await postern.exited
    expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
      rotations: kill,
      reused: false,
    })
  }

  stage.onToken(() => {})
  const postern = await stage.start()
  expect(await signIn(smtpPort, login)).toMatch(/^235/)
  expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
    rotations: kills + 1,
    reused: false,
  })
  expect(await postern.stop()).toBe(0)
})

const taken = /^235/
const mistakeOfSetup = /^454 .*\[postern:CONFIG\]$/
const oddities: [Oddity, RegExp][] = [
  [{ body: { token_type: undefined } }, taken],
  [{ body: {}, status: 201 }, taken],
  [{ body: { expires_in: null, scope: ['mail'] } }, taken],
  [{ body: { token_type: 'DPoP' } }, mistakeOfSetup],
  [{ body: { access_token: undefined } }, mistakeOfSetup],
  [{ body: { access_token: 'no bearer token' } }, mistakeOfSetup],
  [{ body: { access_token: 'a'.repeat(100_000) }, status: 202 }, mistakeOfSetup],
]

it('the rotated refresh token is in use after a kill behind each answer that is odd', {
  timeout: 120_000,
}, async () => {
  const { endpoint, login, smtpPort } = stage
  for (const [oddity, answer] of oddities) {
    const postern = await stage.start()
    endpoint.answerOddly(oddity)
    expect(await signIn(smtpPort, login)).toMatch(answer)
    await postern.kill()
    await postern.exited
  }
  const postern = await stage.start()
  expect(await signIn(smtpPort, login)).toMatch(/^235/)
  expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
    rotations: oddities.length + 1,
    reused: false,
  })
  expect(await postern.stop()).toBe(0)
})
