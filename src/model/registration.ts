import type { Failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'

/**
 * An app registration that was made by page, command or API, as the store keeps it. What it says is
 * known to `providers/` alone.
 */
export interface StoredRegistration {
  /** Lower-case letters, digits and hyphens. Mailboxes name it as their provider. */
  id: string
  /** JSON with the secrets in it. */
  content: Secret
  /** Counts every change; who changes it names the one that was read (compare and set). */
  revision: number
  createdAt: number
  changedAt: number
}

/** As it was found: the reason in the place of what does not open. */
export type KeptRegistration = Omit<StoredRegistration, 'content'> & { content: Secret | Failure }
