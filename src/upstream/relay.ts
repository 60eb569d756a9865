import type { Gone } from '../base/async.ts'
import { Failure } from '../base/failure.ts'
import type { GovernorState, LimitedProgram, Pause } from '../governor/governor.ts'
import type { TokenPause, TokenStates } from '../grants/token-broker.ts'
import type { PauseStatus, SendingStatus } from '../mailboxes/mailboxes.ts'
import type { Address, AddressKey, KeyedAddress } from '../model/address.ts'
import type { ProviderTap } from '../traces/traces.ts'
import type { Capabilities, MailCommand, RecipientCommand } from '../wire/envelope.ts'
import type { Reply } from '../wire/reply.ts'

/**
 * The face of this room: what listeners and services need of the provider's side. Proof that the
 * provider accepts us, and mail transactions.
 */
export interface Relay {
  /**
   * Resolves when the provider accepts us for this mailbox. A warm signed-in connection is proof
   * enough; otherwise one is opened and signed in, once for all concurrent callers.
   * @throws Failure `consent-needed`, `provider-unavailable`, `provider-setup`, `limit-reached`
   */
  verify(mailbox: KeyedAddress): Promise<void>
  /**
   * Takes a lease and sends MAIL together with the first recipients (in one write where the
   * provider offers PIPELINING).
   * Resolves with one reply per recipient, in order and verbatim. When the provider refuses MAIL,
   * its reply answers every recipient and the transaction is over. Parameters that the provider did
   * not offer are dropped. A connection that turns out to be dead is replaced without the client
   * noticing.
   * @param login who sends: the logins of a mailbox take turns
   * @param client absent: postern itself sends
   * @throws Failure as `verify`; `limit-reached` or `provider-setup` when the governor lets nothing
   * leave; `invalid` when the client has gone before MAIL left. The lease is given back then.
   */
  begin(
    mailbox: KeyedAddress,
    mail: MailCommand,
    recipients: readonly RecipientCommand[],
    login: string,
    client?: WaitingClient,
  ): Promise<Begun>
  /**
   * What may be offered to clients: what the provider of this mailbox can do. Without a mailbox, or
   * before anything was asked for it: the intersection over all providers that have mailboxes.
   */
  capabilities(mailbox?: AddressKey): RelayCapabilities
  /** Call this when mailboxes were added, removed or moved to another provider. Never rejects. */
  refreshCapabilities(): Promise<void>
  /**
   * Call this when the mailbox's grant changed or the mailbox is gone: its warm connections end
   * after their current transaction.
   */
  drain(mailbox: Address): void
  /**
   * Forgets this mailbox's waits after faults and tries the provider at once.
   * @throws Failure as `verify`
   */
  tryNow(mailbox: Address): Promise<void>
  /**
   * What the mailbox may send now, and how many connections are open for it.
   * @throws Failure `not-found`, `configuration`
   */
  state(mailbox: Address): Promise<SendingState>
  /** The same for every mailbox that something was sent for lately. Nothing is read or made for that. */
  states(): readonly ActiveMailbox[]
  /** What holds the mailbox back now, from memory: no pool is made, and the store is not asked. */
  pauses(mailbox: HeldBack): Promise<readonly Pause[]>
  /**
   * Ends every connection: idle ones with QUIT, leased ones when their transaction is over, or
   * after two seconds.
   */
  close(): Promise<void>
}

/** A mailbox as a list knows it. */
export interface HeldBack {
  key: AddressKey
  providerId: string
  /** The name that signs in first. */
  account: string
}

/** The client that a transaction is for. */
export interface WaitingClient {
  /** Where the client comes from (`sourceOf`). */
  source: string
  /** As of `Waiter`. */
  inGroups: boolean
  /** Aborted when the client has gone. */
  gone: Gone
  /** Limits of the program itself. Absent: it has none. */
  program?: LimitedProgram | undefined
  /** Follows what is said to the provider for it. */
  tap?: ProviderTap | undefined
  /** Where its transaction's time goes. Absent: nobody wants to know. */
  spent?: Spent
}

/** Where the time of a transaction goes, in milliseconds. The relay adds to it while it lasts. */
export interface Spent {
  /** The id of the provider; empty before it is known. */
  provider: string
  /** Until there was a connection, and the rate let the message leave. */
  waiting: number
  /** Until the provider had answered, all its replies together. */
  atProvider: number
}

