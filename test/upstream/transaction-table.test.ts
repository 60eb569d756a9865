import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import type { Transaction } from '../../src/upstream/relay.ts'
import { eventually } from '../support/eventually.ts'
import { signsIn } from '../support/provider-scripts.ts'
import { mailbox, patientLimits } from '../support/relay-stage.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { tableInSource } from '../support/table-in-source.ts'
import { begin, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

/** Accepts everything, and notes the commands. */
async function accepts(client: Client, commands: string[]): Promise<void> {
  await signsIn(client)
  for (;;) {
    const line = await client.line()
    commands.push(line.split(' ')[0] ?? '')
    client.say(line === 'DATA' ? '354 Go ahead' : '250 2.0.0 Fine')
    if (line !== 'DATA') continue
    await client.linesUntil(/^\.$/)
    client.say('250 2.0.0 Queued')
  }
}

interface Scene {
  transaction: Transaction
  /** The commands that the provider has heard since they were last looked at. */
  heard(): string[]
  /**
   * Others wait for the connection, and the client has been silent for too long. They get it,
   * unless it is kept.
   */
  reclaim(how?: { isKept?: boolean }): Promise<void>
  /** Those who got the connection then. */
  others: Promise<Transaction>[]
}

async function setScene(): Promise<Scene> {
  const commands: string[] = []
  const { relay, clock } = await stage((client) => accepts(client, commands))
  const transaction = await begin(relay)
  const others: Promise<Transaction>[] = []
  return {
    transaction,
    heard: () => commands.splice(0),
    others,
    async reclaim({ isKept = false } = {}) {
      clock.advance(patientLimits.clientTurnSeconds)
      const other = begin(relay, 'other')
      others.push(other)
      if (isKept) await eventually('one that waits', async () => (await relay.state(mailbox)).waiting === 1)
      else await other
    },
  }
}

/** What leads a new transaction into each state of the table. */
const states: Record<string, (scene: Scene) => Promise<void>> = {
  async open() {},
  async promised({ transaction }) {
    transaction.promise()
  },
  async taken(scene) {
    await scene.reclaim()
    for (const other of scene.others.splice(0)) await (await other).reset()
  },
  async over({ transaction }) {
    await transaction.reset()
  },
}

/** What stands for the events of the table. */
const events: Record<string, (scene: Scene, state: string) => Promise<unknown>> = {
  recipients: ({ transaction }) => transaction.recipients(to('b@example.com')),
  promise: async ({ transaction }) => transaction.promise(),
  send: ({ transaction }) => transaction.send(message('a\r\n')),
  reset: ({ transaction }) => transaction.reset(),
  reclaim: (scene, state) => scene.reclaim({ isKept: state === 'promised' }),
}

async function failureCode(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

/** The state that a transaction shows. That ends it. */
async function stateOf({ transaction }: Scene): Promise<string> {
  const code = await failureCode((async () => transaction.promise())())
  if (code === 'limit-reached') return 'taken'
  const sent = await failureCode(transaction.send(message('a\r\n')))
  if (code === undefined) return 'open'
  return sent === undefined ? 'promised' : 'over'
}

const { names, rows } = tableInSource('upstream/transaction.ts', 'event')

describe('the table in transaction.ts', () => {
  it('the table has a column for each state and a row for each event', () => {
    expect(names).toEqual(Object.keys(states))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(events))
  })

  describe.each(names.map((state, index) => ({ state, column: index + 1 })))(
    '$state',
    ({ state, column }) => {
      it.each(rows.map((row) => ({ event: row[0] ?? '', answer: row[column] })))(
        'the table says of $event: $answer',
        async ({ event, answer }) => {
          const scene = await setScene()
          await states[state]?.(scene)
          scene.heard()
          const code = await failureCode(events[event]?.(scene, state) ?? Promise.resolve())
          const heard = scene.heard().filter((command) => command !== 'MAIL')
          const own = event === 'reclaim' ? heard.filter((command) => command !== 'RCPT') : heard
          const next = await stateOf(scene)
          const shown = [...own, ...(code ? [code] : []), ...(next === state ? [] : [next])]
          expect(shown.join(', ') || 'nothing').toBe(answer)
          for (const other of scene.others) await (await other).reset()
        },
      )
    },
  )
})

it('a transaction whose connection is lost while its recipients are answered is over', async () => {
  const { relay } = await stage(async (client, connection) => {
    if (connection > 0) return accepts(client, [])
    await signsIn(client)
    await client.linesUntil(/^RCPT/)
    client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
    await client.line()
    client.hangUp()
  })
  const transaction = await begin(relay)
  const more = transaction.recipients(to('b@example.com'))
  expect(await failureCode(more)).toBe('provider-unavailable')
  expect(await failureCode(transaction.recipients(to('c@example.com')))).toBe('internal')
  expect(await failureCode(transaction.send(message('a\r\n')))).toBe('internal')
  await transaction.reset()
  expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
})
