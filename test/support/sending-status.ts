import type { SendingStatus } from '../../src/mailboxes/mailboxes.ts'

/** A mailbox that waits for something of every kind. */
export const pausedSending: SendingStatus = {
  connections: { open: 1, inUse: 1, allowed: 1, limit: 2 },
  waiting: 3,
  messagesLastMinute: 12,
  messagesPerMinute: 30,
  recipientsLastDay: 10_000,
  recipientsPerDay: 10_000,
  recipientsRoomAt: '2026-03-01T12:00:00.000Z',
  pauses: [
    {
      about: 'mailbox',
      since: '2026-03-01T10:00:00.000Z',
      until: '2026-03-01T11:00:00.000Z',
      reason: 'The provider said that the daily limit is reached (554 5.2.0).',
      fix: 'Wait, or send less.',
    },
    {
      about: 'sender',
      sender: 'fax@example.com',
      since: '2026-03-01T10:00:00.000Z',
      until: '2026-03-01T10:10:00.000Z',
      reason: 'The provider refused this sender (550 5.7.60).',
    },
  ],
}
