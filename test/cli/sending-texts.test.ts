import { expect, it } from 'vitest'
import { sendingLines } from '../../src/cli/mailbox.ts'
import { pausedSending } from '../support/sending-status.ts'

it('the text says what a mailbox may send now, and what waits for what', () => {
  expect(sendingLines(pausedSending)).toEqual([
    ['connections', '1 open, 1 in use, 1 allowed (of 2)'],
    ['waiting', '3 messages'],
    ['last minute', '12 of 30 messages'],
    ['last day', '10000 of 10000 recipients, limit frees up at 2026-03-01T12:00:00Z'],
    [
      'paused',
      'the mailbox until 2026-03-01T11:00:00Z, then one try finds out: The provider said that the daily limit is reached (554 5.2.0). Wait, or send less.',
    ],
    [
      'paused',
      'the sender fax@example.com until 2026-03-01T10:10:00Z, then one try finds out: The provider refused this sender (550 5.7.60).',
    ],
  ])
})

it('the text names the program that waits, and where it is', () => {
  const { since, until } = pausedSending.pauses[0] ?? { since: '', until: '' }
  const pause = {
    about: 'program',
    login: 'printer',
    since,
    until,
    reason: 'It was refused.',
    said: '5.7.3 No',
  } as const
  const lines = sendingLines({ ...pausedSending, pauses: [pause, { ...pause, source: '192.0.2.1' }] }).slice(
    -2,
  )
  expect(lines.map(([, text]) => text)).toEqual([
    expect.stringMatching(/^the program printer until .* It was refused\. The provider said: 5\.7\.3 No\.$/),
    expect.stringMatching(/^the program printer at 192\.0\.2\.1 until /),
  ])
})

it('the text names no limit that the provider does not have, and says nothing while nothing runs', () => {
  const {
    messagesPerMinute: _rate,
    recipientsPerDay: _quota,
    recipientsRoomAt: _roomAt,
    ...unlimited
  } = pausedSending
  const free = {
    ...unlimited,
    waiting: 1,
    connections: { open: 2, inUse: 0, allowed: 2, limit: 2 },
    pauses: [],
  }
  expect(sendingLines(free)).toEqual([
    ['connections', '2 open, 0 in use, 2 allowed'],
    ['waiting', '1 message'],
    ['last minute', '12 messages'],
    ['last day', '10000 recipients'],
  ])
  expect(sendingLines(undefined)).toEqual([])
})
