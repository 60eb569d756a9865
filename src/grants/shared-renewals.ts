import type { Clock } from '../base/clock.ts'
import type { GivenTo, Standing } from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { differenceOf } from '../providers/registration.ts'
import type { SharedToken, SharedTokens, Store } from '../store/ports.ts'
import { busyElsewhere } from './failures.ts'
import { type HeldToken, holdToken, isGood, type Moment, momentOf } from './held-token.ts'
import type { MovedOn, Renewal, SharedRenewals, Wish } from './renewal.ts'

interface SharedRenewalsDeps {
  tokens: SharedTokens
  store: Pick<Store, 'grants'>
  refreshMarginFor(providerId: string): number
  registrationOf(providerId: string): GivenTo
  /** The broker's. */
  clock: Clock
}

/** In milliseconds. Whoever has the turn ends it before, unless it is gone. */
const patience = 90_000
/** A refresh that another process has made so lately, in seconds, need not be made again. */
const justNow = 60

/** Loaded where several processes use one database. */
export function createSharedRenewals(deps: SharedRenewalsDeps): SharedRenewals {
  const { tokens, store, refreshMarginFor, registrationOf, clock } = deps

  /** What there is without a request, and whether another process makes one. */
  async function look(mailbox: Mailbox, wish: Wish): Promise<{ found?: Renewal; isTaken: boolean }> {
    const { address, providerId } = mailbox
    const asked = momentOf(clock)
    const { token, failed, isTaken } = await tokens.look(address, wish.refusedToo)
    const standing = await store.grants.standing(address)
    const held = token && heldFrom(token, asked, mailbox, standing)
    if (held && held.token.remainingSeconds() > 0 && !isRefused(held, wish)) {
      const isWanted = wish.anew ? held.token.ageSeconds() < justNow : isGood(held, wish.minimumLife)
      if (isWanted) return { found: { kind: 'fresh', held, provider: providerId, isShared: true }, isTaken }
      wish.seen(held)
    }
    const isOfNow = failed !== undefined && failed.grantId === standing?.grant?.id
    return { ...(isOfNow && { found: { kind: 'held-back', failure: failed.failure } }), isTaken }
  }

  /** Undefined where it is not of the grant that the mailbox has, or of another registration than there is. */
  function heldFrom(
    { secret, grantId, ageSeconds, lifeSeconds, scopes, givenTo, warning }: SharedToken,
    asked: Moment,
    { providerId }: Mailbox,
    standing: Standing | undefined,
  ): HeldToken | undefined {
    const grant = standing?.grant
    if (grant?.state !== 'active' || grant.id !== grantId || grant.providerId !== providerId) return undefined
    if (givenTo && differenceOf(givenTo, registrationOf(providerId))) return undefined
    const age = ageSeconds * 1000
    const issued = { now: asked.now - age, monotonic: asked.monotonic - age }
    const personal = grant.flow !== 'client-credentials' && grant.flow !== 'service-account'
    const fresh = {
      ...{ secret, scopes, expiresInSeconds: lifeSeconds },
      grant: { id: grantId, providerId, personal },
      ...(warning && { warning }),
    }
    return holdToken(clock, issued, fresh, refreshMarginFor(providerId))
  }

  return {
    async instead(mailbox, wish) {
      const { address } = mailbox
      const begun = clock.monotonic()
      for (;;) {
        const { found, isTaken } = await look(mailbox, wish)
        if (found || !isTaken) return found
        if (!wish.isAwaited() || clock.monotonic() - begun > patience)
          return { kind: 'held-back', failure: busyElsewhere(address) }
        await tokens.ended(address)
      }
    },

    async inTurn(mailbox, wish, ask) {
      const turn = await tokens.take(mailbox.address, wish.refusedToo)
      if (!turn) return { kind: 'moved-on' }
      let outcome: Renewal | MovedOn | undefined
      try {
        // Whoever had the turn before may have got one since.
        outcome = (await look(mailbox, wish)).found ?? (await ask(turn))
        return outcome
      } finally {
        // A rotation that is not stored yet keeps the turn.
        if (outcome?.kind !== 'unstored') await tokens.giveBack(turn, failureIn(outcome))
      }
    },

    giveBack: (turn) => tokens.giveBack(turn),
    put: (issued) => tokens.put(issued),
    follow: (see) => tokens.follow(see),
  }
}

function isRefused({ token }: HeldToken, { refused }: Wish): boolean {
  return refused?.reveal() === token.secret.reveal()
}

function failureIn(outcome: Renewal | MovedOn | undefined) {
  if (outcome?.kind !== 'failed' || outcome.grantId === undefined) return undefined
  return { grantId: outcome.grantId, failure: outcome.failure }
}
