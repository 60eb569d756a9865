import { z } from 'zod'
import { logLevels } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { loginGroups, loginOrders } from '../model/login.ts'
import { pageRoles } from '../model/page-access.ts'
import type { NewRegistration, RegistrationChanges } from '../providers/registrations.ts'
import type { AnswerName, Answers } from './answers.ts'

/** An operation of the API, as data: what is checked, what the command's client sends, and what is documented. */
export interface Operation {
  needs: Need
  /** What it does: a sentence without a full stop. */
  summary: string
  query?: z.ZodType
  /** Of JSON. One that takes `undefined` need not come. */
  body?: z.ZodType
  /** It reads the body itself, which may be a message as it is instead of JSON. */
  readsBody?: true
  gives: Gives
}

/**
 * The right that an operation needs. `token` is the right to the tokens of the mailbox in the path;
 * `admin` includes every right; `any`: whatever the key may do. `send` is that of a sender, which
 * the message names: the operation checks it.
 */
export type Need = 'read' | 'admin' | 'token' | 'send' | 'any'

export interface Gives {
  /** The usual one first; 200 when absent. */
  status?: readonly [number, ...number[]]
  /** JSON: the name of its schema in `answers.ts`. */
  json?: AnswerName
  /** The member of that JSON with a list that may be long. */
  list?: string
  /** JSON lines, each of this schema. */
  lines?: AnswerName
  /** A file of this media type. */
  file?: string
  /** Plain text for who prefers it. */
  text?: true
  /** `Location` has the path of what was made. */
  location?: true
}

const shortText = z.string().max(254)
const address = z
  .string()
  .min(1)
  .max(254)
  .meta({ examples: ['me@example.com'] })
const day = z
  .string()
  .min(1)
  .max(40)
  .meta({ description: 'ISO 8601: a date, or date and time.', examples: ['2027-03-31'] })

const secret = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .transform((text) => new Secret(text))

/** A number in a query. */
const whole = (pattern: RegExp) => z.string().regex(pattern, 'must be a number').transform(Number)

const newMailbox = z
  .strictObject({
    address,
    provider: z.string().min(1).max(100),
    signsInAs: address.exactOptional(),
    saslUser: shortText.exactOptional(),
    aliases: z.array(address).max(100).exactOptional(),
    refreshToken: secret(16_384).exactOptional(),
    appOnly: z.boolean().exactOptional(),
    replace: z.boolean().exactOptional(),
  })
  .meta({ examples: [{ address: 'me@example.com', provider: 'microsoft' }] })

const newConsentLink = z.strictObject({
  send: z.boolean().exactOptional().meta({
    description: 'The link is sent by the channels for notices instead of returned.',
  }),
})

const newDiagnosis = z.strictObject({
  sendTo: address.exactOptional().meta({ description: 'A test message is sent there.' }),
})

const newTest = z.strictObject({
  to: address.exactOptional().meta({ description: 'Absent: the mailbox itself.' }),
  from: address.exactOptional().meta({ description: 'Of a whole domain: the sender.' }),
  login: shortText.exactOptional().meta({ description: 'As which login: its id or user name.' }),
})

const minimumLife = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number of seconds')
  .transform(Number)
  .refine((seconds) => seconds <= 86_400, 'must be at most 86400 seconds')
  .exactOptional()
  .meta({
    description:
      'For how many seconds the token must be valid, up to 86400. It is refreshed where it is not; 503 where that is not possible now.',
    examples: ['600'],
  })

const accessTokenType = z.literal('urn:ietf:params:oauth:token-type:access_token')

/**
 * The form of `POST /oauth2/token` (RFC 8693, section 2.1). What else a client sends is not looked
 * at (RFC 6749, section 3.2).
 */
export const tokenExchange = z.object({
  grant_type: z.literal('urn:ietf:params:oauth:grant-type:token-exchange'),
  subject_token: z.string().min(1).max(1024).meta({ description: 'The API key.' }),
  subject_token_type: accessTokenType,
  requested_token_type: accessTokenType.exactOptional(),
  actor_token: z.never().exactOptional(),
  audience: z
    .string()
    .max(300)
    .exactOptional()
    .meta({ description: 'The address of the mailbox; or by `resource`.', examples: ['me@example.com'] }),
  resource: z
    .string()
    .max(1000)
    .exactOptional()
    .meta({ description: 'The same as a URI.', examples: ['mailto:me@example.com'] }),
  scope: z.string().max(4096).exactOptional().meta({ description: 'What the token must have of scopes.' }),
  min_life: minimumLife,
})

