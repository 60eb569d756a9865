import { failure, type SentenceById } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { type Address, parseAddress } from '../model/address.ts'
import type { Flow } from '../model/grant.ts'
import type { JournalOutcome } from '../model/journal.ts'
import type { Mailbox } from '../model/mailbox.ts'
import type { OutcomeReason, TriedThing } from '../model/mailbox-outcome.ts'
import type { Expiry } from '../providers/forecast.ts'
import type { MailboxStore } from '../store/ports.ts'

/**
 * Mailboxes: the addresses that mail leaves from. Made by `createMailboxes`. `by`: who asks for a
 * change.
 */
export interface Mailboxes {
  /**
   * @throws Failure `already-exists` (without `replace`), `not-found` (provider), `invalid`
   * (address), `configuration` (provider without registration)
   */
  add(request: MailboxRequest, by?: Actor): Promise<MailboxStatus>
  /** @throws Failure `not-found` */
  show(address: string): Promise<MailboxStatus>
  /**
   * The address of a mailbox as it was added. Does not read its grant.
   * @throws Failure `not-found`, `invalid`
   */
  named(address: string): Promise<Address>
  /**
   * The name that signs in for the mailbox at the mail server with this token.
   * @throws Failure `not-found`
   */
  signInName(address: string, token: { grant: { personal: boolean } }): Promise<string>
  /**
   * Ends the waits of the mailbox and tries to sign in at its provider now.
   * @throws Failure `not-found`, `invalid`, and as `Relay.verify` when it does not
   */
  tryNow(address: string, by?: Actor): Promise<MailboxStatus>
  list(): Promise<MailboxStatus[]>
  /** Those of all, without how they are: a thousand cost what one does. */
  addresses(): Promise<Address[]>
  /**
   * Whether the mailbox is personal, so that rights to its whole domain do not include it.
   * @throws Failure `invalid`
   */
  isPersonal(address: string): Promise<boolean>
  /**
   * Removes the mailbox and its grant, and revokes the grant at the provider where that is
   * possible.
   * @throws Failure `not-found`
   */
  remove(address: string, by?: Actor): Promise<RemovedMailbox>
}

export interface RemovedMailbox extends RevocationStatus {
  removed: Address
}

/** What became of a removed grant at its provider. */
export interface RevocationStatus {
  /**
   * `nothing`: there was no consent. `kept`: another mailbox may live on it. `unsupported`: the
   * provider cannot.
   */
  revocation: 'revoked' | 'nothing' | 'kept' | 'unsupported' | 'failed'
  /** What to do where the grant lives on. */
  advice?: string
  /** The same by its id. */
  adviceText?: SentenceById
}

export interface MailboxRequest {
  address: string
  provider: string
  signsInAs?: string
  /**
   * The user name at the mail server, when that is none of the person's addresses. Empty: removes
   * it.
   */
  saslUser?: string
  /**
   * Other addresses that the provider accepts from it. With `replace`: absent keeps those that
   * there are.
   */
  aliases?: readonly string[]
  /** No person consents: the app registration itself may send for the mailbox. */
  appOnly?: boolean
  /** Adopt this refresh token as the mailbox's grant. */
  refreshToken?: Secret
  /** Replaces an existing mailbox, too. */
  replace?: boolean
}

/**
 * A mailbox as pages, API and command show it. Field names are the API's. Times: ISO 8601. Holds no
 * secret.
 */
export interface MailboxStatus {
  address: Address
  provider: string
  /** The domain mailbox that covers this address, which has no entry of its own. */
  coveredBy?: Address
  signsInAs?: Address
  /** The user name at the mail server, if one is set. */
  saslUser?: string
  /** The name that the mail server has accepted, if it was asked to choose between two. */
  acceptedName?: string
  /** Absent when there are none. */
  aliases?: readonly Address[]
  state: 'absent' | 'active' | 'lapsed'
  /** Whether it can send, and what came of it lately: what people look for first. */
  condition: MailboxCondition
  /** When something was last sent from it. */
  lastSentAt?: string
  /** What came of the last message, test or sign-in at the provider. */
  lastOutcome?: OutcomeStatus
  /** What holds it back now; in lists. Absent when nothing does. */
  pauses?: readonly PauseStatus[]
  /** Of a lapsed grant. */
  since?: string
  /** In English, or as the provider said it. */
  reason?: string
  /** The same by its id, where the words are not the provider's. */
  reasonText?: SentenceById
  /** When the provider last refused a lapsed grant. It is tried again each day, and on demand. */
  refusedAt?: string
  signedInAs?: Address
  flow?: Flow
  scopes?: readonly string[]
  grantedAt?: string
  renewedAt?: string
  /** When an active grant is refreshed at the latest. */
  renewsBy?: string
  /**
   * What will end the grant or the credentials of its registration, the soonest first. Absent when
   * nothing is known.
   */
  endings?: readonly EndingStatus[]
  /** What the mailbox may send now. Absent in lists, and while postern does not run. */
  sending?: SendingStatus
}

