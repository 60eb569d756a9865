import type { Clock } from '../base/clock.ts'
import type { TokenStates, TokenTrouble } from '../grants/token-broker.ts'
import type { Condition, Conditions } from './condition.ts'

/** What passes by itself within this time is nobody's business. */
const lastingMilliseconds = 3_600_000

/** Mailboxes and registrations that have got no access token for an hour. */
export function lastingTrouble(tokens: Pick<TokenStates, 'troubles'>, clock: Pick<Clock, 'now'>): Conditions {
  return async () =>
    tokens
      .troubles()
      .filter(({ since }) => clock.now() - since >= lastingMilliseconds)
      .map(conditionOf)
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
    text: `This has been so since ${new Date(trouble.since).toISOString()}: ${trouble.reason}. ${trouble.fix ?? ''}`.trim(),
  }
}