const tokenQuery = z.strictObject({
  min_life: minimumLife,
  format: z.enum(['json', 'token', 'xoauth2']).exactOptional().meta({
    description: 'The body of RFC 6749, the bare token, or the ready SASL string.',
  }),
})

/** Absent members are no limit for what is new, and unchanged for what there is. */
const limits = z
  .strictObject({
    recipients: z.array(shortText.min(1)).max(200).exactOptional().meta({
      description: 'It sends to these alone: addresses, or *@example.com. An empty list: to anybody.',
    }),
    messagesPerHour: z.int().min(1).nullable().exactOptional().meta({ description: 'Null: no limit.' }),
    recipientsPerDay: z.int().min(1).nullable().exactOptional().meta({ description: 'Null: no limit.' }),
    needsApproval: z.boolean().exactOptional().meta({
      description: 'A message leaves when a person has approved it.',
    }),
  })
  .meta({ examples: [{ recipients: ['*@example.com'], messagesPerHour: 20 }] })

/** Absent members are off for a new login, and unchanged for an existing one. */
const mending = z.strictObject({
  rewriteFrom: z.boolean().exactOptional(),
  mendLineEnds: z.boolean().exactOptional(),
  completeAddresses: shortText.exactOptional(),
  map: z.record(shortText.min(1), shortText.min(1)).exactOptional(),
  splitRecipients: z.boolean().exactOptional(),
})

const texts = z.array(shortText.min(1)).max(100)

const newLogin = mending.extend({
  userName: shortText.min(1).exactOptional(),
  name: z.string().min(1).max(200).exactOptional(),
  password: secret(1024).exactOptional(),
  cramMd5: z.boolean().exactOptional(),
  withoutPassword: z.boolean().exactOptional(),
  senders: texts.exactOptional(),
  rewriteSender: z.boolean().exactOptional(),
  personal: z.boolean().exactOptional(),
  networks: texts.exactOptional(),
  limits: limits.exactOptional(),
  expires: day.exactOptional(),
})

/** A new login for several mailboxes. */
const newLoginFor = newLogin
  .extend({ mailboxes: texts.min(1) })
  .meta({ examples: [{ mailboxes: ['me@example.com'], name: 'Printer, 2nd floor' }] })

const moreSenders = z
  .strictObject({ senders: texts.min(1) })
  .meta({ examples: [{ senders: ['*@example.com'] }] })

/** Of what is failing the journal knows. */
const loginStates = loginGroups.filter((group) => group !== 'failing')

/** A part of the list; without any of these, all of it. */
const loginsQuery = z.strictObject({
  find: shortText.exactOptional(),
  mailbox: shortText.exactOptional(),
  state: z.enum(loginStates).exactOptional(),
  order: z.enum(loginOrders).exactOptional(),
  from: whole(/^\d{1,7}$/).exactOptional(),
  limit: whole(/^[1-9]\d{0,2}$/).exactOptional(),
})

/** Addresses as in a header: `Name <you@example.com>`, several in a list or behind commas. */
const listedAddresses = z.union([z.string().max(100_000), z.array(z.string().max(1000)).max(10_000)])

/** No line end, which would begin another field. */
const oneLine = z.string().refine((text) => !/[\r\n\0]/.test(text), 'must be on one line')

const base64 = z
  .string()
  .refine((text) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text), 'must be base64')
  .transform((text) => Buffer.from(text, 'base64'))

const attachment = z.strictObject({
  name: oneLine.max(1000).exactOptional(),
  type: z
    .string()
    .regex(/^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/, 'must be a media type, such as application/pdf')
    .exactOptional(),
  content: base64,
  cid: z
    .string()
    .regex(/^[^\s<>]{1,250}$/, 'must be an id without blanks and angle brackets')
    .exactOptional(),
})

/** What the other members say, and what makes a message of several parts. */
const takenFields = /^(?:from|sender|to|cc|bcc|reply-to|subject|mime-version|content-.*|dkim-signature)$/i

const fieldName = z
  .string()
  .regex(/^[!-9;-~]{1,100}$/, 'must be the name of a header field')
  .refine((name) => !takenFields.test(name), 'is set by a member of its own')