/** The most urgent first. */
export const mailboxConditions = [
  /** The last that was tried has failed, or no access token comes. */
  'failing',
  /** Its grant has lapsed. */
  'needs-consent',
  /** Nothing leaves for a while after the provider complained. */
  'paused',
  /** It never had a grant. */
  'not-connected',
  /** It sends; its grant or its registration will end within 30 days. */
  'ends-soon',
  /** Nothing was ever sent from it. */
  'never-used',
  'ok',
] as const

export type MailboxCondition = (typeof mailboxConditions)[number]

/** As `LastOutcome`. Times: ISO 8601. */
export interface OutcomeStatus extends OutcomeReason {
  at: string
  tried: TriedThing
  outcome: JournalOutcome
  login?: string
  failingSince?: string
  failures: number
}

const soonMilliseconds = 30 * 86_400_000
/** A refusal may be of one message; so many, and none that was sent, are of the mailbox. */
const refusalsInARow = 3

/** The condition of a mailbox: decided here and nowhere else. */
export function conditionOf(
  mailbox: Pick<MailboxStatus, 'state' | 'endings' | 'pauses' | 'sending' | 'lastSentAt' | 'lastOutcome'>,
  now: number,
): MailboxCondition {
  const { state, endings = [], lastOutcome: last, lastSentAt } = mailbox
  if (state === 'lapsed') return 'needs-consent'
  if (state === 'absent') return 'not-connected'
  const pause = holdingUp(mailbox)
  if (pause?.about === 'token' || (last && isFailing(last))) return 'failing'
  if (pause) return 'paused'
  if (endings.some((one) => isToBeSeenTo(one) && Date.parse(one.endsAt) - now < soonMilliseconds))
    return 'ends-soon'
  return lastSentAt === undefined && last?.outcome !== 'refused' ? 'never-used' : 'ok'
}

export function isFailing({ outcome, failures }: Pick<OutcomeStatus, 'outcome' | 'failures'>): boolean {
  return outcome === 'failed' || (outcome === 'refused' && failures >= refusalsInARow)
}

/** The pause that holds back all mail of a mailbox; those of one sender or one program do not. */
export function holdingUp({
  sending,
  pauses = sending?.pauses ?? [],
}: Pick<MailboxStatus, 'sending' | 'pauses'>): PauseStatus | undefined {
  const whole = pauses.filter(({ about }) => about !== 'sender' && about !== 'program')
  return whole.find(({ about }) => about === 'token') ?? whole[0]
}

/** An ending that needs somebody: postern sees to the others. */
export function isToBeSeenTo({ kind }: EndingStatus): boolean {
  return kind !== 'unused' && kind !== 'old-client-secret' && kind !== 'own-certificate'
}

/** Times: ISO 8601. */
export interface EndingStatus {
  kind: Expiry['kind']
  endsAt: string
  /** What to do: a whole sentence. */
  fix: string
}

/**
 * What a mailbox may send now, by the limits and recent replies of its provider. Times: ISO 8601.
 */
export interface SendingStatus {
  /**
   * Connections to the provider. `allowed` is below `limit` for a while after the provider
   * complained.
   */
  connections: { open: number; inUse: number; allowed: number; limit: number }
  /** Messages that wait for a connection, or for the rate. */
  waiting: number
  messagesLastMinute: number
  messagesPerMinute?: number
  /** Over the last 24 hours, to the hour. */
  recipientsLastDay: number
  recipientsPerDay?: number
  /** When the daily limit has room again, if it is used up. */
  recipientsRoomAt?: string
  /** What is not tried for a while after an error. */
  pauses: readonly PauseStatus[]
}

export interface PauseStatus {
  /** `token`: no access token is asked for. */
  about: 'mailbox' | 'sender' | 'program' | 'registration' | 'sign-in' | 'token'
  sender?: string
  /** Of a program: its user name and address. Absent: postern itself. */
  login?: string
  source?: string
  since: string
  /** One attempt is made then. */
  until: string
  reason: string
  /** The provider's own words. */
  said?: string
  fix?: string
  /** The reason by its id. */
  failure?: SentenceById
}

/**
 * The mailbox that somebody named, in whatever case they typed it.
 * @throws Failure `invalid` or `not-found`
 */
export function existingMailbox(mailboxes: Pick<MailboxStore, 'find'>, text: string): Promise<Mailbox> {
  return required(text, (address) => mailboxes.find(address))
}

/**
 * As `existingMailbox`; an address without an entry of its own is a mailbox where its domain is
 * one.
 */
export function coveredMailbox(mailboxes: Pick<MailboxStore, 'covering'>, text: string): Promise<Mailbox> {
  return required(text, (address) => mailboxes.covering(address))
}

async function required(
  text: string,
  find: (address: Address) => Promise<Mailbox | undefined>,
): Promise<Mailbox> {
  const address = parseAddress(text)
  const mailbox = await find(address)
  if (mailbox) return mailbox
  throw failure('mailbox.unknown', { mailbox: address })
}
