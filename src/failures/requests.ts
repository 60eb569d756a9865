import type { FailureEntries } from './entry.ts'

/** Requests to the pages and to the API, and the command line. */
export const requestsFailures = {
  'web.request-not-right': {
    code: 'invalid',
    message: 'The request is not right: {mistakes}',
    fix: 'Correct it and send it again.',
  },
  'web.key-missing': {
    code: 'wrong-credentials',
    message: 'This needs an API key',
    fix: 'Send "Authorization: Bearer KEY" with an API key or the owner key.',
  },
  'web.key-invalid': {
    code: 'wrong-credentials',
    message: 'This API key is not valid',
    fix: 'Send "Authorization: Bearer KEY" with an API key or the owner key.',
  },
  'web.scope-missing': {
    code: 'forbidden',
    message: 'This API key may not do that',
    fix: 'Use a key with the scope {scope}, or admin.',
  },
  'web.admin-needed': {
    code: 'forbidden',
    message: 'This API key may not do that',
    fix: 'Use a key with the scope admin.',
  },
  'web.no-such-path': {
    code: 'not-found',
    message: 'There is nothing at this path',
  },
  'web.body-no-json': {
    code: 'invalid',
    message: 'The body is not JSON',
    fix: 'Send it with "Content-Type: application/json".',
  },
  'web.body-no-message': {
    code: 'invalid',
    message: 'The body is no message',
    fix: 'Send JSON with "Content-Type: application/json", or the message as it is with "Content-Type: message/rfc822".',
  },
  'web.other-name': {
    code: 'invalid',
    message: 'postern does not answer to this name and port',
    fix: 'Use {address}, or set POSTERN_PUBLIC_URL to the address that browsers use.',
  },
  'web.form-of-other-site': {
    code: 'forbidden',
    message: 'This form was sent by a page of another site',
    fix: 'Open the page at its own address and send the form from there.',
  },
  'web.body-too-large': {
    code: 'invalid',
    message: 'The request body is larger than what is read here',
  },
  'web.body-encoding': {
    code: 'invalid',
    message: 'The encoding of the request body is not understood',
    fix: 'Send it as UTF-8.',
  },
  'web.request-slow': {
    code: 'invalid',
    message: 'The request did not come to its end in time',
    fix: 'Send it again, in one piece: it may take 60 seconds, and its header 30.',
  },
  'web.head-too-large': {
    code: 'invalid',
    message: 'The address and the header of the request are larger than what is read here',
  },
  'web.request-unreadable': {
    code: 'invalid',
    message: 'The request cannot be read',
    fix: 'Check that its address is well encoded and its body complete.',
  },
  'web.no-such-page': {
    code: 'not-found',
    message: 'There is no page at this address',
  },
  'web.at-other-address': {
    code: 'invalid',
    message: 'This page is at another address',
    fix: 'Open it there: {address}/',
  },
  'web.method-not-allowed': {
    code: 'invalid',
    message: '{method} is not possible here',
    fix: 'Use {methods}.',
  },
  'page.sign-in-failed': {
    code: 'forbidden',
    message: '{provider} says that the sign-in did not succeed',
    fix: 'Sign in again, and stay in the same browser.',
  },
  'page.sign-in-unchecked': {
    code: 'forbidden',
    message: 'The answer of {provider} did not pass the checks',
    fix: 'Sign in again, and stay in the same browser.',
  },
  'page.sign-in-elsewhere': {
    code: 'forbidden',
    message: 'This sign-in was begun in another browser, or took too long',
    fix: 'Sign in again, and stay in the same browser.',
  },
  'page.sign-in-needed': {
    code: 'wrong-credentials',
    message: 'Sign in to continue',
    fix: 'Sign in with the password of the pages, or by a sign-in link, which works once. For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with {address}/).',
  },
  'page.sign-in-link-unknown': {
    code: 'not-found',
    message: 'This sign-in link is unknown, used already, or older than 15 minutes',
    fix: 'For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with {address}/).',
  },
  'page.session-ended': {
    code: 'forbidden',
    message: 'Your session has ended',
    fix: 'Sign in again.',
  },
  'page.no-sign-in-at-provider': {
    code: 'configuration',
    message: 'Nobody signs in to these pages at {provider}',
    fix: 'Name people in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS, and the provider in POSTERN_SIGN_IN_PROVIDERS; it has to prove who signed in.',
  },
  'page.address-unverified': {
    code: 'forbidden',
    message: '{provider} says that it has not verified your mail address',
    fix: 'Have the address verified there, and sign in again.',
  },
  'page.nobody-proven': {
    code: 'forbidden',
    message: '{provider} did not prove a mail address of yours',
    fix: 'Sign in with an account whose address it has verified; at Google, one of Gmail or of an organisation.',
  },
  'page.person-unknown': {
    code: 'forbidden',
    message: '{person} may not look at these pages',
    fix: 'Ask whoever runs postern to name this address in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS.',
  },
  'page.wrong-password': {
    code: 'wrong-credentials',
    message: 'Wrong password',
  },
  'page.key-without-right': {
    code: 'invalid',
    message: 'The key would permit nothing',
    fix: 'Choose what it may do.',
  },
  'page.key-without-mailbox': {
    code: 'invalid',
    message: 'Access tokens and sending are for mailboxes, and none is chosen',
    fix: 'Choose a mailbox.',
  },
  'page.passwords-differ': {
    code: 'invalid',
    message: 'The two passwords are not the same',
    fix: 'Type the same one twice.',
  },
  'page.session-ended-already': {
    code: 'not-found',
    message: 'This session has ended already',
  },
  'page.no-such-role': {
    code: 'invalid',
    message: 'There is no such role',
    fix: 'Choose {roles}.',
  },
  'page.result-gone': {
    code: 'not-found',
    message: 'What came of that is not known here any more',
    fix: 'The page of the mailbox says whether it is connected.',
  },
  'page.shown-no-more': {
    code: 'not-found',
    message: 'This page is kept for a short while only, and is gone',
    fix: 'What it showed cannot be shown again: make a new one.',
  },
  'page.no-such-login': {
    code: 'not-found',
    message: 'There is no such login',
  },
  'page.password-changed': {
    code: 'forbidden',
    message: 'A new password was set while you signed in',
    fix: 'Sign in again.',
  },
  'page.sender-of-other-domain': {
    code: 'invalid',
    message: '{sender} is no address of {mailbox}',
    fix: 'Give a sender of that domain.',
  },
  'page.test-address': {
    code: 'invalid',
    message: '"{address}" cannot get or send a test message',
    fix: 'Give one address of ASCII characters.',
  },
  'page.login-ended': {
    code: 'wrong-credentials',
    message: 'This login has ended',
    fix: 'Go back, load the page of the mailbox again, and choose another login.',
  },
  'page.form-of-other-session': {
    code: 'forbidden',
    message: 'This form is not from a page of your session',
    fix: 'Go back, load the page again, and send the form once more.',
  },
  'page.viewer': {
    code: 'forbidden',
    message: 'A viewer sees the pages and changes nothing',
    fix: 'Ask an administrator to do it.',
  },
  'journal.no-number': {
    code: 'invalid',
    message: 'This is no number of journal entries',
    fix: 'Ask for 1 to {most}.',
  },
  'journal.filter-unknown': {
    code: 'invalid',
    message: '"{text}" is not what journal entries are told apart by',
    fix: 'Use one of {words}.',
  },
  'journal.time-unreadable': {
    code: 'invalid',
    message: '"{text}" is not a time that postern can read',
    fix: 'Write it as 2030-12-31, 2030-12-31T18:00:00Z, today, yesterday, or so long ago: 30m, 2h, 7d.',
  },
  'journal.id-unreadable': {
    code: 'invalid',
    message: '"{text}" is not the id of a journal entry',
    fix: 'Give an id that the journal has shown.',
  },
  'command.no-broker': {
    code: 'store-unavailable',
    message: 'No postern is running on the data directory {directory}, and this needs one',
    fix: 'Start it with "postern serve" (or: npm start), or name its data directory in POSTERN_DATA_DIR.',
  },
  'command.broker-left-behind': {
    code: 'store-unavailable',
    message: '{found}; this needs a running one',
    fix: 'Start it with "postern serve" (or: npm start), or name its data directory in POSTERN_DATA_DIR. One that runs, but is older than this command, has to be restarted.',
  },
  'command.broker-answer': {
    code: 'internal',
    message: 'The running postern answered {status}',
  },
  'command.bad-usage': {
    code: 'invalid',
    message: '{what}',
    fix: 'See "postern --help", or --help after a verb.',
  },
  'command.mistaken-settings': {
    code: 'configuration',
    message: 'There are {count} mistakes in the settings:{list}',
    fix: 'Correct them in .env or the environment, then start again; .env.example explains each setting.',
  },
  'command.nothing-pasted': {
    code: 'invalid',
    message: 'Nothing was pasted',
    fix: 'Begin again, and paste the address or code.',
  },
  'command.nobody-consented': {
    code: 'provider-unavailable',
    message: 'Nobody has used the link for {mailbox} in {minutes} minutes',
    fix: 'The link stays good until {until}; "postern mailbox show {mailbox}" says whether it was used.',
  },
  'command.link-ended': {
    code: 'not-found',
    message: 'The link for {mailbox} ended before anybody used it',
    fix: 'Begin again: postern consent {mailbox} --wait',
  },
  'command.broker-silent': {
    code: 'store-unavailable',
    message: 'The running postern does not answer',
    fix: 'Look at its log, and try again.',
  },
  'command.broker-strange': {
    code: 'internal',
    message: 'The running postern gave an answer that this command cannot read',
    fix: 'Restart postern, if it is not of the same version as the command.',
  },
  'command.file-unreadable': {
    code: 'invalid',
    message: '{path} cannot be read ({reason})',
  },
  'command.input-empty': {
    code: 'invalid',
    message: '{from} is empty',
  },
  'export.unwritable': {
    code: 'invalid',
    message: '{path} cannot be written ({reason})',
    fix: 'Run this as root, or as the owner of that folder.',
  },
  'import.format-unknown': {
    code: 'invalid',
    message: '{path} is no file of a program that postern moves in from',
    fix: 'Name the program with --format: {formats}.',
  },
  'import.file-too-large': {
    code: 'invalid',
    message: '{path} is larger than {most} KiB, and no file of such a program is',
    fix: 'Name its settings or its token file, and not its log or its mail.',
  },
  'import.encrypted': {
    code: 'invalid',
    message: '{path} is encrypted, or no text',
    fix: 'Give the command that opens it, from standard input to standard output: --decrypt-command "gpg --decrypt".',
  },
  'import.decrypt-failed': {
    code: 'invalid',
    message: 'The command for {path} ended with {status}, or did not end',
    fix: 'Run it by hand on this file: it must print what is in it, and ask nothing.',
  },
  'import.mistaken': {
    code: 'invalid',
    message: '{path}: {what}',
    fix: 'Correct it there, or name the program that wrote it with --format.',
  },
  'import.unreadable': {
    code: 'invalid',
    message: '{path}, line {line}: {what}',
    fix: 'Correct it there, or name the program that wrote it with --format.',
  },
  'import.registration-failed': {
    code: 'invalid',
    message: 'Its registration was not added',
  },
  'import.no-registration': {
    code: 'invalid',
    message: 'No file names its client, and {provider} has no registration yet',
    fix: 'Add one ("postern registration add"), or name one with --provider, and import again.',
  },
  'import.no-client': {
    code: 'invalid',
    message: 'No file names its client',
    fix: 'Give also the file that does (/etc/sasl-xoauth2.conf, config.yaml of oama), or name a registration with --provider.',
  },
  'command.mistaken-setting': {
    code: 'configuration',
    message: 'There is a mistake in the settings:{list}',
    fix: 'Correct them in .env or the environment, then start again; .env.example explains each setting.',
  },
  'trace.of-whom': {
    code: 'invalid',
    message: 'A trace is of a login or of an address, and of one of them',
    fix: 'Name a login by its user name, or the IP address that a client connects from.',
  },
  'trace.minutes': {
    code: 'invalid',
    message: 'A trace lasts from 1 to {most} minutes',
    fix: 'Say for how many minutes, as a whole number.',
  },
  'trace.no-address': {
    code: 'invalid',
    message: 'This is no IP address: {text}',
  },
  'trace.too-many': {
    code: 'limit-reached',
    message: 'There are {most} traces already',
    fix: 'End one of them, or wait: a trace that nobody reads ends within a minute.',
  },
  'trace.unknown': {
    code: 'not-found',
    message: 'There is no such trace: it has ended',
  },
} as const satisfies FailureEntries