const newMessage = z
  .strictObject({
    from: z.string().min(1).max(1000),
    to: listedAddresses.exactOptional(),
    cc: listedAddresses.exactOptional(),
    bcc: listedAddresses.exactOptional(),
    replyTo: listedAddresses.exactOptional(),
    subject: oneLine.max(10_000).exactOptional(),
    text: z.string().exactOptional(),
    html: z.string().exactOptional(),
    attachments: z.array(attachment).max(1000).exactOptional(),
    headers: z.record(fieldName, oneLine.max(10_000)).exactOptional(),
  })
  .meta({ examples: [{ from: 'me@example.com', to: 'you@example.net', subject: 'Hello', text: 'Hello.' }] })

const messageQuery = z.strictObject({
  from: shortText.exactOptional().meta({
    description: 'Of a message as it is: the envelope sender. Absent: the first address of its From.',
  }),
  to: z
    .union([shortText.min(1), z.array(shortText.min(1)).max(10_000)])
    .exactOptional()
    .meta({
      description:
        'Of a message as it is: a recipient; once for each. Absent: those of its header, and Bcc is taken out.',
    }),
  dryRun: z.enum(['true', 'false']).exactOptional().meta({
    description:
      'true: says what would come of the message. Nothing is sent or counted, and an Idempotency-Key is not looked at.',
  }),
})

const newApiKey = z
  .strictObject({
    scopes: z.array(z.string().min(1).max(300)).min(1).max(100),
    name: z.string().min(1).max(200).exactOptional(),
    networks: texts.exactOptional(),
    limits: limits.exactOptional(),
    expires: day.exactOptional(),
  })
  .meta({ examples: [{ scopes: ['token:me@example.com'], name: 'nightly report' }] })

const newDecision = z
  .strictObject({ decision: z.enum(['approve', 'refuse']) })
  .meta({ examples: [{ decision: 'approve' }] })

const newSignInLink = z.strictObject({ role: z.enum(pageRoles).exactOptional() })

const journalQuery = z.strictObject({
  mailbox: shortText.exactOptional(),
  login: shortText.exactOptional(),
  recipient: shortText.exactOptional(),
  kind: shortText.exactOptional(),
  outcome: shortText.exactOptional(),
  since: shortText.exactOptional(),
  until: shortText.exactOptional(),
  before: shortText.exactOptional(),
  after: shortText.exactOptional(),
  limit: whole(/^\d{1,3}$/).exactOptional(),
})

const newTrace = z.strictObject({
  login: shortText.exactOptional(),
  source: z.string().max(64).exactOptional(),
  minutes: z.number().exactOptional(),
  mask: z.boolean().exactOptional(),
})

const traceQuery = z.strictObject({ after: whole(/^\d{1,9}$/).exactOptional() })

const newLogLevel = z.strictObject({ level: z.enum(logLevels) })

const pasted = z.strictObject({
  consent: secret(200),
  state: z.string().min(1).max(200),
  answer: z.string().min(1).max(8192),
})

/*
 * App registrations. The schemas here say what a body is made of; whether it makes sense as a
 * registration the service knows, which names every mistake with its member.
 */

const text = z.string().min(1).max(2048)
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** PEM texts and key files. */
const longText = z.string().min(1).max(32_768)
const clientSecret = z.strictObject({ value: secret(2048), expires: z.string().max(40).exactOptional() })

const fields = {
  preset: text,
  name: z.string().min(1).max(100),
  issuer: text,
  authorizationEndpoint: text,
  tokenEndpoint: text,
  deviceAuthorizationEndpoint: text,
  revocationEndpoint: text,
  jwksUri: text,
  userinfoEndpoint: text,
  graphEndpoint: text,
  scopes: z.array(text).min(1).max(100),
  applicationScopes: z.array(text).min(1).max(100),
  identityClaim: z.enum(['email', 'preferred_username', 'upn', 'sub']),
  authorizationParameters: z.record(text, z.string().max(2048)),
  redirectUri: text,
  tenant: text,
  clientId: text,
  clientSecrets: z.array(clientSecret).max(5),
  certificate: z.strictObject({ certificate: longText, key: secret(32_768) }),
  serviceAccount: secret(32_768),
  clientAuthentication: z.enum(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt']),
  smtp: z.strictObject({ host: text, port: count, tls: z.enum(['starttls', 'implicit']) }),
  mechanisms: z.array(z.enum(['XOAUTH2', 'OAUTHBEARER'])).min(1),
  limits: z.strictObject({
    connections: count.exactOptional(),
    messagesPerMinute: count.exactOptional(),
    recipientsPerDay: count.exactOptional(),
    messagesPerConnection: count.exactOptional(),
    refusedRecipients: z.strictObject({ refused: count, of: count }).exactOptional(),
  }),
  chunking: z.enum(['auto', 'off']),
  refreshMargin: count,
  grantsEndAfterDays: count,
  proxy: text,
}

type Fields = typeof fields

type Optional = { [Name in keyof Fields]: z.ZodExactOptional<Fields[Name]> }
type Removable = { [Name in keyof Fields]: z.ZodExactOptional<z.ZodNullable<Fields[Name]>> }

function everyField<Shape>(of: (schema: z.ZodType) => z.ZodType): Shape {
  return Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, of(schema)])) as Shape
}

