import type { Address } from '../base/address.ts'
import type { Gone } from '../base/async.ts'
import { Failure } from '../base/failure.ts'
import type { GovernorState, Pause } from '../governor/governor.ts'
import type { TokenPause, TokenStates } from '../grants/token-broker.ts'
import type { PauseStatus, SendingStatus } from '../mailboxes/mailboxes.ts'
import type { Capabilities } from '../wire/capabilities.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import type { Reply } from '../wire/reply.ts'

/** What the doors need of the provider's side: proof that it accepts us, and transactions. */
export interface Relay {
  /**
   * Resolves when the provider accepts us for this mailbox: a warm verified connection is proof enough, otherwise
   * one is opened and signed in. Opened once however many ask.
   * @throws Failure `consent-needed`, `provider-unavailable`, `provider-setup`, `limit-reached`
   */
  verify(mailbox: Address): Promise<void>
  /**
   * Takes a lease and sends MAIL together with the first recipients (one write where the provider offers PIPELINING).
   * One reply for each recipient, in order, verbatim; when the provider refuses MAIL, its reply answers every recipient
   * and the transaction is over. Parameters that the provider did not offer are dropped. A connection that turns out to be dead is
   * replaced unseen.
   * @param login who sends: those who wait for the same mailbox take turns
   * @param client absent: postern itself
   * @throws Failure as `verify`, and `limit-reached` or `provider-setup` when the governor lets nothing leave, `invalid` when the client has gone before MAIL left; the lease
   * is given back
   */
  begin(
    mailbox: Address,
    mail: MailCommand,
    recipients: readonly RecipientCommand[],
    login: string,
    client?: WaitingClient,
  ): Promise<Begun>
  /** What may be offered to clients: what the provider of this mailbox can do; without one, or before it was asked for
   * anything, the intersection over every provider that there is a mailbox of. */
  capabilities(mailbox?: Address): RelayCapabilities
  /** Which mailboxes there are, or at which providers, is not what it was. Never rejects. */
  refreshCapabilities(): Promise<void>
  /** The mailbox's grant changed or it is gone: its warm connections end after their transaction. */
  drain(mailbox: Address): void
  /** Whatever it waits for after trouble of its own is forgotten, and it is found out at once. @throws Failure as `verify` */
  tryNow(mailbox: Address): Promise<void>
  /** What a mailbox may send now, and what is open for it. @throws Failure `not-found`, `configuration` */
  state(mailbox: Address): Promise<SendingState>
  /** Ends every connection: idle ones with QUIT, leased ones when their transaction is over, or after two seconds. */
  close(): Promise<void>
}

/** For whom something is done. */
export interface WaitingClient {
  /** Where it comes from (`sourceOf`). */
  source: string
  /** As of `Waiter`. */
  inGroups: boolean
  /** Aborted when nobody waits for the answer any more. */
  gone: Gone
}

export type RelayCapabilities = Pick<
  Capabilities,
  'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes'
>

/** For people. */
export interface SendingState extends GovernorState {
  connections: GovernorState['connections'] & { open: number; inUse: number }
  /** Messages that wait for a connection, or for the rate. */
  waiting: number
}

export interface Begun {
  replies: readonly Reply[]
  /** Absent when MAIL was refused: the lease is back already. */
  transaction?: Transaction
}

/** The right to one upstream connection for one mail transaction. Ends by `send` or `reset`, exactly once. */
export interface Transaction {
  /** More recipients, in one write where PIPELINING is offered; one verbatim reply each.
   * @throws Failure `provider-unavailable`, or `limit-reached` as `send` */
  recipients(commands: readonly RecipientCommand[]): Promise<readonly Reply[]>
  /** The client is promised that its message will be taken: from now on nobody gets its connection, however slowly it comes.
   * @throws Failure `limit-reached` when it was silent for so long that others have got it */
  promise(): void
  /**
   * Sends the message and resolves with the provider's final reply (also when it refuses DATA). `message` yields
   * the octets as the client sent them, dot-stuffing included, without the ending `.CRLF`; it is either empty or ends in CRLF. If iterating it throws,
   * the error is thrown on; when octets have left, the upstream connection is destroyed, so that half a message is never taken for a whole one.
   * The lease is given back in every case.
   * @param gone aborted when the client has gone: until the end of the message leaves it is given up then; afterwards nobody can
   * @throws Failure `outcome-unknown` once message octets have left, `provider-unavailable` before, `limit-reached` when the client took so long that others got
   * the connection, `provider-setup` when the provider has refused this program's messages again and again for an address in their header, `invalid` when the client has gone
   */
  send(message: AsyncIterable<Buffer>, gone?: Gone): Promise<Reply>
  /** RSET, and the lease goes back. Never throws. */
  reset(): Promise<void>
}

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
