import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import { SharedBudgets } from '../../src/governor/shared-budgets.ts'
import { ToldPauses } from '../../src/governor/told-pauses.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres, type Place } from '../store/fixture.ts'
import { type Certificate, createAuthority } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { signsIn } from '../support/provider-scripts.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { createRelayStage, mailbox } from '../support/relay-stage.ts'
import { type Client, startScriptedProvider } from '../support/scripted-provider.ts'
import { begin, message } from '../support/upstream-messages.ts'

const ends: (() => Promise<void>)[] = []
// The last one first.
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A provider that counts who is there, and three relays before it, each of a process of its own. */
async function startThree(connections: number) {
  const place = await newPlace()
  const authority = await createAuthority()
  const seen = { messages: 0, most: 0 }
  const provider = await startProvider(await authority.issue(), seen)
  const asked = { tls: 'implicit' as const, ca: authority.ca, port: provider.port }
  const relays = []
  for (let index = 0; index < 3; index += 1) relays.push((await startRelay(place, asked, connections)).relay)
  return { relays, provider, seen }
}

async function startProvider(certificate: Certificate, seen: { messages: number; most: number }) {
  let now = 0
  const provider = await startScriptedProvider({ tls: 'implicit', certificate }, async (client) => {
    now += 1
    seen.most = Math.max(seen.most, now)
    try {
      await signsIn(client)
      while ((await client.line()) !== 'QUIT') {
        await takes(client)
        seen.messages += 1
      }
    } finally {
      // Before the goodbye: then it is over on both sides.
      now -= 1
    }
    client.say('221 2.0.0 Goodbye')
    client.hangUp()
  })
  ends.push(() => provider.close())
  return provider
}

/** One message, after its MAIL. */
async function takes(client: Client): Promise<void> {
  await client.line()
  client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
  await client.line()
  client.say('354 Go ahead')
  await client.linesUntil(/^\.$/)
  client.say('250 2.0.0 Queued')
}

async function startRelay(
  place: Place,
  asked: { tls: 'implicit'; ca: string; port: number },
  connections: number,
) {
  const log = createRecordingLog()
  const clock = systemClock
  const { store, others } = await openStore({ ...place, clock, log })
  if (!others) throw new Error('the store is not shared')
  const pauses = new ToldPauses({ store: others.pauses, clock, log })
  const shared = new SharedBudgets({ store: others.budgets, pauses, clock, log })
  const governors = createGovernors({ counts: store.recipientCounts, shared, clock, log })
  const stage = createRelayStage({
    ...asked,
    governors,
    clock,
    provider: { limits: { connections } },
  })
  await eventually('its mailbox is kept', () => stage.store.mailboxes.find(mailbox))
  ends.push(async () => {
    await stage.relay.close()
    await governors.close()
    await store.close()
  })
  return stage
}

describe.runIf(onPostgres)('relays of three processes', () => {
  it.each([1, 3])(
    'send all that comes to each of them, and never have more than %i connections at the provider',
    async (connections) => {
      const { relays, seen } = await startThree(connections)
      const sent = relays.flatMap((relay, index) =>
        Array.from({ length: 40 }, async (_, number) => {
          const transaction = await begin(relay, `login ${number % 3}`)
          return transaction.send(message(`${index} ${number}\r\n`))
        }),
      )
      const replies = await Promise.all(sent)
      expect(replies.every(({ code }) => code === 250)).toBe(true)
      expect(seen).toEqual({ messages: 120, most: connections })
    },
  )
})
