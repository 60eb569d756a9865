import { fillIn, type Sentence, type SentenceById, type Value, type Values, type ValuesOf } from './entry.ts'

/** What is said by id and is no failure. */
export const texts = {
  'check.registration-complete': { message: 'The registration is complete, and without a mistake.' },
  'check.settings-complete': { message: 'The settings are complete, and without a mistake.' },
  'check.settings-mistaken': {
    message: 'The settings, as they are now, would not let postern start.',
    fix: 'Mend this in .env or in the environment, then check again.',
  },
  'check.none-runs': { message: 'No postern is running.', fix: 'Start it with "postern serve".' },
  'check.runs-so': { message: 'The postern that runs was started with these settings.' },
  'check.runs-otherwise': {
    message: 'The postern that runs was started with other settings than those that are there now.',
    fix: 'Restart it: nothing is lost by that.',
  },
  'check.back-from-anywhere': { message: 'People come back to {address} from anywhere.' },
  'check.back-or-code': {
    message: 'People come back to {address}: in a browser on the machine of postern.',
    fix: 'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer, or use a code on another device.',
  },
  'check.back-or-paste': {
    message: 'People come back to {address}: in a browser on the machine of postern.',
    fix: 'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer.',
  },
  'check.certificate': { message: 'The certificate fits its key, and ends on {day}.' },
  'check.certificate-ended': {
    message: 'The certificate ended on {day}.',
    fix: 'Give another one with its key, or let postern make one.',
  },
  'check.reached': { message: '{provider} is reached.' },
  'check.client-accepted': { message: '{provider} accepts the client.' },
  'check.client-known': {
    message: '{provider} knows the client id; its secret or certificate shows with the first consent.',
  },
  // What is wrong with a field of a registration: the end of a sentence that begins with its name.
  'mistake.at-field': { message: '{field}: {mistake}' },
  'mistake.and': { message: '{first}; {others}' },
  'mistake.missing': { message: 'is missing' },
  'mistake.empty': { message: 'must not be empty' },
  'mistake.unknown': { message: 'there is no such setting' },
  'mistake.text': { message: 'must be a text in quotes' },
  'mistake.number': { message: 'must be a number' },
  'mistake.whole-number': { message: 'must be a whole number' },
  'mistake.list': { message: 'must be a list in [ ]' },
  'mistake.object': { message: 'must be an object in braces' },
  'mistake.one-of': { message: 'must be {values}' },
  'mistake.at-least': { message: 'must be at least {least}' },
  'mistake.at-most': { message: 'must be at most {most}' },
  'mistake.too-long': { message: 'must have at most {most} characters' },
  'mistake.too-many': { message: 'must have at most {most} entries' },
  'mistake.day': { message: 'must be a day such as 2027-11-30' },
  'mistake.unfit': { message: 'is nothing that can stand here' },
  'mistake.file-empty': { message: '{file} is empty' },
  'mistake.file-unreadable': { message: '{file} cannot be read' },
  'mistake.file-unreadable-because': { message: '{file} cannot be read ({code})' },
  'mistake.sample': { message: 'must be your own value: this one is the sample' },
  'mistake.spaces': { message: 'must not begin or end with white space' },
  'mistake.not-ascii': { message: 'must hold printable ASCII characters only' },
  'mistake.secret-id': {
    message:
      "must be the value of the client secret, which Entra shows once, when it is made: this is the secret's ID",
  },
  'mistake.tenant': { message: 'must be common, organizations, consumers, a tenant ID or a domain name' },
  'mistake.tenant-shape': { message: 'must be a tenant ID or a domain name' },
  'mistake.tenant-elsewhere': { message: 'is for the presets of Microsoft only' },
  'mistake.tenant-id-here': { message: 'must be the tenant ID (a GUID) in this cloud' },
  'mistake.no-certificate': {
    message: 'must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----")',
  },
  'mistake.no-key': {
    message: 'must hold a private key in PEM form without a passphrase ("-----BEGIN PRIVATE KEY-----")',
  },
  'mistake.weak-key': { message: 'must be an RSA key of at least 2048 bits, or an EC key on P-256' },
  'mistake.other-key': { message: 'must be the key of that certificate' },
  'mistake.certificate-ended': { message: 'ended on {day}' },
  'mistake.certificate-without-key': { message: 'is missing beside {other}' },
  'mistake.certificate-beside-secret': {
    message: 'must not stand beside a client secret; keep one of the two',
  },
  'mistake.needs-certificate': { message: 'private_key_jwt needs certificateFile and certificateKeyFile' },
  'mistake.needs-no-certificate': { message: '{method} does not use the certificate' },
  'mistake.needs-secret': { message: '{method} needs clientSecret or clientSecretFile' },
  'mistake.needs-no-secret': { message: '"none" is for a client without a secret' },
  'mistake.two-secrets': { message: 'must not stand beside clientSecret; keep one of the two' },
  'mistake.secret-beside-list': { message: 'must not stand beside a single secret; put that into the list' },
  'mistake.providers-or-overrides': { message: 'must have "providers" or "overrides", or both' },
  'mistake.value-or-file': { message: 'must have "value" or "file"' },
  'mistake.no-such-secret': { message: 'there is no such client secret' },
  'mistake.no-key-file': { message: 'must be the JSON key file of a service account' },
  'mistake.client-key-file': {
    message: 'must be the key file of a service account ("type": "service_account"), not of an OAuth client',
  },
  'mistake.key-file-lacks': { message: 'must hold {names}' },
  'mistake.key-file-key': { message: 'must hold an RSA key in PEM form as private_key' },
  'mistake.proxy': {
    message:
      'must be "direct", or be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one)',
  },
  'mistake.proxy-percent': { message: 'must be "direct", or write a % in its name or password as %25' },
  'mistake.no-url': { message: 'must be a URL' },
  'mistake.url-credentials': { message: 'must not hold a user name or password' },
  'mistake.url-fragment': { message: 'must have no fragment (RFC 6749, section 3.1)' },
  'mistake.url-query': { message: 'must have no query (RFC 8414, section 2)' },
  'mistake.url-scheme': { message: 'must begin with https:// (http:// is for loopback hosts only)' },
  'mistake.scope': { message: 'must be one scope, without spaces or quotes' },
  'mistake.host-name': { message: 'must be a host name' },
  'mistake.refused-of': { message: '"refused" must be at most "of"' },
  'mistake.own-parameter': { message: 'is set by postern itself' },
  'mistake.id': { message: 'must be lower-case letters, digits and hyphens' },
  'mistake.id-of-preset': {
    message: '"{id}" is the id of a built-in provider; choose another, or add "preset": "{id}"',
  },
  'mistake.preset': { message: 'must be one of {presets}' },
  'mistake.claim-at-entra': { message: 'is not for Entra, where the sign-in name decides' },
  'mistake.claim-without-token': {
    message: 'needs an issuer and the scope openid: without them there is no ID token',
  },
  'mistake.token-endpoint': { message: 'is missing; or give an issuer, whose endpoints are discovered' },
  'mistake.needs-token-endpoint': { message: 'needs a tokenEndpoint beside it' },
  'mistake.issuer-for-openid': {
    message: 'is needed with the scope openid: without it no ID token can be checked',
  },
  'mistake.openid-for-issuer': {
    message: 'must hold openid beside an issuer: without it there is no ID token to check',
  },
  'mistake.issuer-exact': { message: 'must be exact; only {exception} may name a tenant that varies' },
  'doctor.settings-good': { message: 'they are without a mistake' },
  'doctor.directory-new': { message: 'there is no {dataDir} yet: the first start makes it' },
  'doctor.directory-private': { message: '{dataDir} is there, for its owner alone' },
  'doctor.runs': { message: 'a postern runs on {dataDir}, and has its key' },
  'doctor.key-fits': { message: 'it fits the store' },
  'doctor.key-new': { message: 'there is no store yet: the first start makes both' },
  'doctor.clock-agrees': { message: 'it agrees with that of {host}' },
  'doctor.name-found': { message: '{host} is {addresses}' },
  'doctor.name-by-proxy': { message: '{host} (the proxy looks it up)' },
  'doctor.connected': { message: 'port {port} ({address})' },
  'doctor.connected-by-proxy': { message: 'port {port} (through the proxy)' },
  'doctor.certificate-right': { message: 'the certificate is right for {host} ({tls})' },
  'doctor.mechanism': { message: '{mechanism}' },
  'doctor.client-proven': { message: 'the provider has just given it a token' },
  'doctor.token-fresh': { message: 'it was fetched just now, good for {minutes} minutes' },
  'doctor.token-there': { message: 'it is there, good for {minutes} minutes' },
  'doctor.claims-good': { message: 'nothing in it is wrong' },
  'doctor.claims': { message: '{scopes}' },
  'doctor.accepted': { message: 'accepted' },
  'doctor.accepted-so': { message: 'accepted: {said}' },
  'doctor.nothing-held-back': { message: 'nothing' },
  'check.service-account': { message: 'a service account signs in for a mailbox only' },
  'check.took-anything': { message: 'it took a refresh token that nobody gave' },
  'asking.request-failed': { message: 'the token request failed' },
  'asking.endpoints-undiscovered': { message: 'the endpoints of {issuer} cannot be discovered: {reasons}' },
  'asking.tenant-untold': {
    message: 'Entra does not tell the id of the tenant: set that in place of its domain',
  },
  'asking.no-userinfo': { message: '{provider} has no userinfo endpoint' },
  'asking.no-code-address': { message: 'the provider named no address to enter the code at' },
  'asking.no-json': { message: 'the token endpoint answered with something else than JSON' },
  'asking.no-token': { message: 'the token endpoint answered without a token' },
  'asking.http-status': { message: 'the token endpoint answered with HTTP status {status}' },
  'asking.no-signing-keys': { message: "the provider's signing keys cannot be read" },
  'asking.clock-ahead': {
    message: 'the clock of this machine is {span} ahead of that of the provider: {reason}',
  },
  'asking.clock-behind': {
    message: 'the clock of this machine is {span} behind that of the provider: {reason}',
  },
  'span.minutes': { message: '{minutes} minutes' },
  'span.hours': { message: '{hours} hours' },
  'span.days': { message: '{days} days' },
  'lost.connecting-slow': { message: 'connecting took too long' },
  'lost.tls-slow': { message: 'TLS took too long' },
  'lost.message-cut': { message: 'it ended before the message did' },
  'lost.before-message': { message: 'it ended before the message was sent' },
  'lost.reply-meaningless': { message: 'a {code} came where it means nothing' },
  'lost.mail-unanswered': { message: 'MAIL was not answered' },
  'lost.closed': { message: 'the provider closed it' },
  'lost.closed-421': { message: 'the provider closed it (421)' },
  'lost.network': { message: 'network error' },
  'lost.nothing-taken': { message: 'nothing was taken for {seconds} seconds' },
  'lost.ended-here': { message: 'postern ended it' },
  'lost.handed-over': { message: 'the socket was handed over' },
  'lost.reply-unasked': { message: 'a {code} came that nobody had asked for' },
  'lost.reply-begun': { message: 'a reply began that nobody had asked for' },
  'lost.nothing-asked': { message: 'nothing was asked' },
  'lost.no-reply': { message: 'no reply within {seconds} seconds' },
  'lost.too-many-replies': { message: 'more replies came than were asked for' },
  'lost.reply-of-two-codes': { message: 'the lines of one reply differ in code' },
  'lost.reply-too-large': { message: 'a reply is too large' },
  'lost.reply-too-many-lines': { message: 'a reply has too many lines' },
  'lost.reply-line-too-long': { message: 'a reply line is too long' },
  'lost.reply-bare-lf': { message: 'a reply line ends in a bare LF' },
  'lost.reply-bare-cr': { message: 'a reply line holds a bare CR or a NUL' },
  'lost.no-reply-line': { message: 'a line is not a reply' },
  'lapse.moved': { message: 'The mailbox moved from the provider {before} to {after}' },
  'lapse.other-person': { message: 'Another person signs in for the mailbox: {after} instead of {before}' },
  'file.data-directory': { message: 'data directory' },
  'file.any': { message: 'file' },
  'file.lock': { message: 'lock file' },
  'file.process': { message: 'process file' },
  'file.key': { message: 'key file' },
  'file.owner-key': { message: 'owner key' },
  'file.database': { message: 'database' },
  'file.settings': { message: 'settings file' },
  'refused.permission': { message: 'permission denied' },
  'refused.read-only': { message: 'the file system is read-only' },
  'refused.full': { message: 'the disk is full' },
  'refused.quota': { message: 'the disk quota is used up' },
  'refused.no-directory': { message: 'a part of its path is not a directory' },
  'doubt.read-by-others': { message: 'can be read by other users (its mode is {mode})' },
  'doubt.changed-by-others': { message: 'can be changed by other users (its mode is {mode})' },
  'doubt.of-another': { message: 'belongs to another user (number {user})' },
  'doubt.in-folder': { message: 'stands in {folder}, which {problem}' },
  'doubt.in-shared-folder': {
    message: 'stands in {folder}, to which other users can write (its mode is {mode})',
  },
  'doubt.run': { message: 'Run: {command}' },
  'doubt.run-chown': { message: 'Run: {command}; or run postern as that user' },
  'doubt.move': { message: 'Put it into a folder of your own' },
  'revocation.kept': {
    message: 'Another mailbox may live on the same consent. To end the consent at {provider}, go to {place}.',
  },
  'revocation.unsupported': {
    message: '{provider} has no way to end a consent from here. To end the consent there, go to {place}.',
  },
  'revocation.failed': {
    message: '{provider} could not be asked to end the consent. To end the consent there, go to {place}.',
  },
  'revocation.settings': { message: 'the settings of the account there' },
} as const satisfies Readonly<Record<string, { message: string; fix?: string }>>

export type TextEntries = typeof texts
export type TextId = keyof TextEntries

/** A text without places needs no values. */
type Given<Id extends TextId> =
  ValuesOf<TextEntries[Id]> extends Readonly<Record<never, never>> & infer Values
    ? keyof Values extends never
      ? [values?: Values]
      : [values: Values]
    : never

/** The text of this id: `text('check.reached', { provider })`. */
export function text<Id extends TextId>(id: Id, ...values: Given<Id>): Sentence {
  const entry: { message: string; fix?: string } = texts[id]
  const given = (values[0] ?? {}) as Values
  return {
    ...{ id, values: given, message: fillIn(entry.message, given) },
    ...(entry.fix !== undefined && { fix: fillIn(entry.fix, given) }),
  }
}

/** A text that was kept, in English. Undefined: this version does not have it. */
export function textById({ id, values }: SentenceById): Sentence | undefined {
  const isThere = typeof id === 'string' && Object.hasOwn(texts, id)
  return isThere ? text(id as 'check.reached', values as { provider: Value }) : undefined
}
