import { expect, it } from 'vitest'
import { asFailure } from '../../src/base/failure.ts'
import { greets, saysGoodbye } from '../support/provider-scripts.ts'
import { me } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

// Every known reply is played in `journeys/played-replies`.

const stage = useScriptedStage()

it('a known reply is not explained by what another provider would mean', async () => {
  const { relay } = await stage(async (client) => {
    await greets(client, ['AUTH XOAUTH2'])
    await client.line()
    client.say('454 4.7.0 Cannot authenticate due to temporary system problem')
    await saysGoodbye(client)
  })
  const failure = await relay.verify(me).then(() => undefined, asFailure)
  expect(failure?.message).toBe('127.0.0.1 refused the sign-in for me@example.com (454 4.7.0)')
})
