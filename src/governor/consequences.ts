import type { Meaning } from './reply-meaning.ts'

/** What follows from a meaning for what comes after the transaction. */
export interface Consequence {
  about: 'mailbox' | 'registration'
  /** How long nothing is tried, in seconds, the first time. */
  seconds: number
  /** `limit-reached`: it passes by itself; `provider-setup`: a person has to repair something. */
  code: 'limit-reached' | 'provider-setup'
  /** The provider ... */
  said: string
  fix: string
}

/** Those that make a mailbox wait, or all of a registration. The figures are the providers' own where they publish any. */
export const consequences: Partial<Record<Meaning, Consequence>> = {
  quota: {
    about: 'mailbox',
    seconds: 3600,
    code: 'limit-reached',
    said: 'has a daily sending limit, and it is reached',
    fix: 'Wait until the day has rolled on, or spread the mail over more mailboxes.',
  },
  rate: {
    about: 'mailbox',
    seconds: 60,
    code: 'limit-reached',
    said: 'takes no more messages from this mailbox at this pace; other programs may use it as well',
    fix: 'Send more slowly, or give the other programs a mailbox of their own.',
  },
  throttled: {
    about: 'mailbox',
    seconds: 3600,
    code: 'limit-reached',
    said: 'slows this mailbox down because of earlier errors or suspicious activity',
    fix: 'Find out what was refused before, and stop the program that repeats it.',
  },
  deferred: {
    about: 'mailbox',
    seconds: 900,
    code: 'limit-reached',
    said: 'defers everything from this mailbox because of its volume, of complaints, or of suspicious activity',
    fix: 'Send less at a time, and find out whether the mailbox sends what nobody wants.',
  },
  'mailbox-full': {
    about: 'mailbox',
    seconds: 1800,
    code: 'provider-setup',
    said: 'says that the mailbox is full, its sent items included',
    fix: 'Empty the sent items of the mailbox, or set a retention policy.',
  },
  blocked: {
    about: 'mailbox',
    seconds: 3600,
    code: 'provider-setup',
    said: 'has blocked this account, or its organisation, from sending',
    fix: 'Have an administrator look at the restricted accounts of the provider, and find out whether the account is misused.',
  },
  'address-blocked': {
    about: 'registration',
    seconds: 3600,
    code: 'provider-setup',
    said: 'takes nothing from the network address of this machine',
    fix: 'Ask the provider for an exception, or send from another address.',
  },
  'no-logon': {
    about: 'mailbox',
    seconds: 60,
    code: 'provider-setup',
    said: 'cannot open the mailbox',
    fix: 'Check the licence of the mailbox, and that the account that consented may use it.',
  },
}
