import type { FailureEntries } from './entry.ts'

/** Consents, mailboxes, and who is told of them. */
export const consentFailures = {
  'consent.code-not-entered': {
    code: 'consent-needed',
    message: 'The code was not entered in time',
    fix: 'Begin again.',
  },
  'consent.sign-in-declined': {
    code: 'consent-needed',
    message: 'You chose not to allow access',
    fix: 'Begin again.',
  },
  'consent.no-identity-of-guest': {
    code: 'invalid',
    message: '{provider} did not say which mail address signed in',
    fix: 'Start again with an account of the organisation itself: no guest is believed.',
  },
  'consent.no-identity': {
    code: 'invalid',
    message: '{provider} did not say which mail address signed in',
    fix: 'Sign in with an account whose mail address the provider has verified, and check that the registration may ask for the scopes openid and email. Where the address stands in another claim, an administrator can name that as identityClaim in the providers file.',
  },
  'consent.not-begun': {
    code: 'invalid',
    message: 'No consent is under way that this answer belongs to, or it was used already',
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
  },
  'consent.address-cut': {
    code: 'invalid',
    message: 'This is not the whole address that the browser ended at',
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
  },
  'consent.other-browser': {
    code: 'invalid',
    message: 'This consent was begun in another browser',
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
  },
  'consent.expired': {
    code: 'invalid',
    message: 'The sign-in took too long',
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
  },
  'consent.not-accepted': {
    code: 'consent-needed',
    message: '{provider} did not accept the sign-in: {reason}',
    fix: 'Start again, and finish the sign-in without delay.',
  },
  'consent.request-refused': {
    code: 'provider-setup',
    message: '{provider} refused the sign-in: {reason}',
    fix: "Check the registration's redirect URI and scopes, and what the organisation allows; then start again.",
  },
  'consent.none-under-way': {
    code: 'not-found',
    message: 'No such consent is under way',
    fix: 'Make a new link.',
  },
  'consent.no-admin-consent': {
    code: 'invalid',
    message: '{provider} has no consent of an administrator for a whole organisation',
    fix: 'Let the owner of each mailbox consent: postern consent ADDRESS.',
  },
  'consent.admin-declined': {
    code: 'invalid',
    message: '{provider} says that no administrator has consented{reason}',
    fix: 'Open the link as an administrator who may consent for the organisation, such as a Cloud Application Administrator.',
  },
  'consent.link-ended': {
    code: 'invalid',
    message: 'The consent link was used or has expired in the meantime',
    fix: 'Ask the person who sent it for a new link.',
  },
  'consent.mailbox-gone': {
    code: 'not-found',
    message: 'The mailbox {mailbox} was removed or changed in the meantime',
    fix: 'Ask the administrator what it is to be now, then start again.',
  },
  'consent.link-unknown': {
    code: 'not-found',
    message: 'There is no consent link {id} that could be revoked',
  },
  'consent.link-invalid': {
    code: 'not-found',
    message: 'This consent link is not valid: it was used, has expired, or never existed',
    fix: 'Ask the person who sent it for a new link.',
  },
  'consent.declined': {
    code: 'invalid',
    message: 'Access was not allowed at {provider}',
    fix: 'Start again and agree; if no such choice was offered, ask the administrator of the organisation to allow postern.',
  },
  'consent.unfinished': {
    code: 'invalid',
    message: '{provider} wants more than was done: {error}',
    fix: 'Start again and finish every step; ask the administrator of the organisation if one cannot be finished.',
  },
  'consent.provider-trouble': {
    code: 'provider-unavailable',
    message: '{provider} has a passing trouble: {error}',
    fix: 'Start again in a few minutes.',
  },
  'consent.callback-refused': {
    code: 'invalid',
    message: '{provider} refused the request: {error}',
    fix: "Check the registration's client id, redirect URI and scopes at the provider.",
  },
  'consent.answer-unchecked': {
    code: 'invalid',
    message: 'The answer of {provider} did not pass the checks',
    fix: "Start again; if it stays so, check the provider's issuer and endpoints.",
  },
  'consent.not-the-address': {
    code: 'invalid',
    message: 'This is not what the browser ended at',
    fix: 'Copy the whole address from the address bar of the browser, or the code that the page shows.',
  },
  'consent.no-device-flow': {
    code: 'invalid',
    message: '{provider} has no sign-in by a code on another device',
    fix: 'Use the consent in a browser: its link works on any machine that reaches postern, and --paste where none does.',
  },
  'consent.too-many-devices': {
    code: 'limit-reached',
    message: '{most} consents on other devices are under way already',
    fix: 'Wait until one has ended.',
  },
  'consent.device-unknown': {
    code: 'not-found',
    message: 'There is no such consent on another device, or it ended long ago',
    fix: 'Begin again.',
  },
  'consent.no-refresh-token': {
    code: 'invalid',
    message: '{provider} gave no refresh token',
    fix: "Remove postern from the account's connected applications and start again; if that does not help, the registration must ask for offline access.",
  },
  'consent.wrong-person': {
    code: 'forbidden',
    message: '{person} signed in, but {expected} has to',
    fix: 'Start again and choose the account {expected}. If {person} may send for {mailbox}, ask the administrator of postern to set {person} as the account that signs in for it.',
  },
  'consent.address-unverified': {
    code: 'invalid',
    message: '{provider} says that it has not verified the mail address of the account that signed in',
    fix: 'Have the address verified there, and start again. Where the provider is your own and answers for its addresses, have it say so (email_verified), or name another claim as identityClaim in the providers file.',
  },
  'consent.userinfo-of-another': {
    code: 'invalid',
    message: 'The userinfo endpoint of {provider} told of another account than the one that signed in',
    fix: 'Check userinfoEndpoint in the providers file: it has to belong to the issuer.',
  },
  'consent.userinfo-unreadable': {
    code: 'invalid',
    message:
      '{provider} did not say which mail address signed in, and its userinfo endpoint could not be read',
    fix: 'Start again later. If it lasts, check userinfoEndpoint in the providers file, or have the provider put the address into the ID token; the log says why.',
  },
  'consent.scope-missing': {
    code: 'invalid',
    message: 'The right to send mail was not given: {scopes}',
    fix: 'Start again and leave every box ticked; if there was none, add the scope to the registration at the provider.',
  },
  'consent.not-needed': {
    code: 'invalid',
    message: 'At {provider} nobody consents: an app sends for {mailbox} by itself',
    fix: 'Nothing is to be done here; "postern provider show" says how the app is set up.',
  },
  'consent.whole-domain': {
    code: 'invalid',
    message: '"{mailbox}" is a whole domain, whose mail an app sends without a consent',
    fix: 'Nothing is to be done here; add a mailbox by its own address where a person has to consent.',
  },
  'consent.link-id-taken': {
    code: 'already-exists',
    message: 'There is a consent link with this id already',
  },
  'consent.link-used': {
    code: 'not-found',
    message: 'This consent link was used already, has expired, or never existed',
    fix: 'Ask for a new link.',
  },
  'consent.state-taken': {
    code: 'already-exists',
    message: 'There is a consent with this state already',
  },
  'consent.mailbox-or-link-gone': {
    code: 'not-found',
    message: 'The mailbox {mailbox} or its consent link is gone',
  },
  'mailbox.unknown': {
    code: 'not-found',
    message: 'There is no mailbox {mailbox}',
    fix: 'Add it: postern mailbox add {mailbox} --provider ID',
  },
  'mailbox.just-moved': {
    code: 'provider-unavailable',
    message: '{mailbox} has just moved to another provider',
    fix: 'Try again.',
  },
  'mailbox.several-registrations': {
    code: 'invalid',
    message: 'Several registrations are at the provider of this mailbox: {names}',
    fix: 'Choose the one of its organisation.',
  },
  'mailbox.provider-not-told': {
    code: 'invalid',
    message: 'Nothing tells which provider this mailbox is at',
    fix: 'Choose its provider.',
  },
  'mailbox.no-app-only': {
    code: 'invalid',
    message: "{provider} lets no app send without a person's consent",
    fix: 'Add the mailbox without app-only, and let its owner consent.',
  },
  'mailbox.domain-needs-app-only': {
    code: 'invalid',
    message: '"{mailbox}" is a whole domain, and nobody can consent for all of its mailboxes',
    fix: 'Add it as app-only at a provider that lets an app send for an organisation, or add each mailbox by its own address.',
  },
  'mailbox.app-only-with-person': {
    code: 'invalid',
    message: 'A mailbox without a consent has no refresh token and nobody who signs in',
    fix: 'Leave out either app-only, or the refresh token and the person.',
  },
  'mailbox.whole-domain': {
    code: 'invalid',
    message: '"{mailbox}" is a whole domain',
    fix: 'Name one address of it.',
  },
  'mailbox.user-unusable': {
    code: 'invalid',
    message: '"{text}" is no name that a mail server could know',
    fix: 'Give the name with which the person signs in at the mail server, such as till@example.onmicrosoft.com.',
  },
  'mailbox.domain-without-aliases': {
    code: 'invalid',
    message: '"{mailbox}" is a whole domain, which has no aliases',
    fix: 'Let a login use a further sender: postern login add --sender ADDRESS.',
  },
  'mailbox.alias-of-domain': {
    code: 'invalid',
    message: '"{text}" is a whole domain, and an alias is one address',
    fix: 'Let a login use any address of a domain: postern login add ADDRESS --sender "*@example.com".',
  },
  'mailbox.no-refresh-token': {
    code: 'invalid',
    message: 'This is not a refresh token: it must be one line of visible ASCII',
    fix: 'Give a file that holds the refresh token and nothing else.',
  },
  'mailbox.exists': {
    code: 'already-exists',
    message: 'The mailbox {mailbox} exists already',
  },
  'notice.webhook-unreached': {
    code: 'provider-unavailable',
    message: 'The webhook at {host} cannot be reached',
    fix: 'Check POSTERN_NOTIFY_WEBHOOK_URL, and that its server answers.',
  },
  'notice.webhook-unreachable': {
    code: 'provider-unavailable',
    message: 'The webhook at {host} cannot be reached: {reason}',
    fix: 'Check POSTERN_NOTIFY_WEBHOOK_URL, and that its server answers.',
  },
  'notice.webhook-set-up-wrong': {
    code: 'provider-setup',
    message: 'The webhook at {host} cannot be reached: {reason}',
    fix: '{reason.fix}',
  },
  'notice.command-ended': {
    code: 'provider-unavailable',
    message: 'POSTERN_NOTIFY_COMMAND was ended by {signal}',
    fix: 'Run it by hand with a JSON text on its standard input; it has {seconds} seconds and must end with 0.',
  },
  'notice.command-failed': {
    code: 'provider-unavailable',
    message: 'POSTERN_NOTIFY_COMMAND ended with exit code {status}',
    fix: 'Run it by hand with a JSON text on its standard input; it has {seconds} seconds and must end with 0.',
  },
  'notice.webhook-refused': {
    code: 'provider-unavailable',
    message: 'The webhook at {host} answered with HTTP status {status}',
    fix: 'Check what its server says about the request; redirects are not followed.',
  },
  'notice.mail-not-taken': {
    code: 'provider-unavailable',
    message: 'The notice was not taken from {mailbox} ({status})',
    fix: 'Check with "postern mailbox show {mailbox}" whether it can send, and POSTERN_NOTIFY_MAIL_TO.',
  },
  'notice.command-not-started': {
    code: 'configuration',
    message: 'POSTERN_NOTIFY_COMMAND cannot be started',
    fix: 'Check that a shell is installed and that postern may run programs.',
  },
  'notice.no-channel': {
    code: 'configuration',
    message: 'There is no way to send a consent link: no channel for notices is set',
    fix: 'Set POSTERN_NOTIFY_WEBHOOK_URL, POSTERN_NOTIFY_MAIL_FROM or POSTERN_NOTIFY_COMMAND, and restart; or hand the link over yourself.',
  },
  'notice.link-not-delivered': {
    code: 'provider-unavailable',
    message: 'The consent link was delivered by no channel ({reason})',
    fix: 'Mend one of the channels, or hand the link over yourself.',
  },
} as const satisfies FailureEntries
