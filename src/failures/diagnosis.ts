import type { FailureEntries } from './entry.ts'

/** What only `postern doctor` finds. */
export const diagnosisFailures = {
  'doctor.clock-ahead': {
    code: 'configuration',
    message: 'The clock of this machine is {minutes} minutes ahead of that of {host}',
    fix: 'Set the clock, and let the system keep it right (NTP; for example: timedatectl set-ntp true).',
  },
  'doctor.clock-behind': {
    code: 'configuration',
    message: 'The clock of this machine is {minutes} minutes behind that of {host}',
    fix: 'Set the clock, and let the system keep it right (NTP; for example: timedatectl set-ntp true).',
  },
  'doctor.no-provider': {
    code: 'configuration',
    message: 'No provider is set up',
    fix: 'Choose one with "postern provider list"; "postern provider show ID" says how to set it up.',
  },
  'doctor.whole-domain': {
    code: 'invalid',
    message: '{mailbox} stands for every mailbox of a domain, and one at a time is looked at',
    fix: 'Name one address of the domain.',
  },
  'doctor.not-running': {
    code: 'store-unavailable',
    message: 'No postern is running, and only a running one can look at {mailbox}',
    fix: 'Start it with "postern serve", and ask again.',
  },
  'doctor.lapsed': {
    code: 'consent-needed',
    message: 'The consent for {mailbox} has lapsed',
    fix: 'Run "postern doctor {mailbox}" for more, or "postern consent {mailbox}".',
  },
  'doctor.held-back': {
    code: 'limit-reached',
    message: 'Nothing leaves {mailbox} before {until}: {reason}',
    fix: 'Mend what the reason names, then run: postern mailbox try {mailbox}',
  },
} as const satisfies FailureEntries
