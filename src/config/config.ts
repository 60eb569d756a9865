import type { LogLevel } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { KeptRecipients } from '../model/journal.ts'
import type { Limits } from '../model/limits.ts'
import type { PageAccess } from '../model/page-access.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { NotifyConfig } from '../notices/notices.ts'
import type { ProviderSettings } from '../providers/settings.ts'
import type { GivenKey } from '../store/key-ring.ts'

/**
 * Every effective setting, checked. Made from the environment in one go; nothing else reads
 * `process.env`.
 */
export interface Config extends ProviderSettings {
  /** Absolute. */
  dataDir: string
  /** Those for TLS from the first octet among them. */
  smtpListen: readonly SmtpListener[]
  /**
   * Paths of PEM files, which were good when the configuration was read; absent: no TLS for
   * clients.
   */
  certificate?: { certFile: string; keyFile: string }
  /** Both loopback addresses, where browsers are sent to `localhost`. */
  webListen: readonly Endpoint[]
  /**
   * The address that people's browsers use; no trailing slash in its path. Its port is 0 where the
   * system chooses that.
   */
  publicUrl: URL
  /**
   * Where the pages of administration are, if not there: another host name. No trailing slash in
   * its path.
   */
  pagesUrl?: URL
  /**
   * In the form of `parseNetwork`: the reverse proxies whose headers are believed. Absent: none.
   */
  /** Further names of the pages and the API, in small letters, with or without a port. */
  hosts?: readonly string[]
  trustedProxies?: readonly string[]
  /**
   * The sealing key, 32 octets as base64 (standard or URL alphabet) or hexadecimal, or the command
   * that prints it; absent: the key file in the data directory.
   */
  key?: GivenKey
  /** The address of a PostgreSQL database; absent: the SQLite file in the data directory. */
  databaseUrl?: Secret
  /** How many processes share the listeners of this host; absent: this one alone. */
  workers?: number
  /** PEM text of additional certification authorities. */
  extraCa?: string
  /** Where metrics are read without a key (empty: nowhere), and how many mailboxes are named in them. */
  metrics: { listen: readonly Endpoint[]; mailboxes: number }
  notify: NotifyConfig
  pageAccess: PageAccess
  logLevel: LogLevel
  journalRecipients: KeptRecipients
  /** Who asks for consents, for the people who are asked. */
  organisation?: string
  /** Outlives a restart, and is not on the disk of the data directory. */
  runtimeDir?: string
  limits: Limits
}
