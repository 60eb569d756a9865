import type { ListedGrant } from '../store/ports.ts'
import type { Condition } from './condition.ts'

/** Mailboxes that nothing leaves from until somebody consents again. */
export function lapsedGrants(grants: readonly ListedGrant[]): Condition[] {
  return grants
    .filter(({ state }) => state === 'lapsed')
    .map(
      ({ id, mailbox, providerId, signedInAs }): Condition => ({
        key: `consent-needed ${mailbox}`,
        kind: 'consent-needed',
        // A later lapse is of another grant, and told at once.
        stage: id,
        repeats: true,
        mailbox,
        provider: providerId,
        title: `${mailbox} needs a new consent`,
        text: `The consent for ${mailbox} has lapsed: its provider (${providerId}) no longer accepts it, and no mail leaves from there. Somebody has to sign in${signedInAs === undefined ? '' : ` as ${signedInAs}`} and agree again.`,
      }),
    )
}
