import { describe, expect, it } from 'vitest'
import type { SendPermit } from '../../src/governor/governor.ts'
import { governorStage, hear, ok, play, type Script, sendingBy } from './governor-stage.ts'

const quota = '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed'
const addressBlocked = '550 5.7.708 Access denied, traffic not accepted from this IP'
const sendAsDenied = '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
const badContent = '554 5.6.0 Invalid message content'
const delivered: Script = { recipients: [ok], message: ok }

interface Case {
  about: 'mailbox' | 'registration' | 'program'
  /** What makes it wait, how often, and how long. */
  script: Script
  times: number
  seconds: number
  code: string
}

const cases: Case[] = [
  {
    about: 'mailbox',
    script: { recipients: [ok], message: quota },
    times: 1,
    seconds: 3600,
    code: 'limit-reached',
  },
  {
    about: 'mailbox',
    script: { mail: '421 4.4.2 Message submission rate for this client has exceeded the configured limit' },
    times: 1,
    seconds: 60,
    code: 'limit-reached',
  },
  {
    about: 'registration',
    script: { mail: addressBlocked },
    times: 1,
    seconds: 3600,
    code: 'provider-setup',
  },
  { about: 'program', script: { mail: sendAsDenied }, times: 3, seconds: 600, code: 'provider-setup' },
  {
    about: 'program',
    script: { recipients: [ok], message: badContent },
    times: 10,
    seconds: 300,
    code: 'limit-reached',
  },
]

describe.each(cases)('after $times times $script: $about', ({ about, script, times, seconds, code }) => {
  async function waiting() {
    const stage = await governorStage()
    for (let number = 0; number < times; number += 1) stage.transact(script)
    return {
      ...stage,
      refused: () => expect(() => stage.permitFor()).toThrow(expect.objectContaining({ code })),
    }
  }

  it('nothing leaves until the time is up, then one transaction finds out, and a success lets all through', async () => {
    const { clock, governor, permitFor, refused } = await waiting()
    expect(governor.state().pauses).toMatchObject([{ about }])
    refused()
    clock.advance(seconds - 1)
    refused()
    clock.advance(1)
    const probe = permitFor()
    for (let number = 0; number < 5; number += 1) refused()
    play(probe, delivered)
    expect(governor.state().pauses).toEqual([])
    permitFor()
    permitFor()
  })

  it('a probe that is refused again waits for longer', async () => {
    const { clock, permitFor, refused } = await waiting()
    clock.advance(seconds)
    play(permitFor(), script)
    clock.advance(seconds)
    if (seconds < 3600) refused()
    clock.advance(seconds)
    permitFor()
  })

  it.each<[string, (probe: SendPermit) => void]>([
    ['that is given up', (probe) => probe.end('not-sent')],
    ['that nobody knows the outcome of', (probe) => probe.end('unknown')],
    ['that is put off', (probe) => play(probe, { recipients: [ok], message: '451 4.3.0 Later' })],
    [
      'that wants more recipients than the day has left',
      (probe) => expect(() => probe.reserve(2)).toThrow('recipients'),
    ],
  ])('a probe %s makes the next one the probe', async (_, ends) => {
    const { clock, provider, permitFor, refused } = await waiting()
    clock.advance(seconds)
    provider.limits = { connections: 2, recipientsPerDay: 1 }
    for (let number = 0; number < 3; number += 1) {
      const probe = permitFor()
      refused()
      ends(probe)
      probe.end('not-sent')
    }
    play(permitFor(), delivered)
    permitFor()
    permitFor()
  })
})