const newRegistration: z.ZodType<NewRegistration> = z
  .strictObject({ id: text, ...everyField<Optional>((schema) => schema.exactOptional()) })
  .meta({ examples: [{ id: 'work', preset: 'microsoft', tenant: 'example.com', clientId: 'client-id' }] })

const registrationChanges: z.ZodType<RegistrationChanges> = z.strictObject({
  ...everyField<Removable>((schema) => schema.nullable().exactOptional()),
  addClientSecret: clientSecret.exactOptional(),
  removeClientSecret: count.exactOptional(),
})

const removal = z.strictObject({
  force: z.enum(['true', 'false']).exactOptional().meta({
    description: 'Its mailboxes send nothing then, so it is asked for twice where there are some.',
  }),
})

const certificateRequest = z.strictObject({
  objectId: text.exactOptional(),
  renew: z.boolean().exactOptional(),
})

/** Every operation of the API, by its method and its path below `/api/v1`. */
export const operations = {
  'GET /openapi.json': {
    needs: 'any',
    summary: 'This document',
    gives: { json: 'OpenApiDocument' },
  },
  'GET /self': {
    needs: 'any',
    summary: 'What this key may do, and what is left of its limits',
    gives: { json: 'Self' },
  },
  'GET /mailboxes': {
    needs: 'read',
    summary: 'All mailboxes, with how they are',
    gives: { json: 'MailboxList', list: 'mailboxes' },
  },
  'POST /mailboxes': {
    needs: 'admin',
    summary: 'Adds a mailbox, or replaces one',
    body: newMailbox,
    gives: { status: [201, 200], json: 'MailboxStatus', location: true },
  },
  'GET /mailboxes/:address': {
    needs: 'read',
    summary: 'A mailbox, with what it may send now',
    gives: { json: 'MailboxStatus' },
  },
  'DELETE /mailboxes/:address': {
    needs: 'admin',
    summary: 'Removes a mailbox, and revokes its grant where the provider can',
    gives: { json: 'RemovedMailbox' },
  },
  'POST /mailboxes/:address/tries': {
    needs: 'admin',
    summary: 'Ends the waits of a mailbox, and signs in at its provider now',
    gives: { json: 'MailboxStatus' },
  },
  'POST /mailboxes/:address/diagnosis': {
    needs: 'admin',
    summary: 'Looks at each step of the set-up of a mailbox',
    body: newDiagnosis.prefault({}),
    gives: { lines: 'Finding' },
  },
  'POST /mailboxes/:address/tests': {
    needs: 'admin',
    summary: 'Sends a test message, step by step',
    body: newTest.prefault({}),
    gives: { lines: 'TestStep' },
  },
  'POST /messages': {
    needs: 'send',
    summary: 'Sends a message',
    query: messageQuery,
    body: newMessage,
    readsBody: true,
    gives: { status: [200, 202], json: 'SentHeldOrDryRun' },
  },
  'GET /messages/:id': {
    needs: 'send',
    summary: 'What became of a message that needed approval',
    gives: { json: 'HeldMessage' },
  },
  'GET /approvals': {
    needs: 'admin',
    summary: 'Messages that wait for approval, and what became of those of the last day',
    gives: { json: 'HeldMessageList', list: 'messages' },
  },
  'GET /approvals/:id': {
    needs: 'admin',
    summary: 'A message that waits for approval, or what became of it',
    gives: { json: 'HeldMessage' },
  },
  'POST /approvals/:id/decisions': {
    needs: 'admin',
    summary: 'Approves a message, which sends it, or refuses it',
    body: newDecision,
    gives: { json: 'HeldMessage' },
  },
  'POST /mailboxes/:address/consent-links': {
    needs: 'admin',
    summary: 'Makes a one-use consent link, or sends it',
    body: newConsentLink.prefault({}),
    gives: { status: [201], json: 'MadeLink' },
  },
  'POST /mailboxes/:address/consents': {
    needs: 'admin',
    summary: 'Begins a consent whose answer is carried over by hand',
    gives: { status: [201], json: 'BegunConsent' },
  },
  'POST /mailboxes/:address/device-consents': {
    needs: 'admin',
    summary: 'Begins a consent on another device',
    gives: { status: [201], json: 'BegunDeviceConsent', location: true },
  },
  'GET /mailboxes/:address/token': {
    needs: 'token',
    summary: 'An access token of a mailbox',
    query: tokenQuery,
    gives: { json: 'AccessToken', text: true },
  },
  'GET /mailboxes/:address/logins': {
    needs: 'read',
    summary: 'The logins of a mailbox',
    gives: { json: 'LoginList', list: 'logins' },
  },
  'POST /mailboxes/:address/logins': {
    needs: 'admin',
    summary: 'Makes a login for a mailbox',
    body: newLogin.prefault({}),
    gives: { status: [201], json: 'NewLogin' },
  },
  'POST /consents': {
    needs: 'admin',
    summary: 'Completes a consent with the answer that a person pastes',
    body: pasted,
    gives: { json: 'CompletedConsent' },
  },
  'GET /device-consents/:id': {
    needs: 'admin',
    summary: 'What has become of a consent on another device',
    gives: { json: 'DeviceConsentState' },
  },
  'GET /consent-links': {
    needs: 'read',
    summary: 'All consent links, without their secrets',
    gives: { json: 'ConsentLinkList', list: 'consentLinks' },
  },
  'DELETE /consent-links/:id': {
    needs: 'admin',
    summary: 'Takes a consent link back',
    gives: { status: [204] },
  },
  'GET /providers': {
    needs: 'read',
    summary: 'All providers that are known',
    gives: { json: 'ProviderList' },
  },
  'GET /providers/:id': {
    needs: 'read',
    summary: 'A provider, and how it is set up',
    gives: { json: 'ProviderDetails' },
  },
  'POST /providers/:id/checks': {
    needs: 'admin',
    summary: 'Checks whether the settings of a provider work',
    gives: { json: 'RegistrationCheck' },
  },
  'POST /providers/:id/admin-consent-links': {
    needs: 'admin',
    summary: 'Makes a link by which an administrator of Entra consents for all',
    gives: { status: [201], json: 'AdminConsentLink' },
  },
  'GET /registrations': {
    needs: 'read',
    summary: 'All app registrations, without their secrets',
    gives: { json: 'RegistrationList' },
  },
  'POST /registrations': {
    needs: 'admin',
    summary: 'Adds an app registration',
    body: newRegistration,
    gives: { status: [201], json: 'RegistrationStatus', location: true },
  },
  'GET /registrations/:id': {
    needs: 'read',
    summary: 'An app registration',
    gives: { json: 'RegistrationStatus' },
  },
  'PATCH /registrations/:id': {
    needs: 'admin',
    summary: 'Changes an app registration; null removes a member',
    body: registrationChanges,
    gives: { json: 'ChangedRegistration' },
  },
  'DELETE /registrations/:id': {
    needs: 'admin',
    summary: 'Removes an app registration',
    query: removal,
    gives: { json: 'RemovedRegistration' },
  },
  'POST /registrations/:id/check': {
    needs: 'admin',
    summary: 'Checks whether an app registration works',
    gives: { json: 'RegistrationCheck' },
  },
  'GET /registrations/:id/certificate': {
    needs: 'read',
    summary: 'The certificate that postern makes itself',
    gives: { json: 'OwnCertificateStatus' },
  },
  'POST /registrations/:id/certificate': {
    needs: 'admin',
    summary: 'Has postern make and renew the certificate itself',
    body: certificateRequest.prefault({}),
    gives: { json: 'OwnCertificateStatus' },
  },
  'POST /registrations/:id/certificate/tries': {
    needs: 'admin',
    summary: 'Takes the next step of the certificate now',
    gives: { json: 'OwnCertificateStatus' },
  },
  'GET /logins': {
    needs: 'read',
    summary: 'All logins, or a part of them',
    query: loginsQuery,
    gives: { json: 'LoginList', list: 'logins' },
  },
  'POST /logins': {
    needs: 'admin',
    summary: 'Makes a login for one or several mailboxes',
    body: newLoginFor,
    gives: { status: [201], json: 'NewLogin' },
  },
  'GET /logins/:id': {
    needs: 'read',
    summary: 'A login',
    gives: { json: 'LoginStatus' },
  },
  'DELETE /logins/:id': {
    needs: 'admin',
    summary: 'Revokes a login',
    gives: { status: [204] },
  },
  'POST /logins/:id/senders': {
    needs: 'admin',
    summary: 'Lets a login use further senders',
    body: moreSenders,
    gives: { json: 'LoginStatus' },
  },
  'POST /logins/:id/mending': {
    needs: 'admin',
    summary: 'Sets what is mended of the mail of a login',
    body: mending,
    gives: { json: 'LoginStatus' },
  },
  'POST /logins/:id/limits': {
    needs: 'admin',
    summary: 'Sets what a login may send',
    body: limits,
    gives: { json: 'LoginStatus' },
  },
  'GET /api-keys': {
    needs: 'admin',
    summary: 'All API keys, without the keys themselves',
    gives: { json: 'ApiKeyList', list: 'apiKeys' },
  },
  'POST /api-keys': {
    needs: 'admin',
    summary: 'Makes an API key',
    body: newApiKey,
    gives: { status: [201], json: 'NewApiKey' },
  },
  'DELETE /api-keys/:id': {
    needs: 'admin',
    summary: 'Revokes an API key',
    gives: { status: [204] },
  },
  'POST /api-keys/:id/limits': {
    needs: 'admin',
    summary: 'Sets what an API key may send',
    body: limits,
    gives: { json: 'ApiKeyStatus' },
  },
  'POST /sign-in-links': {
    needs: 'admin',
    summary: 'Makes a one-time link that signs a browser in',
    body: newSignInLink.prefault({}),
    gives: { status: [201], json: 'SignInLink' },
  },
  'GET /journal': {
    needs: 'read',
    summary: 'What happened, the newest first',
    query: journalQuery,
    gives: { json: 'JournalPage' },
  },
  'GET /journal/verification': {
    needs: 'read',
    summary: 'Whether all entries of the journal are as they were written',
    gives: { json: 'JournalVerdict' },
  },
  'POST /traces': {
    needs: 'admin',
    summary: 'Begins a transcript of what a client says',
    body: newTrace,
    gives: { status: [201], json: 'TraceStatus' },
  },
  'GET /traces/:id': {
    needs: 'admin',
    summary: 'Takes the lines of a transcript that have come',
    query: traceQuery,
    gives: { json: 'TracePage' },
  },
  'DELETE /traces/:id': {
    needs: 'admin',
    summary: 'Ends a transcript',
    gives: { status: [204] },
  },
  'POST /log-level': {
    needs: 'admin',
    summary: 'Sets the level of the log until the next start',
    body: newLogLevel,
    gives: { json: 'LogLevel' },
  },
  'GET /health': {
    needs: 'admin',
    summary: 'Whether postern can do its work, and why not',
    gives: { json: 'Health' },
  },
  'POST /backups': {
    needs: 'admin',
    summary: 'The store as it is, sealed, without its key',
    gives: { file: 'application/x-tar' },
  },
  'GET /keyring': {
    needs: 'admin',
    summary: 'Which key seals how much',
    gives: { json: 'KeyList' },
  },
  'POST /keyring/rotations': {
    needs: 'admin',
    summary: 'Seals everything with a new key, step by step',
    gives: { lines: 'RotationStep' },
  },
} as const satisfies Readonly<Record<`${Method} /${string}`, Operation>>

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export type Operations = typeof operations
export type OperationName = keyof Operations

/** The named parameters of a path. */
export type PathParameters<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | PathParameters<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

type SchemaOf<Name extends OperationName, Part extends 'query' | 'body'> = Operations[Name] extends {
  [P in Part]: infer Schema extends z.ZodType
}
  ? Schema
  : z.ZodUndefined

/** As it was sent, and as it is once it has been checked. */
export type Sent<Name extends OperationName, Part extends 'query' | 'body'> = z.input<SchemaOf<Name, Part>>
export type Read<Name extends OperationName, Part extends 'query' | 'body'> = z.output<SchemaOf<Name, Part>>

/** What an operation answers as JSON, or in each line. */
export type AnswerOf<Name extends OperationName> = Operations[Name]['gives'] extends {
  json: infer Answer extends AnswerName
}
  ? Answers[Answer]
  : undefined

export type LineOf<Name extends OperationName> = Operations[Name]['gives'] extends {
  lines: infer Line extends AnswerName
}
  ? Answers[Line]
  : never
