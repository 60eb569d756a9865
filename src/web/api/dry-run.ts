import type { Answers } from '../../api/answers.ts'
import { type Failure, failure } from '../../base/failure.ts'
import type { ProgramUse } from '../../governor/governor.ts'
import type { Mailboxes, MailboxStatus, PauseStatus } from '../../mailboxes/mailboxes.ts'
import type { Rehearsal } from '../../upstream/submission.ts'

/*
 * What would come of a message, without anything of it being sent or counted. Loaded when somebody
 * asks.
 */

type DryRun = Answers['DryRun']
type Problem = DryRun['problems'][number]

/** @param mailboxes say how the mailbox is that it would leave through */
export async function dryRunOf(rehearsed: Rehearsal, mailboxes: Pick<Mailboxes, 'show'>): Promise<DryRun> {
  const { mailbox: address, sender, givenSender, recipients, size, sizeLimit, needsApproval, use } = rehearsed
  const mailbox = address === undefined ? undefined : await mailboxes.show(address)
  const problems = [...rehearsed.problems.map(said), ...(mailbox ? mailboxProblems(mailbox, rehearsed) : [])]
  return {
    dryRun: true,
    wouldSend: problems.length === 0,
    needsApproval,
    ...(mailbox && { mailbox: mailbox.address, provider: mailbox.provider, grant: mailbox.state }),
    ...(sender !== undefined && { sender }),
    ...(givenSender !== undefined && { givenSender }),
    recipients: recipients.map(({ recipient, refusal }) => ({
      recipient,
      allowed: refusal === undefined,
      ...(refusal && { why: refusal.message }),
    })),
    size,
    ...(sizeLimit !== undefined && { sizeLimit }),
    ...(use && { limits: shownUse(use) }),
    ...(mailbox?.sending && { mailboxLimits: shownSending(mailbox.sending) }),
    problems,
  }
}

function said({ id, code, message, fix, retryAfterSeconds }: Failure): Problem {
  return {
    ...{ failure: id, code, detail: message },
    ...(fix !== undefined && { fix }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds: Math.ceil(retryAfterSeconds) }),
  }
}

/** What keeps the mailbox itself from sending it now. */
function mailboxProblems(mailbox: MailboxStatus, { sender, recipients }: Rehearsal): Problem[] {
  const { state, address, sending } = mailbox
  if (state === 'absent') return [said(failure('grant.absent', { mailbox: address }))]
  if (state === 'lapsed') return [said(failure('grant.lapsed', { mailbox: address }))]
  if (sending === undefined) return []
  const { recipientsPerDay: most, recipientsLastDay: used, pauses } = sending
  const held = pauses.filter((pause) => concerns(pause, sender)).map(saidPause)
  if (most === undefined || used + recipients.length <= most) return held
  const known = { account: address, used, recipients: recipients.length, most }
  return [...held, said(failure('sending.recipients-used-up', known))]
}

/** Those of one program are of one source, which a dry run may not come from. */
function concerns(pause: PauseStatus, sender: string | undefined): boolean {
  return pause.about === 'sender' ? pause.sender === sender : pause.about !== 'program'
}

function saidPause({ reason, fix, until }: PauseStatus): Problem {
  return {
    ...{ failure: 'sending.paused', code: 'limit-reached', detail: reason, until },
    ...(fix !== undefined && { fix }),
  }
}

function shownUse({
  messagesRoomAt,
  recipientsRoomAt,
  ...counted
}: ProgramUse): NonNullable<DryRun['limits']> {
  return {
    ...counted,
    ...(messagesRoomAt !== undefined && { messagesRoomAt: new Date(messagesRoomAt).toISOString() }),
    ...(recipientsRoomAt !== undefined && { recipientsRoomAt: new Date(recipientsRoomAt).toISOString() }),
  }
}

function shownSending(sending: NonNullable<MailboxStatus['sending']>): NonNullable<DryRun['mailboxLimits']> {
  const { messagesLastMinute, messagesPerMinute, recipientsLastDay, recipientsPerDay } = sending
  return {
    ...{ messagesLastMinute, recipientsLastDay },
    ...(messagesPerMinute !== undefined && { messagesPerMinute }),
    ...(recipientsPerDay !== undefined && { recipientsPerDay }),
  }
}
