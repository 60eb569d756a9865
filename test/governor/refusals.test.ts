import { describe, expect, it } from 'vitest'
import { Header, Origin, type Probes } from '../../src/governor/breakers.ts'
import { createRefusals } from '../../src/governor/refusals.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { head, reply } from './governor-stage.ts'

const mailbox = 'me@example.com'
const printer = new Origin({ sender: 'alias@example.com', login: 'printer', source: '192.0.2.1' })
const cron = new Origin({ ...printer, login: 'cron' })
const elsewhere = new Origin({ ...printer, source: '192.0.2.2' })
const other = new Origin({ ...printer, sender: 'other@example.com' })

const ownHeader = new Header(head([mailbox]))

type Kind = 'refused' | 'senderRefused'

function stage() {
  const clock = createManualClock()
  const log = createRecordingLog()
  const refusals = createRefusals({ mailbox, limits: () => ({ connections: 1 }), clock, log })
  const none: Probes = new Map()
  return {
    clock,
    log,
    refusals,
    waits: (origin: Origin) => refusals.ofTransaction(origin).some((breaker) => breaker.blockedBy()),
    strike(kind: Kind, times: number, origin = printer) {
      for (let number = 0; number < times; number += 1) refusals[kind](origin, reply('550 5.6.0 No'), none)
    },
  }
}

describe('refusals in a row', () => {
  it.each<[Kind, number, number]>([
    ['senderRefused', 3, 600],
    ['refused', 10, 300],
  ])('refusals of kind %s make a wait when there are %i of them, for %i seconds', (kind, most, seconds) => {
    const { clock, waits, strike } = stage()
    strike(kind, most - 1)
    expect(waits(printer)).toBe(false)
    strike(kind, 1)
    expect(waits(printer)).toBe(true)
    clock.advance(seconds - 1)
    expect(waits(printer)).toBe(true)
    clock.advance(1)
    expect(waits(printer)).toBe(false)
  })

  it.each<[Kind, number]>([
    ['senderRefused', 3],
    ['refused', 10],
  ])('refusals of kind %s do not count when a success is between them', (kind, most) => {
    const { refusals, waits, strike } = stage()
    strike(kind, most - 1)
    refusals.accepted(printer, ownHeader)
    strike(kind, most - 1)
    expect(waits(printer)).toBe(false)
    strike(kind, 1)
    expect(waits(printer)).toBe(true)
  })

  it.each([
    [[0, 300, 600], true],
    [[0, 300, 601], false],
    [[0, 400, 700, 900], true],
    [[0, 599, 1198, 1797], false],
  ])('refusals count within any ten minutes: at seconds %j: %s', (times, wait) => {
    const { clock, waits, strike } = stage()
    let now = 0
    for (const time of times) {
      clock.advance(time - now)
      now = time
      strike('senderRefused', 1)
    }
    expect(waits(printer)).toBe(wait)
  })

  it('refusals of the sender address stop every login that sends as it, in whatever case, and no other address', () => {
    const { waits, strike } = stage()
    strike('senderRefused', 2)
    strike('senderRefused', 1, new Origin({ ...cron, sender: 'ALIAS@example.com' }))
    expect(waits(printer)).toBe(true)
    expect(waits(new Origin({ ...elsewhere, sender: 'Alias@Example.Com' }))).toBe(true)
    expect(waits(other)).toBe(false)
  })

  it('refusals of the mailbox’s own address stop the one program that goes on, and nobody else', () => {
    const { refusals, waits, strike } = stage()
    const own = new Origin({ ...printer, sender: 'Me@example.com' })
    strike('senderRefused', 3, own)
    expect(waits(own)).toBe(true)
    for (const one of [cron, elsewhere]) expect(waits(new Origin({ ...one, sender: mailbox }))).toBe(false)
    expect(refusals.states()).toMatchObject([{ about: 'program', login: 'printer', source: '192.0.2.1' }])
  })

  it('other refusals stop the login that causes them, and no other one with the same sender', () => {
    const { waits, strike } = stage()
    strike('refused', 10)
    expect(waits(printer)).toBe(true)
    for (const one of [cron, elsewhere, other]) expect(waits(one)).toBe(false)
    strike('refused', 9, cron)
    expect(waits(cron)).toBe(false)
  })

  it.each<[Kind, number, number[]]>([
    ['senderRefused', 3, [600, 1200, 2400, 3600, 3600]],
    ['refused', 10, [300, 600, 1200, 2400, 3600, 3600]],
  ])('one more refusal of kind %s by the probe is enough to wait on', (kind, most, waitsSeconds) => {
    const { clock, refusals, strike } = stage()
    strike(kind, most)
    for (const seconds of waitsSeconds) {
      const [breaker] = refusals.ofTransaction(printer)
      expect(breaker?.remaining()).toBe(seconds * 1000)
      clock.advance(seconds)
      const probe = breaker?.enter()
      if (!breaker || !probe) throw new Error('no probe')
      refusals[kind](printer, reply('550 5.6.0 No'), new Map([[breaker, probe]]))
    }
  })

  it('refusals are shown with the sender and a reason, in which a long address is cut', () => {
    const { refusals, strike } = stage()
    const sender = `${'a'.repeat(64)}@${'b'.repeat(185)}.org`
    strike('senderRefused', 3, new Origin({ ...printer, sender }))
    strike('refused', 10, new Origin({ ...printer, sender }))
    expect(refusals.states()).toMatchObject([
      {
        about: 'sender',
        sender,
        failure: { id: 'sending.sender-not-let' },
        reason: expect.stringContaining('send as aaa'),
      },
      {
        about: 'program',
        sender,
        failure: { id: 'sending.all-refused' },
        reason: expect.stringContaining('550 5.6.0'),
      },
    ])
    for (const { reason } of refusals.states()) expect(reason.length).toBeLessThan(298)
  })

  it('refusals of the empty sender are told as well', () => {
    const { refusals, strike } = stage()
    strike('refused', 10, new Origin({ sender: '', login: 'printer' }))
    expect(refusals.states()).toMatchObject([
      { sender: '', reason: expect.stringContaining('the empty sender') },
    ])
  })

  it.each(['accepted', 'reset'] as const)('refusals are over with %s, and the log says so once', (end) => {
    const { log, refusals, waits, strike } = stage()
    strike('senderRefused', 5)
    if (end === 'accepted') refusals.accepted(printer, ownHeader)
    else refusals.reset()
    expect(waits(printer)).toBe(false)
    expect(refusals.states()).toEqual([])
    expect(log.lines.map(({ message }) => message)).toEqual([
      'nothing is sent for a while',
      'sending goes on',
    ])
  })

  it('refusals of the last thousand senders only are remembered', () => {
    const { waits, strike } = stage()
    strike('senderRefused', 3)
    for (let number = 0; number < 999; number += 1)
      strike('senderRefused', 1, new Origin({ ...printer, sender: `${number}@example.com` }))
    expect(waits(printer)).toBe(true)
    for (let number = 0; number < 1000; number += 1)
      strike('senderRefused', 1, new Origin({ ...printer, sender: `${number}@example.org` }))
    expect(waits(printer)).toBe(false)
  })
})
