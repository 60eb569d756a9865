import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import type { MailboxStatus, SendingStatus } from '../../src/mailboxes/mailboxes.ts'
import type { Rehearsal } from '../../src/upstream/submission.ts'
import { dryRunOf } from '../../src/web/api/dry-run.ts'

const me = 'me@example.com'

const rehearsed: Rehearsal = {
  mailbox: me,
  sender: me,
  recipients: [{ recipient: 'a@example.com' }, { recipient: 'b@example.com' }],
  size: 100,
  needsApproval: false,
  problems: [],
}

const sending: SendingStatus = {
  connections: { open: 0, inUse: 0, allowed: 3, limit: 3 },
  waiting: 0,
  messagesLastMinute: 0,
  recipientsLastDay: 8,
  recipientsPerDay: 10,
  pauses: [],
}

const pause = {
  since: '2030-05-01T12:00:00.000Z',
  until: '2030-05-01T13:00:00.000Z',
  reason: 'The provider wants quiet.',
}

function dryRun(mailbox: Partial<MailboxStatus> = {}, over: Partial<Rehearsal> = {}) {
  const usual = { address: me, provider: 'example', state: 'active', condition: 'ok', sending } as const
  return dryRunOf({ ...rehearsed, ...over }, { show: async () => ({ ...usual, ...mailbox }) })
}

describe('a dry run', () => {
  it('of a message that nothing keeps back says so', async () => {
    expect(await dryRun()).toMatchObject({
      wouldSend: true,
      mailbox: me,
      provider: 'example',
      grant: 'active',
      mailboxLimits: { recipientsLastDay: 8, recipientsPerDay: 10 },
      problems: [],
    })
  })

  it.each(['absent', 'lapsed'] as const)('says that the consent is %s', async (state) => {
    expect(await dryRun({ state })).toMatchObject({
      wouldSend: false,
      grant: state,
      problems: [{ failure: `grant.${state}`, code: 'consent-needed', fix: expect.any(String) }],
    })
  })

  it.each([
    ['the mailbox', { about: 'mailbox' as const }, false],
    ['this sender', { about: 'sender' as const, sender: me }, false],
    ['another sender', { about: 'sender' as const, sender: 'you@example.com' }, true],
    ['another program', { about: 'program' as const, login: 'printer' }, true],
  ])('while %s waits, says whether this message does', async (_what, about, wouldSend) => {
    const answer = await dryRun({ sending: { ...sending, pauses: [{ ...pause, ...about }] } })
    expect(answer.wouldSend).toBe(wouldSend)
    expect(answer.problems).toEqual(
      wouldSend
        ? []
        : [
            {
              failure: 'sending.paused',
              code: 'limit-reached',
              detail: 'The provider wants quiet.',
              until: pause.until,
            },
          ],
    )
  })

  it('says that the day has no more room for so many', async () => {
    expect(await dryRun({ sending: { ...sending, recipientsLastDay: 9 } })).toMatchObject({
      problems: [{ failure: 'sending.recipients-used-up', code: 'limit-reached' }],
    })
  })

  it('without a mailbox has what the sender is refused for, and asks for none', async () => {
    const { mailbox: _mailbox, sender: _sender, ...rest } = rehearsed
    const refusal = failure('sender.not-allowed', { sender: 'ceo@example.com' })
    const asked: string[] = []
    const show = async (address: string) => {
      asked.push(address)
      throw new Error('asked')
    }
    expect(await dryRunOf({ ...rest, problems: [refusal] }, { show })).toMatchObject({
      wouldSend: false,
      problems: [{ failure: 'sender.not-allowed', code: 'sender-refused', detail: refusal.message }],
    })
    expect(asked).toEqual([])
  })
})
