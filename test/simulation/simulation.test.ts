import { describe, expect, it } from 'vitest'
import { runScenario } from './scenarios.js'

const size = { mailboxes: 200, hosts: 3, messagesPerHour: 6, seed: 1 }

// Small ones, whose outcome follows from the rules: whether it counts right, not how large anything gets.
describe('the simulation', () => {
  it('gives the same figures for the same seed', async () => {
    const [one, other] = [await run('an ordinary hour'), await run('an ordinary hour')]
    expect(one.phases).toEqual(other.phases)
    expect(one.phases.map(({ putOff }) => putOff)).toEqual([0, 0])
  })

  it('asks for one token an hour of each busy mailbox, and spends none twice', async () => {
    const { phases, reused } = await run('an ordinary hour')
    const asked = (phases[1]?.requests ?? 0) * 3600
    // A token of an hour is renewed 12 minutes ahead of its end, by the next message: that is ten
    // minutes later, on average.
    expect(asked).toBeGreaterThan(0.85 * size.mailboxes)
    expect(asked).toBeLessThan((size.mailboxes * 60) / 48)
    expect(reused).toBe(0)
  })

  it.each(['the token endpoint is silent for an hour', 'the token endpoint refuses connections for an hour'])(
    '%s: messages wait, and all of them get through afterwards',
    async (name) => {
      const { phases, waiting, recoverySeconds } = await run(name)
      const [, before, , , , outage] = phases
      expect(before?.putOff).toBe(0)
      expect(outage?.putOff).toBeGreaterThan(0)
      // Some tokens of an hour are left, and they serve.
      expect(outage?.messages).toBeLessThan((before?.messages ?? 0) / 4)
      expect(waiting).toBe(0)
      // The wait of postern is over within seconds, and that of the clients within six minutes.
      expect(recoverySeconds).toBeLessThan(370)
    },
  )

  it('hosts that start anew find the tokens of the others', async () => {
    const { phases, reused } = await run('a rolling upgrade')
    const of = (part: string) => phases.find(({ name }) => name.startsWith(part))?.requests ?? Number.NaN
    const during = (of('host 1') + of('host 2') + of('host 3')) / 3
    // It is one token for each mailbox and its hour, whoever asks. Few in a minute, so that chance has its part.
    expect(during).toBeLessThan(3 * of('before'))
    expect(phases.map(({ putOff }) => putOff)).toEqual(phases.map(() => 0))
    expect(reused).toBe(0)
  })
})

function run(name: string) {
  return runScenario(name, size)
}
