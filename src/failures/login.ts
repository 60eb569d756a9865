import type { FailureEntries } from './entry.ts'

/** Logins, API keys and passwords, and who uses them to send. */
export const loginFailures = {
  'login.user-name-length': {
    code: 'invalid',
    message: 'A user name has 1 to {most} characters, not {length}',
    fix: 'Choose another user name; the mail address itself is a good one.',
  },
  'login.user-name-characters': {
    code: 'invalid',
    message: 'A user name holds no control or invisible characters',
    fix: 'Choose another user name; the mail address itself is a good one.',
  },
  'login.user-name-spaces': {
    code: 'invalid',
    message: 'A user name neither begins nor ends with a space',
    fix: 'Choose another user name; the mail address itself is a good one.',
  },
  'login.no-sender-to-allow': {
    code: 'invalid',
    message: 'There is no sender to allow',
    fix: 'Name at least one sender.',
  },
  'login.unknown': {
    code: 'not-found',
    message: 'There is no login {id} that could be {participle}',
  },
  'login.none-named': {
    code: 'not-found',
    message: 'There is no login {login}',
    fix: 'Look at "postern login list", and give its id, its user name, or a name that no other login has.',
  },
  'login.several-named': {
    code: 'invalid',
    message: 'Several logins are called {login}: {ids}',
    fix: 'Give the id of the one that is meant.',
  },
  'login.without-mailbox': {
    code: 'invalid',
    message: 'A login needs a mailbox',
    fix: 'Name at least one mailbox address.',
  },
  'login.no-domain-mailbox': {
    code: 'invalid',
    message: 'None of the mailboxes is a whole domain, whose personal mailboxes could be meant',
    fix: 'Leave that out, or give the login a domain mailbox such as "*@example.com".',
  },
  'login.only-domain-mailbox': {
    code: 'invalid',
    message: 'A whole domain is no mailbox that other senders could leave through',
    fix: 'Give the login a mailbox by its own address as well, or leave out further senders and their replacement.',
  },
  'login.password-not-wanted': {
    code: 'invalid',
    message: 'A login without a password has none to choose, and none for CRAM-MD5',
    fix: 'Leave out the password and CRAM-MD5, or make a login that signs in.',
  },
  'login.network-needed': {
    code: 'invalid',
    message: 'A login without a password must be bound to a network',
    fix: 'Name the address of the device or its network, such as 192.0.2.7 or 192.0.2.0/28.',
  },
  'login.network-too-wide': {
    code: 'invalid',
    message: 'The network {network} is too wide for a login without a password',
    fix: 'Name the addresses of the devices themselves; /{widest4} is the widest of IPv4, /{widest6} of IPv6.',
  },
  'login.network-needed-for-cram-md5': {
    code: 'invalid',
    message: 'A login for CRAM-MD5 must be bound to a network',
    fix: 'Name the address of the device, such as 192.0.2.7: only there is CRAM-MD5 offered, which other programs would choose for logins that cannot use it.',
  },
  'login.label-unfit': {
    code: 'invalid',
    message: 'A name has at most 100 characters and no control or invisible ones',
    fix: 'Give a short name, such as "Printer, 2nd floor".',
  },
  'login.date-unreadable': {
    code: 'invalid',
    message: '"{text}" is not a date that postern can read',
    fix: 'Write it as 2030-12-31 or 2030-12-31T18:00:00Z.',
  },
  'login.date-passed': {
    code: 'invalid',
    message: '"{text}" has passed already',
    fix: 'Give a date in the future.',
  },
  'login.map-unreadable': {
    code: 'invalid',
    message: '"{text}" does not say which name stands for which address',
    fix: 'Write it as root=admin@example.com.',
  },
  'login.map-too-long': {
    code: 'invalid',
    message: 'More than {most} names are to stand for addresses',
    fix: 'Name fewer, or complete all by one domain.',
  },
  'login.map-name': {
    code: 'invalid',
    message: '"{text}" is no name that could stand for an address',
    fix: 'Give one word, such as root.',
  },
  'login.user-name-taken': {
    code: 'already-exists',
    message: 'The user name "{name}" is taken',
    fix: 'Choose another user name, or revoke the login that has it.',
  },
  'login.mailbox-gone': {
    code: 'not-found',
    message: 'A mailbox of this login does not exist',
  },
  'api-key.unknown': {
    code: 'not-found',
    message: 'There is no API key {id} that could be revoked',
  },
  'api-key.unknown-to-limit': {
    code: 'not-found',
    message: 'There is no API key {id} that could be limited',
  },
  'api-key.invalid': {
    code: 'wrong-credentials',
    message: 'This API key is not valid',
    fix: 'Make a new one with `postern api-key add`.',
  },
  'api-key.without-scope': {
    code: 'invalid',
    message: 'An API key needs a scope',
    fix: 'Choose at least one thing that it may do; in the command and the API: read, admin, token:ADDRESS or send:ADDRESS.',
  },
  'api-key.no-scope': {
    code: 'invalid',
    message: '"{text}" is not a scope',
    fix: 'Use read, admin, token:ADDRESS or send:ADDRESS.',
  },
  'api-key.mark-for-domains': {
    code: 'invalid',
    message: '"{text}" names one mailbox, and {mark} is for whole domains',
    fix: 'Leave that out.',
  },
  'api-key.limits-without-bounds': {
    code: 'invalid',
    message: 'Limits would bind nothing: this key may also fetch access tokens, or do everything',
    fix: 'Give a key with limits only send:ADDRESS and read, and make another key for the rest.',
  },
  'api-key.id-taken': {
    code: 'already-exists',
    message: 'There is an API key {key} already',
  },
  'api-key.mailbox-gone': {
    code: 'not-found',
    message: 'A mailbox of this key does not exist',
  },
  'password.unreadable': {
    code: 'invalid',
    message:
      'This password is refused: it must have {least} characters to {octets} octets, none of them a control character',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.too-short': {
    code: 'invalid',
    message: 'This password is refused: it has {length} characters, and {least} are the least',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.holds-name': {
    code: 'invalid',
    message: 'This password is refused: it contains "{name}", which belongs to the user name or the mailbox',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.few-characters': {
    code: 'invalid',
    message: 'This password is refused: it is made of only {distinct} different characters',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.repeats': {
    code: 'invalid',
    message: 'This password is refused: it repeats one piece over and over',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.run-of-keys': {
    code: 'invalid',
    message: 'This password is refused: it is a run of neighbouring letters, digits or keys',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.number': {
    code: 'invalid',
    message:
      'This password is refused: it is a number of fewer than {least} digits, as dates and telephone numbers are',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.nearly-number': {
    code: 'invalid',
    message:
      'This password is refused: it is hardly more than a number, and such a password needs {least} characters',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'password.common': {
    code: 'invalid',
    message:
      'This password is refused: it is too easy to guess (common words, names, dates or runs of keys, with numbers and signs)',
    fix: 'Choose a longer one, such as four unrelated words.',
  },
  'sign-in.too-many-waiting': {
    code: 'limit-reached',
    message: 'Too many sign-ins are waiting at once',
    fix: 'Try again in a minute.',
  },
  'sign-in.too-many-wrong': {
    code: 'limit-reached',
    message: 'Too many wrong passwords came from this address',
    fix: 'Try again with the right one in {seconds} seconds.',
  },
  'sign-in.too-many-wrong-keys': {
    code: 'limit-reached',
    message: 'Too many wrong keys or links came from this address',
    fix: 'Try again with the right one in {seconds} seconds.',
  },
  'sign-in.wrong': {
    code: 'wrong-credentials',
    message: 'Wrong user name or password',
  },
  'sign-in.for-somebody-else': {
    code: 'wrong-credentials',
    message: 'The client asks to act for somebody else than its login',
  },
  'sign-in.ended': {
    code: 'wrong-credentials',
    message: 'The login or API key of this session has ended, or lost this mailbox',
  },
  'sign-in.too-many-at-once': {
    code: 'limit-reached',
    message: 'Too many sign-ins are waiting at once',
    fix: 'Try again in a minute.',
    retryAfterSeconds: 5,
  },
  'sign-in.control-characters': {
    code: 'invalid',
    message: 'A user name or token with control characters cannot be used to sign in',
    fix: 'Check the address of the mailbox and what the token endpoint answers.',
  },
  'sign-in.control-characters-in-host': {
    code: 'invalid',
    message: 'A user name, host or token with control characters cannot be used to sign in',
    fix: 'Check the address of the mailbox, the provider and what the token endpoint answers.',
  },
  'sign-in.too-slow': {
    code: 'provider-unavailable',
    message: 'The sign-in took longer than {seconds} seconds',
  },
  'sender.not-allowed': {
    code: 'sender-refused',
    message: 'This login may not send as {sender}',
  },
  'sender.not-allowed-yet': {
    code: 'sender-refused',
    message: 'This login may not send as {sender}',
    fix: 'Allow it with: {command}',
  },
  'sender.no-mailbox': {
    code: 'sender-refused',
    message: 'This login has no mailbox',
  },
  'sender.empty-for-domain': {
    code: 'sender-refused',
    message: 'This login has a whole domain, and an empty sender names no mailbox of it',
  },
  'sender.none-without-password': {
    code: 'sender-refused',
    message: 'No login without a password may send as {sender} from here',
  },
  'sender.none-without-password-yet': {
    code: 'sender-refused',
    message: 'No login without a password may send as {sender} from here',
    fix: 'Allow it with: {command}',
  },
  'sender.personal-mailbox': {
    code: 'sender-refused',
    message: "A login or API key for the whole domain does not reach {mailbox}, which is a person's own",
    fix: 'Allow it with: postern login add {word}',
  },
  'sender.no-pattern': {
    code: 'invalid',
    message: '"{text}" is not a sender that postern can match',
    fix: 'Give an address, or *@example.com for every address of that domain.',
  },
  'limits.no-pattern': {
    code: 'invalid',
    message: '"{text}" is not a recipient that postern can match',
    fix: 'Give an address, or *@example.com for every address of that domain.',
  },
  'limits.too-many-recipients': {
    code: 'invalid',
    message: 'More than {most} recipients are no limit any more',
    fix: 'Name whole domains, such as *@example.com.',
  },
  'limits.recipients-refused': {
    code: 'forbidden',
    message: '{program} may not send to {count} of the recipients',
    fix: 'Leave them out, or let it send there: postern login set, postern api-key set.',
    told: 'This login may not send to some of the recipients',
  },
  'limits.messages-used-up': {
    code: 'limit-reached',
    message: '{program} has sent {used} messages within an hour, and may send {most}',
    fix: 'Wait, or let it send more: postern login set, postern api-key set.',
    told: 'This login has sent as many messages as it may within an hour, try again later',
  },
  'limits.recipients-used-up': {
    code: 'limit-reached',
    message:
      '{program} has had {used} recipients in 24 hours, it may have {most}, and a message to {recipients} more was to leave',
    fix: 'Wait, or let it have more: postern login set, postern api-key set.',
    told: 'This login has had as many recipients as it may within a day, try again later',
  },
  'limits.more-than-a-day': {
    code: 'forbidden',
    message: '{program} may have {most} recipients in 24 hours, and the message has {recipients}',
    fix: 'Send it to fewer, or let it have more: postern login set, postern api-key set.',
    told: 'The message has more recipients than this login may have within a day',
  },
  'limits.no-count': {
    code: 'invalid',
    message: 'A limit is a whole number from 1 to {most}',
    fix: 'Give such a number, or leave the limit out.',
  },
} as const satisfies FailureEntries