export type RelayCapabilities = Pick<
  Capabilities,
  'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes'
>

/** For pages, API and command. */
export interface SendingState extends GovernorState {
  connections: GovernorState['connections'] & { open: number; inUse: number }
  /** How many messages wait for a connection, or for the rate. */
  waiting: number
}

/** A mailbox that has a way to its provider in memory. */
export interface ActiveMailbox {
  mailbox: Address
  provider: string
  /** The name that signs in: the provider counts everything by it. */
  account: string
  state: SendingState
}

export interface Begun {
  replies: readonly Reply[]
  /** Absent when MAIL was refused: the lease is given back already. */
  transaction?: Transaction
}

/**
 * The right to one provider connection for one mail transaction. Ends by `send` or `reset`, exactly
 * once.
 */
export interface Transaction {
  /**
   * Sends more recipients, in one write where PIPELINING is offered. One verbatim reply per
   * recipient.
   * @throws Failure `provider-unavailable`, or `limit-reached` as `send`
   */
  recipients(commands: readonly RecipientCommand[]): Promise<readonly Reply[]>
  /**
   * Promises the client that its message will be taken: from now on the connection is not
   * reclaimed, however slowly the message comes.
   * @throws Failure `limit-reached` when the client was silent for so long that the connection was
   * reclaimed
   */
  promise(): void
  /**
   * Sends the message and resolves with the provider's final reply (also when it refuses DATA).
   * `message` yields the octets as the client sent them, dot-stuffing included, without the final
   * `.CRLF`. It is either empty or ends in CRLF. If iterating it throws, the error is thrown on.
   * When octets have left, the connection is destroyed, so that half a message is never taken for a
   * whole one. The lease is given back in every case.
   * @param gone aborted when the client has gone. The message is given up then, unless its end has
   * left already.
   * @throws Failure `outcome-unknown` once message octets have left; `provider-unavailable` before;
   * `limit-reached` when the connection was reclaimed from a silent client; `provider-setup` when
   * the provider has refused this program's messages repeatedly for an address in their header;
   * `invalid` when the client has gone
   */
  send(message: MessageOctets, gone?: Gone): Promise<FinalReply>
  /** Sends RSET and gives the lease back. Never throws. */
  reset(): Promise<void>
}

/** To a message. */
export interface FinalReply extends Reply {
  /** It was not sent: it waits for a person, by this id. */
  held?: string
}

/** The octets of a message, pulled piece by piece. */
export interface MessageOctets {
  [Symbol.asyncIterator](): MessageSource
}

export interface MessageSource extends AsyncIterator<Buffer> {
  /**
   * Hands over all that is left of the message, without new memory for each piece. Throws as `next`
   * does, and what `take` throws.
   */
  handOver?(take: TakePiece): Promise<void>
}

/**
 * Takes a piece, whose memory is used for others right after the call. A promise: nothing is handed
 * over before it resolves.
 */
export type TakePiece = (piece: Buffer) => Promise<void> | undefined

/**
 * What a mailbox may send now, as pages, API and command show it. Undefined when its provider has
 * no registration: nothing leaves at all then.
 */
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

/** What holds a mailbox back now, from memory alone: for lists. */
export function createPauses(relay: Pick<Relay, 'pauses'>, tokens: Pick<TokenStates, 'pauseOf'>) {
  return async (mailbox: HeldBack): Promise<PauseStatus[]> => {
    const pause = tokens.pauseOf(mailbox.key, mailbox.providerId)
    return [...(await relay.pauses(mailbox)).map(shown), ...(pause ? [ofToken(pause)] : [])]
  }
}

/**
 * A pause of the token endpoint. `mailbox` would say that nothing leaves it, but warm connections
 * still serve, so it becomes `token`. The reason of a `Failure` has no full stop.
 */
function ofToken(pause: TokenPause): PauseStatus {
  const about = pause.about === 'mailbox' ? 'token' : pause.about
  return { ...shown(pause), about, reason: `${pause.reason}.` }
}

function shown({ since, until, ...rest }: Pause): PauseStatus {
  return { ...rest, since: new Date(since).toISOString(), until: new Date(until).toISOString() }
}
