import type { Clock } from '../base/clock.ts'
import type { TokenStates, TokenTrouble } from '../grants/token-broker.ts'
import type { Condition, Conditions } from './condition.ts'
import { many, named } from './many-mailboxes.ts'

/** What passes by itself within this time is nobody's business. */
const lastingMilliseconds = 3_600_000

/** Mailboxes and registrations that have got no access token for an hour. */
export function lastingTrouble(tokens: Pick<TokenStates, 'troubles'>, clock: Pick<Clock, 'now'>): Conditions {
  return async () => {
    const lasting = tokens.troubles().filter(({ since }) => clock.now() - since >= lastingMilliseconds)
    const reasons = new Set(lasting.map(({ reason }) => reason))
    const common = [...reasons]
      .map((reason) => lasting.filter(isOfMailbox).filter((trouble) => trouble.reason === reason))
      .filter(({ length }) => length >= many)
    const inOne = new Set<TokenTrouble>(common.flat())
    return [...common.map(commonOf), ...lasting.filter((trouble) => !inOne.has(trouble)).map(conditionOf)]
  }
}

type MailboxTrouble = Extract<TokenTrouble, { mailbox: string }>

function isOfMailbox(trouble: TokenTrouble): trouble is MailboxTrouble {
  return 'mailbox' in trouble
}

/** For the same reason, which names none of them: that is one trouble. */
function commonOf(troubles: readonly MailboxTrouble[]): Condition {
  const { reason = '', fix } = troubles[0] ?? {}
  const since = Math.min(...troubles.map((trouble) => trouble.since))
  return {
    key: `trouble mailboxes ${reason}`,
    kind: 'trouble',
    stage: '',
    repeats: true,
    title: `${troubles.length} mailboxes get no access token`,
    text: `${sinceWhen({ since, reason, fix })} Mailboxes: ${named(troubles.map(({ mailbox }) => mailbox))}.`,
  }
}

function sinceWhen({ since, reason, fix = '' }: { since: number; reason: string; fix?: string | undefined }) {
  return `This has been so since ${new Date(since).toISOString()}: ${reason}. ${fix}`.trim()
}

function conditionOf(trouble: TokenTrouble): Condition {
  const subject = 'provider' in trouble ? trouble.provider : trouble.mailbox
  const whole = 'provider' in trouble
  return {
    key: `trouble ${whole ? 'registration' : 'mailbox'} ${subject}`,
    kind: 'trouble',
    stage: '',
    repeats: true,
    ...(whole ? { provider: subject } : { mailbox: subject }),
    title: whole ? `No mailbox of ${subject} gets an access token` : `${subject} gets no access token`,
    text: sinceWhen(trouble),
  }
}
