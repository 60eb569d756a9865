import { describe, expect, it } from 'vitest'
import { governorStage, hear, mailbox, ok, play, type Script } from './governor-stage.ts'

const noSuchUser = '550 5.1.1 No such user here'
const later = '451 4.3.0 Try again later'
const sendAsDenied = '550 5.7.60 SMTP; Client does not have permissions to send as this sender'

describe('the recipients of a transaction', () => {
  it.each<[string, Script, number]>([
    ['count when the message is accepted', { recipients: [ok, ok], message: ok }, 2],
    ['count only as far as they were accepted', { recipients: [ok, noSuchUser, later], message: ok }, 1],
    ['are given back when the message is refused', { recipients: [ok, ok], message: '554 5.6.0 No' }, 0],
    ['are given back when DATA is put off', { recipients: [ok], message: '451 4.3.0 Later' }, 0],
    ['are given back when the client gives up', { recipients: [ok, ok] }, 0],
    ['are given back when MAIL is refused', { mail: '550 5.7.1 No', recipients: [] }, 0],
  ])('recipients %s', async (_, script, sent) => {
    const { governor, permitFor } = await governorStage({ recipientsPerDay: 3 })
    play(permitFor(), script)
    expect(governor.state().recipientsLastDay).toBe(sent)
    const rest = permitFor()
    rest.reserve(3 - sent)
    expect(() => rest.reserve(1)).toThrow(expect.objectContaining({ code: 'limit-reached' }))
  })

  it('recipients count when nobody knows what became of the message', async () => {
    const { governor, permitFor } = await governorStage()
    const permit = permitFor()
    permit.reserve(3)
    for (const text of [ok, ok, noSuchUser]) hear(permit, text, 'recipient')
    permit.end('unknown')
    expect(governor.state().recipientsLastDay).toBe(2)
  })

  it('recipients are taken group by group, and a group that is too large leaves those before as they are', async () => {
    const { governor, permitFor } = await governorStage({ recipientsPerDay: 5 })
    const permit = permitFor()
    permit.reserve(2)
    permit.reserve(2)
    expect(() => permit.reserve(2)).toThrow(expect.objectContaining({ code: 'limit-reached' }))
    permit.reserve(1)
    for (let number = 0; number < 5; number += 1) hear(permit, ok, 'recipient')
    hear(permit, ok, 'message')
    permit.end('answered')
    expect(governor.state().recipientsLastDay).toBe(5)
  })

  it('recipients of two transactions at once are no more than the day allows', async () => {
    const { permitFor } = await governorStage({ recipientsPerDay: 10 })
    const [one, two] = [permitFor(), permitFor()]
    one.reserve(6)
    expect(() => two.reserve(5)).toThrow(
      expect.objectContaining({
        code: 'limit-reached',
        message: expect.stringContaining('0 recipients in 24 hours and 6 under way'),
      }),
    )
    one.end('not-sent')
    two.reserve(10)
  })

  it('recipients are settled once, however often the end is told', async () => {
    const { governor, permitFor } = await governorStage({ recipientsPerDay: 2 })
    const permit = permitFor()
    permit.reserve(1)
    hear(permit, ok, 'recipient')
    hear(permit, ok, 'message')
    permit.end('answered')
    permit.end('unknown')
    permit.end('not-sent')
    expect(governor.state().recipientsLastDay).toBe(1)
    const next = permitFor()
    next.reserve(1)
    expect(() => next.reserve(1)).toThrow()
  })
})

