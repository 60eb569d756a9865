/**
 * The envelope as commands (RFC 5321, section 4.1.1.2 and 4.1.1.3), read from a client and written to a provider.
 * Only what the strict grammar let through is in here, so writing it cannot create a second command.
 */
export interface MailCommand {
  /** Reverse path without the angle brackets; empty for the null sender. */
  sender: string
  parameters: readonly Parameter[]
}

export interface RecipientCommand {
  /** Forward path without the angle brackets. */
  recipient: string
  parameters: readonly Parameter[]
}

/** An ESMTP parameter: keyword in upper case; value absent for a keyword that stands alone. */
export interface Parameter {
  keyword: string
  value?: string
}
