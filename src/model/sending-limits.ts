import type { Address } from './address.ts'

/** What a program may send that is not trusted far. What is absent has no limit. */
export interface SendingLimits {
  /** It sends to these alone: addresses, or `*@example.com`. */
  recipients?: readonly Address[]
  /** In any hour. */
  messagesPerHour?: number
  /** In any 24 hours. */
  recipientsPerDay?: number
  /** A message leaves when a person has approved it. */
  needsApproval?: true
}

/** In the words of the command's options. */
export function describeLimits(limits: SendingLimits): string[] {
  const { recipients = [], messagesPerHour, recipientsPerDay, needsApproval } = limits
  return [
    ...recipients.map((pattern) => `recipient ${pattern}`),
    ...(messagesPerHour === undefined ? [] : [`rate ${messagesPerHour}/hour`]),
    ...(recipientsPerDay === undefined ? [] : [`recipients-per-day ${recipientsPerDay}`]),
    ...(needsApproval ? ['approve'] : []),
  ]
}
