import type { Address } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import type { TokenPause, TokenStates } from '../grants/token-broker.ts'
import type { PauseStatus, SendingStatus } from '../mailboxes/services.ts'
import type { Relay } from './relay.ts'

/** What a mailbox may send now, as pages, API and command show it. Undefined without a registration at its provider: then nothing leaves at all. */
export function createSendingStatus(relay: Pick<Relay, 'state'>, tokens: Pick<TokenStates, 'state'>) {
  return async (mailbox: Address): Promise<SendingStatus | undefined> => {
    try {
      const [{ pauses, recipientsRoomAt: roomAt, ...state }, { pause }] = await Promise.all([
        relay.state(mailbox),
        tokens.state(mailbox),
      ])
      return {
        ...state,
        ...(roomAt !== undefined && { recipientsRoomAt: new Date(roomAt).toISOString() }),
        pauses: [...pauses.map(shown), ...(pause ? [ofToken(pause)] : [])],
      }
    } catch (error) {
      if (error instanceof Failure && (error.code === 'configuration' || error.code === 'not-found'))
        return undefined
      throw error
    }
  }
}

/** Of one mailbox: `mailbox` would say that nothing leaves it, but warm connections still serve. Its reason is a `Failure`'s, without an end. */
function ofToken(pause: TokenPause): PauseStatus {
  const about = pause.about === 'mailbox' ? 'token' : pause.about
  return { ...shown(pause), about, reason: `${pause.reason}.` }
}

function shown({ since, until, ...rest }: Pause): PauseStatus {
  return { ...rest, since: new Date(since).toISOString(), until: new Date(until).toISOString() }
}