describe('a transaction that the provider refuses', () => {
  /** Whether the program has to wait after so many of them. */
  async function waitsAfter(times: number, script: Script, between?: Script): Promise<boolean> {
    const { governor, transact } = await governorStage()
    for (let number = 0; number < times; number += 1) {
      if (between && number > 0) transact(between)
      transact(script)
    }
    return governor.state().pauses.some(({ about }) => about === 'program')
  }

  it.each<[string, Script, number]>([
    ['MAIL', { mail: '550 5.7.1 No' }, 10],
    ['DATA or the message', { recipients: [ok], message: '554 5.6.0 No' }, 10],
    ['the sender, at MAIL', { mail: sendAsDenied }, 3],
    ['the sender, at the end', { recipients: [ok], message: '554 5.2.252 SendAsDenied; no' }, 3],
  ])('a refusal of the whole, at %s, counts', async (_, script, most) => {
    expect(await waitsAfter(most - 1, script)).toBe(false)
    expect(await waitsAfter(most, script)).toBe(true)
    expect(await waitsAfter(most, script, { recipients: [ok], message: ok })).toBe(false)
  })

  it.each<[string, Script]>([
    ['for its recipients alone', { recipients: [noSuchUser, noSuchUser] }],
    ['in part', { recipients: [ok, noSuchUser], message: ok }],
    ['in part, and the client gives up', { recipients: [ok, noSuchUser] }],
    ['in part for a while', { recipients: [later, noSuchUser] }],
    ['for a while, at MAIL', { mail: later }],
    ['for a while, at a recipient', { recipients: ['450 4.2.1 Busy'] }],
    ['for a while, at the end', { recipients: [ok], message: later }],
    ['because it has forgotten our sign-in', { mail: '530 5.7.0 Authentication required' }],
    ['because it has forgotten our sign-in, at a recipient', { recipients: ['530 5.7.0 Sign in'] }],
    ['because it has forgotten our sign-in, in other words', { mail: '550 5.7.57 Not authenticated' }],
    ['because it does not believe our sign-in', { mail: '535 5.7.8 Not accepted' }],
  ])('a refusal %s does not count', async (_, script) => {
    expect(await waitsAfter(30, script)).toBe(false)
  })

  it('a refusal does not count when nobody knows what became of the message', async () => {
    const { governor, permitFor } = await governorStage()
    for (let number = 0; number < 30; number += 1) {
      const permit = permitFor()
      hear(permit, noSuchUser, 'recipient')
      permit.end('unknown')
    }
    expect(governor.state().pauses).toEqual([])
  })

  it('refusals stop the program that repeats the message, and no other one of the same sender, which is not in its way either', async () => {
    const { clock, governor, transact } = await governorStage()
    const bad = { recipients: [ok], message: '554 5.6.0 No' }
    for (let number = 0; number < 10; number += 1) transact(bad)
    const good = { recipients: [ok], message: ok }
    for (let tries = 0; tries < 50; tries += 1) {
      expect(() => transact(bad, 'printer')).toThrow('everything that one program')
      transact(good, 'cron')
      clock.advance(5)
    }
    expect(governor.state().pauses).toMatchObject([{ about: 'program', sender: mailbox, login: 'printer' }])
    clock.advance(50)
    transact(good, 'printer')
    expect(governor.state().pauses).toEqual([])
  })

  it('the sender does not wait when the trouble is the mailbox’s', async () => {
    const { clock, governor, transact } = await governorStage()
    for (let number = 0; number < 12; number += 1) {
      transact({ recipients: [ok], message: '550 5.4.5 Daily user sending limit exceeded.' })
      clock.advance(3600)
    }
    expect(governor.state().pauses).toMatchObject([{ about: 'mailbox' }])
  })
})

describe('what a provider says to each recipient of one message', () => {
  it('a refusal counts once where it is about the sender', async () => {
    const { governor, transact } = await governorStage()
    const recipients = [sendAsDenied, sendAsDenied, sendAsDenied]
    transact({ recipients })
    transact({ recipients })
    expect(governor.state().pauses).toEqual([])
    transact({ recipients })
    expect(governor.state().pauses).toMatchObject([{ about: 'program' }])
  })

  it('the number of connections is lowered once', async () => {
    const { governor, transact } = await governorStage({ connections: 5 })
    const tooMany = '432 4.3.2 Concurrent connections limit exceeded'
    transact({ recipients: [tooMany, tooMany, tooMany] })
    expect(governor.connections()).toBe(4)
  })
})
