import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { governorStage, ok } from './governor-stage.ts'

const quota = '550 5.4.5 Daily user sending limit exceeded. ya29-AQx0Wc9Zt3mKpYf2QADW6jl31mB3T7ugrWTT8pFe'
const rate = '421 4.4.2 Message submission rate for this client has exceeded the configured limit'

describe('the delay before the next message', () => {
  it('the delay is that of the pace', async () => {
    const { governor } = await governorStage({ messagesPerMinute: 4 })
    expect(governor.delay()).toBe(0)
    governor.recordSend()
    expect(governor.delay()).toBe(15_000)
  })

  it('the delay is that of the mailbox’s wait for those who were let in before, and nothing once one may find out', async () => {
    const { clock, governor, permitFor, transact } = await governorStage({ messagesPerMinute: 4 })
    permitFor()
    transact({ mail: rate })
    governor.recordSend()
    expect(governor.delay()).toBe(60_000)
    clock.advance(59)
    expect(governor.delay()).toBe(1000)
    clock.advance(1)
    permitFor()
    expect(governor.delay()).toBe(0)
  })

  it('the delay is that of the registration’s wait as well', async () => {
    const { governor, transact } = await governorStage()
    transact({ mail: '550 5.7.708 Access denied' })
    expect(governor.delay()).toBe(3_600_000)
  })
})

describe('the state', () => {
  it('the state of a new mailbox shows its limits and nothing else', async () => {
    const { governor } = await governorStage()
    expect(governor.state()).toEqual({
      connections: { allowed: 2, limit: 2 },
      messagesLastMinute: 0,
      recipientsLastDay: 0,
      pauses: [],
    })
  })

  it('the state shows rates and days with their limits, and the connections that are allowed now', async () => {
    const { governor, transact } = await governorStage({ messagesPerMinute: 30, recipientsPerDay: 100 })
    governor.recordSend()
    transact({ recipients: [ok, ok], message: ok })
    transact({ recipients: [ok], message: '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded' })
    expect(governor.state()).toEqual({
      connections: { allowed: 1, limit: 2 },
      messagesLastMinute: 1,
      messagesPerMinute: 30,
      recipientsLastDay: 2,
      recipientsPerDay: 100,
      pauses: [],
    })
  })

  it('the state shows every pause with time, reason and fix', async () => {
    const { clock, governor, permitFor, transact } = await governorStage()
    const now = clock.now()
    const slow = permitFor()
    for (let number = 0; number < 3; number += 1)
      transact({ mail: '550 5.7.60 SMTP; no' }, 'printer', 'other@example.com')
    transact({ recipients: [ok], message: quota })
    slow.onReply({ code: 550, lines: ['5.7.708 Access denied'] }, 'mail')
    governor.connectBreaker.failed(failureAs('provider-setup', 'smtp.example.com refused the sign-in'), 0)
    const fix = expect.stringMatching(/\.$/)
    const inAnHour = { since: now, until: now + 3_600_000, fix }
    const byId = (id: string) => expect.objectContaining({ id })
    expect(governor.state().pauses).toEqual([
      {
        about: 'registration',
        ...inAnHour,
        reason: 'The provider takes nothing from the network address of this machine (550 5.7.708).',
        said: '5.7.708 Access denied',
        failure: byId('sending.address-blocked'),
      },
      {
        about: 'mailbox',
        ...inAnHour,
        reason: 'The provider has a daily sending limit, and it is reached (550 5.4.5).',
        said: '5.4.5 Daily user sending limit exceeded. [hidden]',
        failure: byId('sending.quota-reached'),
      },
      {
        about: 'sender',
        sender: 'other@example.com',
        since: now,
        until: now + 600_000,
        reason:
          'The provider does not let this mailbox send as other@example.com (550 5.7.60), again and again.',
        fix,
        failure: byId('sending.sender-not-let'),
      },
      {
        about: 'sign-in',
        since: now,
        until: now + 5000,
        reason: 'smtp.example.com refused the sign-in.',
        failure: byId('postern.fault'),
      },
    ])
  })

  it('neither the state nor the log holds a token that the provider repeats', async () => {
    const { log, governor, transact } = await governorStage()
    transact({ recipients: [ok], message: quota })
    expect(JSON.stringify([governor.state(), log.lines])).not.toContain('ya29')
  })

  it('reasons have 300 characters at most, however long sender and host are', async () => {
    const { governor, transact } = await governorStage()
    const sender = `${'s'.repeat(64)}@${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(61)}`
    expect(sender).toHaveLength(254)
    for (let number = 0; number < 10; number += 1)
      transact({ recipients: [ok], message: '554 5.6.0 No' }, 'printer', sender)
    for (let number = 0; number < 3; number += 1)
      transact(
        { recipients: [ok], message: `554 5.2.252 SendAsDenied; ${sender} as x${sender}`, from: [sender] },
        'web',
      )
    for (let number = 0; number < 3; number += 1) transact({ mail: '550 5.7.60 No' }, 'cron', sender)
    const message = `${'h'.repeat(250)} refused the sign-in for ${sender} (535 5.7.3)`
    governor.connectBreaker.failed(failureAs('provider-setup', message, { fix: 'Repair it.' }), 0)
    const { pauses } = governor.state()
    expect(pauses.map(({ about }) => about)).toEqual(['sender', 'program', 'program', 'sign-in'])
    for (const { reason } of pauses) {
      expect(reason.length).toBeLessThanOrEqual(300)
      expect(reason).toMatch(/\.$/)
    }
    expect(pauses[0]?.sender).toBe(sender)
  })
})

describe('a reset', () => {
  it('a reset forgets what the provider said of this mailbox, and keeps rate, day and what it said of the registration', async () => {
    const { governor, send, transact } = await governorStage({ messagesPerMinute: 4, connections: 3 })
    send()
    governor.recordSend()
    transact({ recipients: [ok], message: '432 4.3.2 Concurrent connections limit exceeded' })
    for (let number = 0; number < 3; number += 1)
      transact({ mail: '550 5.7.60 No' }, 'printer', 'other@example.com')
    governor.connectBreaker.failed(failureAs('provider-setup', 'No'), 0)
    transact({ recipients: [ok], message: quota })
    governor.reset()
    expect(governor.state()).toMatchObject({
      connections: { allowed: 3 },
      messagesLastMinute: 1,
      recipientsLastDay: 1,
      pauses: [],
    })
    expect(governor.connectBreaker.blockedBy()).toBeUndefined()
    expect(governor.connectBreaker.probing()).toBe(false)
    expect(governor.delay()).toBe(15_000)
    transact({ recipients: [ok], message: ok }, 'printer', 'other@example.com')
    transact({ mail: '550 5.7.708 Access denied' })
    governor.reset()
    expect(() => send()).toThrow(expect.objectContaining({ code: 'provider-setup' }))
  })

  it('a reset in the middle of a probe lets the others through at once', async () => {
    const { clock, governor, permitFor, send, transact } = await governorStage()
    transact({ recipients: [ok], message: quota })
    clock.advance(3600)
    const probe = permitFor()
    expect(() => permitFor()).toThrow()
    governor.reset()
    send()
    probe.end('not-sent')
    expect(governor.state()).toMatchObject({ recipientsLastDay: 1, pauses: [] })
  })
})
