import { describe, expect, it } from 'vitest'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import { presetOf } from '../../src/providers/presets/presets.ts'
import type { ProviderLimits } from '../../src/providers/provider.ts'
import { governorStage, ok } from './governor-stage.ts'

const unknown = [
  '550 5.1.1 No such user here',
  '550 5.1.10 RESOLVER.ADR.RecipientNotFound',
  '550 No such user',
]
const exchange = microsoft('common').limits

async function sendingTo(limits: Partial<ProviderLimits> = {}) {
  const stage = await governorStage(limits)
  const unknownTo = (times: number, text = unknown[0] ?? '') => {
    for (let number = 0; number < times; number += 1) stage.transact({ recipients: [text] })
  }
  return { ...stage, unknownTo }
}

describe('recipients that the provider does not know', () => {
  it.each(unknown)(
    'unknown recipients stop nobody at a provider that minds none of them: %s',
    async (text) => {
      const { governor, send, unknownTo } = await sendingTo()
      unknownTo(100, text)
      for (let number = 0; number < 19; number += 1) send()
      expect(governor.state().pauses).toEqual([])
    },
  )

  it.each([
    '550 5.2.1 The account is disabled',
    '550 5.7.1 Relaying denied',
    '554 5.4.1 Recipient address rejected: Access denied',
    '552 5.2.2 Mailbox full',
  ])('other refusals of recipients stop nobody anywhere: %s', async (text) => {
    const { governor, send, unknownTo } = await sendingTo(exchange)
    unknownTo(100, text)
    send()
    expect(governor.state().pauses).toEqual([])
  })

  it('unknown recipients count at Exchange as a share: ten among good ones are no matter', async () => {
    const { governor, send, unknownTo } = await sendingTo(exchange)
    unknownTo(10)
    for (let number = 0; number < 19; number += 1) send()
    for (let number = 0; number < 100; number += 1) {
      unknownTo(1)
      send()
      send()
    }
    expect(governor.state().pauses).toEqual([])
  })

  it.each([...unknown])(
    'unknown recipients stop the program there that sends to little else, and it is told why: %s',
    async (text) => {
      const { governor, permitFor, unknownTo } = await sendingTo(exchange)
      unknownTo(19, text)
      permitFor().end('not-sent')
      unknownTo(1, text)
      expect(() => permitFor()).toThrow(
        expect.objectContaining({
          code: 'limit-reached',
          told: expect.stringContaining('the provider does not know 20'),
        }),
      )
      permitFor('cron').end('not-sent')
      permitFor('printer', undefined, '192.0.2.9').end('not-sent')
      expect(governor.state().pauses).toMatchObject([{ about: 'program', login: 'printer' }])
    },
  )

  it('unknown recipients count one by one in a message to many, also when Exchange tells of them behind it', async () => {
    const { governor, transact } = await sendingTo(exchange)
    const recipients = Array.from({ length: 19 }, () => unknown[0] ?? '')
    transact({ recipients: [...recipients, ok], message: ok })
    expect(governor.state().pauses).toEqual([])
    transact({
      recipients: [ok],
      message: '554 5.2.0 STOREDRV.Submission.Exception:InvalidRecipientsException',
    })
    expect(governor.state().pauses).toMatchObject([{ about: 'program' }])
  })

  it('unknown recipients are forgotten after an hour', async () => {
    const { clock, governor, unknownTo } = await sendingTo(exchange)
    unknownTo(19)
    clock.advance(3601)
    unknownTo(19)
    expect(governor.state().pauses).toEqual([])
  })

  it('one transaction finds out after five minutes, and the count starts anew when it is accepted', async () => {
    const { clock, governor, permitFor, send, unknownTo } = await sendingTo(exchange)
    unknownTo(20)
    clock.advance(299)
    expect(() => permitFor()).toThrow()
    clock.advance(1)
    unknownTo(1)
    clock.advance(599)
    expect(() => permitFor()).toThrow()
    clock.advance(1)
    send()
    unknownTo(10)
    expect(governor.state().pauses).toEqual([])
  })

  it('unknown recipients are punished by those providers only that say so', () => {
    for (const id of ['google', 'yahoo', 'fastmail', 'outlook'])
      expect(presetOf(id, undefined)?.limits).not.toHaveProperty('refusedRecipients')
    expect(exchange.refusedRecipients).toEqual({ refused: 20, of: 40 })
  })
})
