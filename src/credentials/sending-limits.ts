import { failure } from '../base/failure.ts'
import { withoutCase } from '../base/text.ts'
import { parseAddressPattern } from '../mailboxes/sender-policy.ts'
import type { Address } from '../model/address.ts'
import type { SendingLimits } from '../model/sending-limits.ts'

/** The limits of a login or an API key as requested. What is absent has no limit, or stays as it is. */
export interface LimitOptions {
  /** Addresses, or `*@example.com`. All of them; none: it may send to anybody. */
  recipients?: readonly string[]
  /** Null: no limit, as below. */
  messagesPerHour?: number | null
  recipientsPerDay?: number | null
  needsApproval?: boolean
}

const mostRecipients = 200
const mostInHour = 100_000
const mostInDay = 1_000_000

/**
 * The limits after a change: those that there are, with the given ones replaced.
 * @throws Failure `invalid`
 */
export function changedLimits(limits: SendingLimits, options: LimitOptions): SendingLimits {
  const recipients = options.recipients === undefined ? limits.recipients : readRecipients(options.recipients)
  const messagesPerHour =
    options.messagesPerHour === undefined
      ? limits.messagesPerHour
      : readCount(options.messagesPerHour, mostInHour)
  const recipientsPerDay =
    options.recipientsPerDay === undefined
      ? limits.recipientsPerDay
      : readCount(options.recipientsPerDay, mostInDay)
  const needsApproval = options.needsApproval ?? limits.needsApproval
  // What has no limit is left out.
  return {
    ...(recipients && recipients.length > 0 && { recipients }),
    ...(messagesPerHour !== undefined && { messagesPerHour }),
    ...(recipientsPerDay !== undefined && { recipientsPerDay }),
    ...(needsApproval && { needsApproval: true }),
  }
}

function readRecipients(texts: readonly string[]): Address[] {
  if (texts.length > mostRecipients) throw failure('limits.too-many-recipients', { most: mostRecipients })
  const patterns = texts.map((text) => parseAddressPattern(text, 'limits.no-pattern'))
  return [...new Map(patterns.map((pattern) => [withoutCase(pattern), pattern])).values()]
}

function readCount(count: number | null, most: number): number | undefined {
  if (count === null) return undefined
  if (Number.isInteger(count) && count >= 1 && count <= most) return count
  throw failure('limits.no-count', { most })
}
