import { expect, it } from 'vitest'
import type { TokenPause } from '../../src/grants/token-broker.ts'
import { createSendingStatus, type SendingState } from '../../src/upstream/relay.ts'
import { failureAs } from '../support/made-failure.ts'

const state: SendingState = {
  connections: { allowed: 2, limit: 2, open: 1, inUse: 0 },
  messagesLastMinute: 1,
  recipientsLastDay: 3,
  waiting: 0,
  pauses: [{ about: 'sign-in', since: 0, until: 60_000, reason: 'The provider cannot be reached.' }],
}

it.each<[TokenPause['about'], string]>([
  ['mailbox', 'token'],
  ['registration', 'registration'],
])(
  'the status shows a pause of the token endpoint for the %s beside the others, all of them as sentences',
  async (about, shown) => {
    const pause: TokenPause = {
      about,
      since: 0,
      until: 1000,
      reason: 'No token can be had now',
      fix: 'Wait.',
    }
    const status = createSendingStatus({ state: async () => state }, { state: async () => ({ pause }) })
    expect((await status('me@example.com'))?.pauses).toEqual([
      {
        about: 'sign-in',
        since: '1970-01-01T00:00:00.000Z',
        until: '1970-01-01T00:01:00.000Z',
        reason: 'The provider cannot be reached.',
      },
      {
        about: shown,
        since: '1970-01-01T00:00:00.000Z',
        until: '1970-01-01T00:00:01.000Z',
        reason: 'No token can be had now.',
        fix: 'Wait.',
      },
    ])
  },
)

it('the status has nothing to show of a mailbox whose provider has no registration, and hides no other trouble', async () => {
  const failing = (code: 'configuration' | 'store-unavailable') =>
    createSendingStatus(
      { state: () => Promise.reject(failureAs(code, 'no')) },
      { state: async () => ({}) },
    )('me@example.com')
  expect(await failing('configuration')).toBeUndefined()
  await expect(failing('store-unavailable')).rejects.toThrow('no')
})
