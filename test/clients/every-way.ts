import { describe, expect, it } from 'vitest'
import { peer } from '../support/peer.ts'
import { type Client, securities } from './client.ts'
import type { Sending } from './sending.ts'

/** Tests of a client with every security and mechanism that it can do. `sending`: once it is prepared. */
export function describeEveryWay(client: Client, sending: () => Sending): void {
  describe.runIf(client.needs === undefined || peer(client.needs))(client.name, () => {
    const ways = securities.flatMap((security) => [
      [security, 'PLAIN'] as const,
      [security, 'LOGIN'] as const,
    ])
    it.each(ways)('%s, %s', (security, mechanism) => sending().sends(client, { security, mechanism }))

    it('implicit TLS at the port for STARTTLS', () =>
      sending().sends(client, { security: 'implicit TLS', portFor: 'STARTTLS', mechanism: 'PLAIN' }))

    it('plain, CRAM-MD5', () => sending().sends(client, { security: 'plain', mechanism: 'CRAM-MD5' }))

    it('plain, not signing in', () => sending().sends(client, { security: 'plain' }))

    for (const mechanism of client.bearers) {
      it(`STARTTLS, ${mechanism} with an API key`, () =>
        sending().sends(client, { security: 'STARTTLS', mechanism }))
    }

    it.each(['STARTTLS', 'implicit TLS'] as const)(
      'sends nothing by %s where it does not know the authority',
      async (security) => {
        const { stage, taskFor } = sending()
        const task = { ...taskFor({ security, mechanism: 'PLAIN' }), caFile: stage.otherCaFile }

        expect(await client.send(task)).not.toMatchObject({ code: 0 })
        const { arrived, dialogue } = await stage.delivered(0)
        expect(arrived).toEqual([])
        expect(dialogue).not.toMatch(/AUTH|MAIL/)
      },
    )
  })
}
