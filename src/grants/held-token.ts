import type { Clock } from '../base/clock.ts'
import type { AccessToken, FreshToken } from './token-broker.ts'

/** An access token with what the broker knows of its life. */
export interface HeldToken {
  token: AccessToken
  /** In seconds, when it was issued. */
  lifeSeconds: number
  /** With less than this left, it is renewed before use. In seconds. */
  renewBelowSeconds: number
  /** It replaced a token that its provider had refused. */
  isReplacement?: true
}

/** A moment on both clocks. */
export interface Moment {
  now: number
  monotonic: number
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() }
}

/**
 * @param asked when the request left: the provider counts from before its answer arrived
 * @param marginSeconds the provider's own margin, beside the general rule
 */
export function holdToken(clock: Clock, asked: Moment, fresh: FreshToken, marginSeconds = 0): HeldToken {
  const { secret, grant, scopes, expiresInSeconds: lifeSeconds, warning } = fresh
  const ageSeconds = () => (clock.monotonic() - asked.monotonic) / 1000
  return {
    token: {
      secret,
      grant,
      scopes,
      ...(warning !== undefined && { warning }),
      ageSeconds,
      remainingSeconds: () => lifeSeconds - ageSeconds(),
      expiresAt: asked.now + lifeSeconds * 1000,
    },
    lifeSeconds,
    // Ten minutes or a fifth of its life ahead. But a short-lived token serves for half of its
    // life, otherwise every use would renew it.
    renewBelowSeconds: Math.min(Math.max(600, 0.2 * lifeSeconds, marginSeconds), lifeSeconds / 2),
  }
}

/** Whether a token is handed out as it is. */
export function isGood(held: HeldToken, minimumLife: number | undefined): boolean {
  const remaining = held.token.remainingSeconds()
  if (remaining >= Math.max(held.renewBelowSeconds, attainable(held, minimumLife))) return true
  // A request for nearly the whole life must not renew at every call: this token is as fresh as
  // they come.
  return remaining > 0 && held.token.ageSeconds() < Math.min(60, held.lifeSeconds / 2)
}

/**
 * Whether a token serves while no fresher one can be had: it is valid, and for as long as was asked
 * for.
 */
export function serves(held: HeldToken, minimumLife: number | undefined): boolean {
  const remaining = held.token.remainingSeconds()
  return remaining > 0 && remaining >= attainable(held, minimumLife)
}

/**
 * No token satisfies a request for more than the life of a new one: half of that life counts then.
 */
function attainable({ lifeSeconds }: HeldToken, minimumLife = 0): number {
  return minimumLife > lifeSeconds ? lifeSeconds / 2 : minimumLife
}
