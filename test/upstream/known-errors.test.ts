import { describe, expect, it } from 'vitest'
import { asFailure } from '../../src/base/failure.ts'
import type { KnownError } from '../../src/providers/errors/known-error.ts'
import { knownErrors } from '../../src/providers/errors/known-errors.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { replyForFailure } from '../../src/smtp/replies.ts'
import { ehlo, greets, saysGoodbye } from '../support/provider-scripts.ts'
import { me } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const stage = useScriptedStage()

const atSignIn = knownErrors.flatMap(({ id, family, when, meaning, example }) =>
  example !== undefined && when.layer === 'reply' && when.phases.includes('auth') && family !== 'postern'
    ? [{ id, family, meaning, example }]
    : [],
)

/** By code alone, and the one reply of Yahoo that passes though its code says otherwise. */
function passes(example: string): boolean {
  return /^4/.test(example) || example.includes('#AUTH005')
}

/** Some are the first line alone of a longer reply. */
function linesOf(example: string): string[] {
  const lines = example.split('\n')
  return [...lines.slice(0, -1), (lines.at(-1) ?? '').replace(/^(\d{3})-/, '$1 ')]
}

async function failureOf(example: string, family: KnownError['family']) {
  const isChallenge = example.startsWith('334')
  const { relay } = await stage(
    async (client) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      client.say(...linesOf(example))
      if (isChallenge) {
        await client.line()
        client.say(
          '535-5.7.8 Username and Password not accepted. Learn more at',
          '535 5.7.8 BadCredentials - gsmtp',
        )
      }
      await saysGoodbye(client)
    },
    { provider: family === 'any' ? {} : { errorFamily: family as NonNullable<Provider['errorFamily']> } },
  )
  return relay.verify(me).then(
    () => undefined,
    (error: unknown) => asFailure(error),
  )
}

describe('a known reply to a sign-in, played by a provider', () => {
  it('the known replies are many', () => {
    expect(atSignIn.length).toBeGreaterThan(15)
  })

  it.each(atSignIn)(
    'a known reply is explained in the failure, and in the reply to the mail program: $id',
    async ({ id, family, meaning, example }) => {
      const failure = await failureOf(example, family)
      expect(failure?.code).toBe(passes(example) ? 'provider-unavailable' : 'provider-setup')
      if (!failure) return
      const reply = replyForFailure(failure, 'proof')
      expect(reply.code).toBe(454)
      expect(reply.lines[0]).toMatch(passes(example) ? /\[postern:RETRY\]$/ : /\[postern:CONFIG\]$/)
      // What a challenge means is known by the reply after it.
      if (example.startsWith('334')) return
      const known = meaning.en.replace(/\.$/, '')
      expect({ id, message: failure.message }).toEqual({ id, message: expect.stringContaining(`: ${known}`) })
      expect(reply.lines[0]).toContain(known)
      expect(failure.fix).toBeTruthy()
    },
  )

  it('a known reply is not explained by what another provider would mean', async () => {
    const failure = await failureOf('454 4.7.0 Cannot authenticate due to temporary system problem', 'any')
    expect(failure?.message).toBe('127.0.0.1 refused the sign-in for me@example.com (454 4.7.0)')
  })
})
