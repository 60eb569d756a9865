import { expect, it, onTestFinished } from 'vitest'
import { setCommandStage } from './command-stage.ts'

async function setStage(settings: Record<string, string> = {}) {
  const stage = await setCommandStage(settings)
  onTestFinished(stage.close)
  return stage
}

it('the exit code is 0 with a postern that runs', async () => {
  const stage = await setStage()
  await stage.serve()
  expect(await stage.postern(['health'])).toEqual({ code: 0, stdout: 'postern is ready.\n', stderr: '' })
  const { code, stdout } = await stage.postern(['health', '--json'])
  expect([code, JSON.parse(stdout)]).toEqual([0, { ready: true }])
})

it('the exit code is 1, and no other number, whatever keeps it from an answer', async () => {
  const never = await setStage()
  const stopped = await setStage()
  await stopped.makeStore()
  const mistaken = await setStage({ POSTERN_LOG_LEVEL: 'loud' })
  for (const [stage, reason] of [
    [never, 'holds no store'],
    [stopped, 'No postern is running'],
    [mistaken, 'POSTERN_LOG_LEVEL'],
  ] as const) {
    const inWords = await stage.postern(['health'])
    expect(inWords).toMatchObject({ code: 1, stderr: '' })
    expect(inWords.stdout).toMatch(/^postern is not ready\. /)
    const asJson = await stage.postern(['health', '--json'])
    expect(asJson).toMatchObject({ code: 1, stderr: '' })
    const health = JSON.parse(asJson.stdout)
    expect(health.ready).toBe(false)
    expect([reason, health.reason]).toEqual([reason, expect.stringContaining(reason)])
  }
})
