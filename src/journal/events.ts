import type { JournalKind, JournalOutcome } from '../model/journal.ts'

export interface JournalEvent {
  kind: JournalKind
  outcome: JournalOutcome
  /** Strangers can cause any number of these: only the first of a minute are kept one by one. */
  floods?: true
}

/**
 * What is kept of that which is logged, by the `event` of the line: the one place where that is
 * decided.
 */
export const journalEvents: Readonly<Record<string, JournalEvent>> = {
  'message.sent': { kind: 'send', outcome: 'done' },
  'message.refused': { kind: 'send', outcome: 'refused' },
  'message.failed': { kind: 'send', outcome: 'failed' },
  'message.cut': { kind: 'send', outcome: 'failed' },
  'message.not-taken': { kind: 'send', outcome: 'refused', floods: true },
  'sender.refused': { kind: 'send', outcome: 'refused', floods: true },
  'recipient.refused': { kind: 'send', outcome: 'refused', floods: true },
  'test-message.sent': { kind: 'send', outcome: 'done' },
  'test-message.failed': { kind: 'send', outcome: 'failed' },

  'sign-in.done': { kind: 'sign-in', outcome: 'done' },
  'sign-in.refused': { kind: 'sign-in', outcome: 'refused', floods: true },
  'sign-in.admitted': { kind: 'sign-in', outcome: 'done' },
  'sign-in.not-admitted': { kind: 'sign-in', outcome: 'refused', floods: true },
  'page.signed-in': { kind: 'sign-in', outcome: 'done' },
  'page.sign-in-refused': { kind: 'sign-in', outcome: 'refused', floods: true },

  'token.read': { kind: 'token', outcome: 'done' },

  'consent-link.made': { kind: 'consent', outcome: 'done' },
  'consent-link.revoked': { kind: 'consent', outcome: 'done' },
  'consent-link.sent': { kind: 'consent', outcome: 'done' },
  'consent-link.unsent': { kind: 'consent', outcome: 'failed' },
  'consent.begun': { kind: 'consent', outcome: 'done', floods: true },
  'consent.completed': { kind: 'consent', outcome: 'done' },
  'consent.refused': { kind: 'consent', outcome: 'refused', floods: true },
  'consent.admin': { kind: 'consent', outcome: 'done' },
  'grant.restored': { kind: 'consent', outcome: 'done' },
  'grant.lapsed': { kind: 'consent', outcome: 'failed' },

  'mailbox.added': { kind: 'change', outcome: 'done' },
  'mailbox.changed': { kind: 'change', outcome: 'done' },
  'mailbox.tried': { kind: 'change', outcome: 'done' },
  'mailbox.removed': { kind: 'change', outcome: 'done' },
  'registration.added': { kind: 'change', outcome: 'done' },
  'registration.changed': { kind: 'change', outcome: 'done' },
  'registration.removed': { kind: 'change', outcome: 'done' },
  'login.added': { kind: 'change', outcome: 'done' },
  'login.allowed': { kind: 'change', outcome: 'done' },
  'login.set': { kind: 'change', outcome: 'done' },
  'login.limited': { kind: 'change', outcome: 'done' },
  'login.revoked': { kind: 'change', outcome: 'done' },
  'api-key.added': { kind: 'change', outcome: 'done' },
  'api-key.revoked': { kind: 'change', outcome: 'done' },
  'api-key.limited': { kind: 'change', outcome: 'done' },
  'page.password-set': { kind: 'change', outcome: 'done' },
  'page.session-ended': { kind: 'change', outcome: 'done' },
  'certificate.made': { kind: 'change', outcome: 'done' },
  'certificate.registered': { kind: 'change', outcome: 'done' },
  'certificate.in-use': { kind: 'change', outcome: 'done' },
  'certificate.removed': { kind: 'change', outcome: 'done' },
  'sign-in-link.made': { kind: 'change', outcome: 'done' },
  'backup.restored': { kind: 'change', outcome: 'done' },
  'backup.made': { kind: 'change', outcome: 'done' },
  'keyring.rotation-begun': { kind: 'change', outcome: 'done' },
  'keyring.rotated': { kind: 'change', outcome: 'done' },
  'keyring.values-broken': { kind: 'trouble', outcome: 'failed' },
  'settings.reloaded': { kind: 'change', outcome: 'done' },
  'settings.refused': { kind: 'trouble', outcome: 'failed' },
  'log-level.set': { kind: 'change', outcome: 'done' },
  'listener.opened': { kind: 'change', outcome: 'done' },
  'trace.begun': { kind: 'change', outcome: 'done' },

  'api-key.elsewhere': { kind: 'trouble', outcome: 'refused', floods: true },
  'command.refused': { kind: 'trouble', outcome: 'refused', floods: true },
  'connection.refused': { kind: 'trouble', outcome: 'refused', floods: true },
  'guessing.source': { kind: 'trouble', outcome: 'refused', floods: true },
  'guessing.name': { kind: 'trouble', outcome: 'refused', floods: true },
  'guessing.spray': { kind: 'trouble', outcome: 'refused', floods: true },
  'guessing.repeated': { kind: 'trouble', outcome: 'refused', floods: true },
  'grant.renewal-failed': { kind: 'trouble', outcome: 'failed', floods: true },
  'grant.rotation-unstored': { kind: 'trouble', outcome: 'failed' },
  'grant.rotation-kept-elsewhere': { kind: 'trouble', outcome: 'failed' },
  'grant.rotation-lost': { kind: 'trouble', outcome: 'failed' },
  'grant.revocation-failed': { kind: 'trouble', outcome: 'failed' },
  'registration.works': { kind: 'trouble', outcome: 'done' },
  'certificate.renewal-failed': { kind: 'trouble', outcome: 'failed' },
  'certificate.step-failed': { kind: 'trouble', outcome: 'failed' },
  'sending.paused': { kind: 'trouble', outcome: 'failed', floods: true },
  'sending.own-refused': { kind: 'trouble', outcome: 'refused', floods: true },
  'sending.resumed': { kind: 'trouble', outcome: 'done' },
  'readiness.lost': { kind: 'trouble', outcome: 'failed' },
  'readiness.regained': { kind: 'trouble', outcome: 'done' },
  'notice.sent': { kind: 'trouble', outcome: 'done' },
  'notice.failed': { kind: 'trouble', outcome: 'failed' },
}