describe('a transaction', () => {
  it('a transaction that one breaker keeps out is no probe of another', async () => {
    const { clock, governor, permitFor, transact } = await governorStage()
    for (let number = 0; number < 3; number += 1)
      transact({ mail: sendAsDenied }, 'printer', 'other@example.com')
    transact({ recipients: [ok], message: '430 4.2.0 STOREDRV; mailbox logon failure; LogonFailed' })
    clock.advance(60)
    // Due for the mailbox, not for this sender: it must not take the place of the one that may go.
    expect(() => permitFor('printer', 'other@example.com')).toThrow('send as other@example.com')
    play(permitFor(), delivered)
    expect(governor.state().pauses).toMatchObject([{ about: 'sender', sender: 'other@example.com' }])
  })

  it('a transaction that finds out for several breakers at once closes all of them', async () => {
    const { clock, governor, permitFor, transact } = await governorStage()
    const [one, two, three] = [permitFor(), permitFor(), permitFor()]
    for (const permit of [one, two, three]) play(permit, { mail: sendAsDenied })
    clock.advance(600)
    transact({ mail: addressBlocked })
    clock.advance(3600)
    expect(governor.state().pauses.map(({ about }) => about)).toEqual(['registration', 'program'])
    const probe = permitFor()
    expect(() => permitFor('cron', 'another@example.com')).toThrow()
    play(probe, delivered)
    expect(governor.state().pauses).toEqual([])
  })

  it('a transaction that was under way already says nothing new, and its success does not end what the mailbox waits for', async () => {
    const { clock, governor, permitFor, transact } = await governorStage()
    const [slow, slower] = [permitFor(), permitFor()]
    transact({ recipients: [ok], message: quota })
    clock.advance(100)
    const before = governor.state().pauses
    play(slow, { recipients: [ok], message: quota })
    play(slower, delivered)
    expect(governor.state().pauses).toEqual(before)
    expect(() => permitFor()).toThrow()
  })

  it('a transaction is told whether the provider wants quiet', async () => {
    const { permitFor } = await governorStage()
    const permit = permitFor()
    expect(hear(permit, ok, 'mail')).toBe(false)
    expect(hear(permit, '451 4.3.0 Later', 'recipient')).toBe(false)
    expect(hear(permit, '530 5.7.57 Not authenticated', 'mail')).toBe(false)
    expect(hear(permit, sendAsDenied, 'mail')).toBe(false)
    expect(hear(permit, '421 4.3.2 Service not active', 'mail')).toBe(false)
    expect(hear(permit, '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', 'mail')).toBe(true)
    expect(
      hear(permit, '421 4.4.2 Message submission rate for this client has exceeded the limit', 'mail'),
    ).toBe(true)
  })

  it('a transaction too many at once lowers the number of connections, to no less than one', async () => {
    const { governor, permitFor } = await governorStage({ connections: 3 })
    const text = '432 4.3.2 Concurrent connections limit exceeded.'
    for (const allowed of [2, 1, 1]) {
      play(permitFor(), { recipients: [ok], message: text })
      expect(governor.connections()).toBe(allowed)
    }
    expect(governor.state().pauses).toEqual([])
    permitFor()
  })

  it('a transaction is kept out with a reason, a fix and a time, and with nothing of the provider’s text', async () => {
    const { permitFor, transact } = await governorStage()
    transact({ recipients: [ok], message: `${quota} secret-of-the-tenant` })
    expect(() => permitFor()).toThrow(
      expect.objectContaining({
        message:
          'The provider has a daily sending limit, and it is reached (554 5.2.0); it is tried again at 2030-05-01T13:00:00.000Z',
        fix: expect.any(String),
        retryAfterSeconds: 3600,
      }),
    )
  })
})

describe('the registration', () => {
  it('the other mailboxes of a registration are kept from the same mistake at that provider, and not at others', async () => {
    const { clock, governors, transact } = await governorStage()
    const provider = { id: 'exchange', limits: { connections: 2 } }
    const sibling = sendingBy(await governors.of('sibling@example.com', () => provider))
    const stranger = sendingBy(await governors.of('b@example.org', () => ({ ...provider, id: 'google' })))
    transact({ mail: addressBlocked })
    expect(() => sibling.permitFor()).toThrow(expect.objectContaining({ code: 'provider-setup' }))
    stranger.send()
    clock.advance(3600)
    const probe = sibling.permitFor()
    expect(() => transact(delivered)).toThrow('another message finds out')
    play(probe, delivered)
    transact(delivered)
  })
})
