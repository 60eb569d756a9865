import { z } from 'zod'
import type { Sentence } from '../base/failure.ts'

/*
 * What the operations of the API answer, by name. Nothing is validated by these on the way: they
 * type the operations and the command's client, and the OpenAPI document is made from them. Loaded
 * with the first look at that document. Times are ISO 8601.
 */

const text = z.string()
const texts = z.array(text).readonly()
const whole = z.int()
const yes = z.boolean()
const time = text.meta({ examples: ['2026-03-01T10:20:30.000Z'] })
const address = z
  .templateLiteral([z.string(), '@', z.string()])
  .meta({ description: 'A mail address, or `*@example.com` for a whole domain.' })
const addresses = z.array(address).readonly()

const code = z.enum([
  'wrong-credentials',
  'forbidden',
  'sender-refused',
  'consent-needed',
  'provider-unavailable',
  'provider-setup',
  'limit-reached',
  'outcome-unknown',
  'invalid',
  'not-found',
  'already-exists',
  'store-unavailable',
  'configuration',
  'internal',
])

const known = z
  .object({ id: text, values: z.record(text, text).readonly(), tells: yes })
  .meta({ description: 'The entry of the catalogue of known errors behind it.' })

const SentenceValues: z.ZodType<Sentence['values']> = z
  .record(text, z.union([text, z.number(), z.lazy(() => NestedSentence)]))
  .readonly()

/** A sentence in the values of another one. */
const NestedSentence: z.ZodType<Sentence> = z.object({
  id: text,
  values: SentenceValues,
  message: text,
  fix: text.optional(),
  known: known.optional(),
})

const SentenceById = z
  .object({ id: text, values: SentenceValues, known: known.optional() })
  .meta({ description: 'A sentence by its id and what is filled in, as docs/errors.md has it.' })

const SaidReply = z.object({
  code: whole,
  enhancedCode: text.exactOptional(),
  text,
})

const SaidRecipient = z.object({ recipient: text, reply: SaidReply })

const SentMessage = z.object({
  messageId: text.exactOptional(),
  mailbox: address,
  reply: SaidReply.meta({ description: 'What the provider said to the message.' }),
  queueId: text.exactOptional().meta({ description: 'As the reply of the provider names it.' }),
  accepted: z.array(SaidRecipient).readonly(),
  refused: z.array(SaidRecipient).readonly(),
})

const HeldReply = z.object({ code: whole, text })
const HeldRecipient = z.object({ recipient: text, reply: HeldReply })

const HeldMessage = z
  .object({
    id: text,
    state: z
      .enum(['waiting', 'sending', 'sent', 'refused', 'expired', 'failed', 'unknown'])
      .meta({ description: 'Whether it waits for a person, and what became of it.' }),
    url: text.meta({ description: 'The path that tells what became of it, to who sent it.' }),
    userName: text.meta({ description: 'Who sent it, as logs name a login or an API key.' }),
    apiKey: text.exactOptional(),
    mailbox: address,
    sender: text,
    recipients: texts,
    subject: text.exactOptional(),
    from: text.exactOptional().meta({ description: 'Of its header.' }),
    octets: whole,
    createdAt: time,
    endsAt: time.meta({ description: 'Until then somebody may approve it.' }),
    changedAt: time,
    decidedBy: text.exactOptional(),
    reply: HeldReply.exactOptional().meta({ description: 'What the provider said to it last.' }),
    accepted: z.array(HeldRecipient).readonly().exactOptional(),
    refused: z.array(HeldRecipient).readonly().exactOptional(),
    failure: z
      .object({ id: text, message: text, fix: text.exactOptional() })
      .exactOptional()
      .meta({ description: 'Why it could not be sent.' }),
  })
  .meta({ description: 'A message that needs the approval of a person: it was taken, and not sent yet.' })

const HandedInMessage = z.union([SentMessage, HeldMessage])

const DryRun = z
  .object({
    dryRun: z.literal(true),
    wouldSend: yes.meta({
      description: 'Nothing keeps it from leaving now, or from a person who approves it.',
    }),
    needsApproval: yes,
    mailbox: address.exactOptional().meta({ description: 'Absent where the sender may not be used.' }),
    provider: text.exactOptional(),
    grant: z.enum(['absent', 'active', 'lapsed']).exactOptional(),
    sender: text.exactOptional().meta({ description: 'Of the envelope, as it would leave.' }),
    givenSender: text
      .exactOptional()
      .meta({ description: 'As it was given, where another one would leave in its place.' }),
    recipients: z.array(z.object({ recipient: text, allowed: yes, why: text.exactOptional() })).readonly(),
    size: whole.meta({ description: 'In octets.' }),
    sizeLimit: whole.exactOptional(),
    limits: z
      .object({
        messagesLastHour: whole.exactOptional(),
        messagesPerHour: whole.exactOptional(),
        messagesRoomAt: time.exactOptional(),
        recipientsLastDay: whole.exactOptional(),
        recipientsPerDay: whole.exactOptional(),
        recipientsRoomAt: time.exactOptional(),
      })
      .exactOptional()
      .meta({ description: 'What is used of limits of the key itself.' }),
    mailboxLimits: z
      .object({
        messagesLastMinute: z.number(),
        messagesPerMinute: z.number().exactOptional(),
        recipientsLastDay: z.number(),
        recipientsPerDay: z.number().exactOptional(),
      })
      .exactOptional(),
    problems: z
      .array(
        z.object({
          failure: text,
          code,
          detail: text,
          fix: text.exactOptional(),
          retryAfterSeconds: whole.exactOptional(),
          until: time.exactOptional(),
        }),
      )
      .readonly(),
  })
  .meta({ description: 'What would come of a message: nothing of it was sent or counted.' })

const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: text,
    status: whole,
    detail: text.meta({ description: 'What is wrong, for people.' }),
    failure: text.meta({ description: 'Which failure it is, as docs/errors.md has it. Stable.' }),
    code: code.meta({ description: 'What kind of failure it is. Stable.' }),
    fix: text.exactOptional().meta({ description: 'What to do about it.' }),
    retryAfterSeconds: z.number().exactOptional(),
    mistakes: z
      .array(z.object({ member: text, message: text }))
      .readonly()
      .exactOptional()
      .meta({ description: 'Every mistake of what was sent, with its place.' }),
    reply: SaidReply.exactOptional().meta({ description: 'Of the provider that refused a message.' }),
    accepted: z.array(SaidRecipient).readonly().exactOptional(),
    refused: z.array(SaidRecipient).readonly().exactOptional(),
    consentLink: z
      .object({ id: text, url: text, mailbox: address, expiresAt: time })
      .exactOptional()
      .meta({ description: 'Where a consent is needed, and the key has the scope `admin`.' }),
  })
  .meta({
    description: 'A problem document (RFC 9457).',
    examples: [
      {
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'There is no mailbox me@example.com',
        failure: 'mailbox.unknown',
        code: 'not-found',
      },
    ],
  })

const pause = z.object({
  about: z.enum(['mailbox', 'sender', 'program', 'registration', 'sign-in', 'token']),
  sender: text.exactOptional(),
  login: text.exactOptional(),
  source: text.exactOptional(),
  since: time,
  until: time,
  reason: text,
  said: text.exactOptional(),
  fix: text.exactOptional(),
  failure: SentenceById.exactOptional(),
})
const pauses = z.array(pause).readonly()

const outcomes = z.enum(['done', 'refused', 'failed'])

const MailboxStatus = z
  .object({
    address,
    provider: text,
    coveredBy: address.exactOptional(),
    signsInAs: address.exactOptional(),
    saslUser: text.exactOptional(),
    acceptedName: text.exactOptional(),
    aliases: addresses.exactOptional(),
    state: z.enum(['absent', 'active', 'lapsed']),
    condition: z.enum([
      'failing',
      'needs-consent',
      'paused',
      'not-connected',
      'ends-soon',
      'never-used',
      'ok',
    ]),
    lastSentAt: time.exactOptional(),
    lastOutcome: z
      .object({
        at: time,
        tried: z.enum(['message', 'test', 'sign-in']),
        outcome: outcomes,
        login: text.exactOptional(),
        failingSince: time.exactOptional(),
        failures: whole,
        code: code.exactOptional(),
        message: text.exactOptional(),
        fix: text.exactOptional(),
        failure: SentenceById.exactOptional(),
        said: text.exactOptional(),
      })
      .exactOptional(),
    pauses: pauses.exactOptional(),
    since: time.exactOptional(),
    reason: text.exactOptional(),
    reasonText: SentenceById.exactOptional(),
    refusedAt: time.exactOptional(),
    signedInAs: address.exactOptional(),
    flow: z
      .enum(['authorization-code', 'device', 'adopted', 'client-credentials', 'service-account'])
      .exactOptional(),
    scopes: texts.exactOptional(),
    grantedAt: time.exactOptional(),
    renewedAt: time.exactOptional(),
    renewsBy: time.exactOptional(),
    endings: z
      .array(
        z.object({
          kind: z.enum([
            'unused',
            'refresh-token',
            'test-phase',
            'client-secret',
            'old-client-secret',
            'certificate',
            'own-certificate',
            'own-certificate-refused',
          ]),
          endsAt: time,
          fix: text,
        }),
      )
      .readonly()
      .exactOptional(),
    sending: z
      .object({
        connections: z.object({ open: whole, inUse: whole, allowed: whole, limit: whole }),
        waiting: whole,
        messagesLastMinute: z.number(),
        messagesPerMinute: z.number().exactOptional(),
        recipientsLastDay: z.number(),
        recipientsPerDay: z.number().exactOptional(),
        recipientsRoomAt: time.exactOptional(),
        pauses,
      })
      .exactOptional(),
  })
  .meta({
    examples: [
      { address: 'me@example.com', provider: 'microsoft', state: 'active', condition: 'ok', flow: 'device' },
    ],
  })

const RemovedMailbox = z.object({
  removed: address,
  revocation: z.enum(['revoked', 'nothing', 'kept', 'unsupported', 'failed']),
  advice: text.exactOptional(),
  adviceText: SentenceById.exactOptional(),
})

const CreatedLink = z.object({ id: text, url: text, mailbox: address, expiresAt: time })

const SentLink = z.object({
  id: text,
  mailbox: address,
  expiresAt: time,
  deliveries: z
    .array(
      z.object({
        channel: z.enum(['webhook', 'mail', 'command']),
        failure: text.exactOptional(),
        why: SentenceById.exactOptional(),
      }),
    )
    .readonly(),
})

const Finding = z.object({
  id: text,
  values: SentenceValues,
  known: known.optional(),
  step: z.enum([
    'settings',
    'data-directory',
    'key',
    'provider',
    'running',
    'redirect-uri',
    'certificate',
    'endpoint',
    'clock',
    'name',
    'connect',
    'tls',
    'mechanism',
    'client',
    'token',
    'claims',
    'sign-in',
    'sender',
    'held-back',
    'recipient',
    'message',
  ]),
  outcome: z.enum(['good', 'fault', 'unknown']),
  what: text,
  details: texts.exactOptional(),
  said: text.exactOptional(),
  fix: text.exactOptional(),
  milliseconds: z.number(),
})

const TestStep = z.object({
  step: text,
  outcome: z.enum(['good', 'fault']),
  said: text.exactOptional(),
  failure: text.exactOptional(),
  what: text.exactOptional(),
  fix: text.exactOptional(),
})

const AccessToken = z
  .object({ access_token: text, token_type: z.literal('Bearer'), expires_in: whole, scope: text })
  .meta({
    description: 'As RFC 6749, section 5.1.',
    examples: [
      {
        access_token: 'eyJ0eXAi…',
        token_type: 'Bearer',
        expires_in: 3599,
        scope: 'https://mail.google.com/',
      },
    ],
  })

const ExchangedToken = AccessToken.extend({
  issued_token_type: z.literal('urn:ietf:params:oauth:token-type:access_token'),
}).meta({ description: 'As RFC 8693, section 2.2.1.' })

const OAuthError = z
  .object({
    error: z.enum([
      'invalid_request',
      'invalid_grant',
      'invalid_target',
      'invalid_scope',
      'unsupported_grant_type',
      'temporarily_unavailable',
      'server_error',
    ]),
    error_description: text,
  })
  .meta({ description: 'As RFC 6749, section 5.2, and RFC 8693, section 2.2.2.' })

const limits = z.object({
  recipients: addresses.exactOptional(),
  messagesPerHour: whole.exactOptional(),
  recipientsPerDay: whole.exactOptional(),
  needsApproval: z.literal(true).exactOptional(),
})

const Self = z
  .object({
    name: text,
    scopes: z.array(text).readonly(),
    sendsFrom: addresses.meta({ description: 'Mailboxes, or `*@example.com` for all of a domain.' }),
    limits: limits.exactOptional().meta({ description: 'Absent: those of its mailboxes alone.' }),
    left: z
      .object({
        messages: whole.exactOptional(),
        messagesRoomAt: time.exactOptional(),
        recipients: whole.exactOptional(),
        recipientsRoomAt: time.exactOptional(),
      })
      .meta({
        description: 'Of what is limited: how much it may still send now, and when there is room again.',
      }),
    needsApproval: yes.meta({ description: 'A person has to approve each message.' }),
    waiting: whole.meta({ description: 'How many of its messages wait for that.' }),
  })
  .meta({ description: 'What an API key may do.' })

const LoginStatus = z
  .object({
    id: text,
    userName: text,
    name: text,
    mailboxes: addresses,
    senders: addresses,
    networks: texts,
    password: z.enum(['generated', 'chosen', 'none']),
    cramMd5: yes,
    rewriteSender: yes,
    personal: yes.exactOptional(),
    rewriteFrom: z.literal(true).exactOptional(),
    mendLineEnds: z.literal(true).exactOptional(),
    completeAddresses: text.exactOptional(),
    map: z.record(text, address).readonly().exactOptional(),
    splitRecipients: z.literal(true).exactOptional(),
    limits: limits.exactOptional(),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: time,
    expiresAt: time.exactOptional(),
    lastUsedAt: time.exactOptional(),
    usedFrom: texts.exactOptional(),
  })
  .meta({ description: 'A login, without its password. What is mended of its mail is there where it is so.' })

const LoginList = z.object({
  logins: z.array(LoginStatus).readonly(),
  found: whole.exactOptional().meta({ description: 'How many fit, where a part was asked for.' }),
})

const NewLogin = z.object({
  login: LoginStatus,
  password: text
    .exactOptional()
    .meta({ description: 'Where it was generated here: shown once, it cannot be had again.' }),
})

const scope = z.union([
  z.enum(['read', 'admin']),
  z.templateLiteral(['token:', z.string(), '@', z.string()]),
  z.templateLiteral(['send:', z.string(), '@', z.string()]),
])

const ApiKeyStatus = z.object({
  id: text,
  name: text,
  scopes: z.array(scope).readonly(),
  networks: texts,
  limits: limits.exactOptional(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: time,
  expiresAt: time.exactOptional(),
  lastUsedAt: time.exactOptional(),
})

const NewApiKey = z.object({
  apiKey: ApiKeyStatus,
  key: text.meta({ description: 'Shown once: it is stored as a hash.' }),
})

const SignInLink = z.object({ url: text, role: z.enum(['administrator', 'viewer']), expiresAt: time })

const JournalEntry = z.object({
  id: text,
  at: time,
  kind: z.enum(['send', 'sign-in', 'token', 'consent', 'change', 'trouble']),
  event: text,
  outcome: outcomes,
  mailbox: address.exactOptional(),
  login: text.exactOptional(),
  loginName: text.exactOptional(),
  source: text.exactOptional(),
  by: text.exactOptional(),
  milliseconds: z.number().exactOptional(),
  recipients: z
    .array(z.object({ address: text, code: whole.exactOptional(), reply: text.exactOptional() }))
    .readonly()
    .exactOptional(),
  details: z.record(text, z.union([text, z.number(), yes, texts])).readonly(),
})

const JournalPage = z.object({
  entries: z.array(JournalEntry).readonly(),
  next: text.exactOptional().meta({ description: 'There are older ones: give it as `before`.' }),
})

const JournalVerdict = z.object({
  entries: whole,
  since: whole.exactOptional(),
  faults: z
    .array(
      z.discriminatedUnion('what', [
        z.object({ what: z.literal('changed'), id: text }),
        z.object({ what: z.literal('unproven'), id: text }),
        z.object({ what: z.literal('missing'), entries: whole, before: text.exactOptional() }),
        z.object({ what: z.literal('added'), entries: whole }),
        z.object({ what: z.literal('ends-changed'), at: z.number().exactOptional() }),
      ]),
    )
    .readonly(),
})

const TraceStatus = z.object({
  id: text,
  login: text.exactOptional(),
  source: text.exactOptional(),
  endsAt: time,
})

const TracePage = z.object({
  lines: z
    .array(
      z.object({
        at: time,
        session: text,
        direction: z.enum(['C:', 'S:', 'P>', 'P<', '--']),
        text,
        milliseconds: z.number().exactOptional(),
      }),
    )
    .readonly(),
  next: whole,
  ended: z.enum(['time', 'full', 'stopped']).exactOptional(),
})

const LogLevel = z.object({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']) })

const workers = z
  .array(z.object({ number: whole, pid: whole, ready: yes, ended: whole }))
  .readonly()
  .exactOptional()
  .meta({ description: 'The processes of this host, where it has several.' })

const Health = z.union([
  z.object({ ready: z.literal(true), workers }),
  z.object({ ready: z.literal(false), reason: text, fix: text.exactOptional(), workers }),
])

const KeyList = z.object({
  keys: z.array(z.object({ kid: text, writes: yes, held: yes, values: whole })),
})

const RotationStep = z.object({
  kid: text,
  sealed: whole,
  values: whole,
  broken: texts,
  removed: texts.exactOptional(),
  kept: texts.exactOptional(),
})

const BegunConsent = z.object({
  mailbox: address,
  providerName: text,
  authorizationUrl: text,
  byHand: yes.meta({ description: "The provider's page shows a code, which is the answer then." }),
  consent: text.meta({ description: 'A secret that ties the answer to the beginning.' }),
})

const CompletedConsent = z.object({ mailbox: address, signedInAs: address.exactOptional() })

const BegunDeviceConsent = z.object({
  id: text,
  mailbox: address,
  providerName: text,
  userCode: text,
  verificationUri: text,
  verificationUriComplete: text.exactOptional(),
  expiresAt: time,
})

const DeviceConsentState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending'), mailbox: address }),
  CompletedConsent.extend({ state: z.literal('completed') }),
  z.object({
    state: z.literal('refused'),
    mailbox: address,
    failure: text,
    code: text,
    message: text,
    fix: text.exactOptional(),
  }),
])

const ConsentLinkStatus = z.object({
  id: text,
  mailbox: address,
  requestedBy: text,
  state: z.enum(['open', 'used', 'expired']),
  createdAt: time,
  expiresAt: time,
  usedAt: time.exactOptional(),
})

const AdminConsentLink = z.object({ url: text, provider: text, expiresAt: time })

const source = z.enum(['settings', 'stored', 'shipped'])

const ProviderStatus = z.object({
  id: text,
  name: text,
  registered: yes,
  source: source.exactOptional(),
  missing: text.exactOptional(),
  missingFailure: SentenceById.exactOptional(),
  standing: z.object({
    evidence: z.enum(['documented', 'reported', 'restricted', 'unverified', 'own']),
    notes: texts,
  }),
  flows: z
    .array(z.enum(['authorization-code', 'device', 'client-credentials', 'service-account']))
    .readonly(),
  smtp: z.object({ host: text, port: whole, tls: z.enum(['starttls', 'implicit']) }),
  scopes: texts,
})

const ProviderDetails = ProviderStatus.extend({
  setUp: z.object({
    redirectUri: text.exactOptional(),
    steps: texts,
    appOnlySteps: texts.exactOptional(),
    settings: z.object({ lines: texts, file: text.exactOptional() }).exactOptional(),
    commands: z.array(z.object({ purpose: text, lines: texts })).readonly(),
  }),
})

const RegistrationCheck = z.object({
  provider: text,
  checkedAt: time,
  points: z
    .array(
      z.object({
        point: z.enum(['settings', 'running', 'redirect-uri', 'certificate', 'endpoint', 'client']),
        outcome: z.enum(['good', 'wrong', 'unknown']),
        what: text,
        details: texts.exactOptional(),
        fix: text.exactOptional(),
        failure: SentenceById,
      }),
    )
    .readonly(),
})

const clientAuthentication = z.enum(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt'])

const RegistrationStatus = z.object({
  id: text,
  name: text,
  source,
  setting: text.exactOptional(),
  hiddenBy: text.exactOptional(),
  trouble: SentenceById.extend({ message: text, fix: text.exactOptional() }).exactOptional(),
  fields: z.object({
    preset: text.exactOptional(),
    name: text.exactOptional(),
    issuer: text.exactOptional(),
    authorizationEndpoint: text.exactOptional(),
    tokenEndpoint: text.exactOptional(),
    deviceAuthorizationEndpoint: text.exactOptional(),
    revocationEndpoint: text.exactOptional(),
    jwksUri: text.exactOptional(),
    userinfoEndpoint: text.exactOptional(),
    graphEndpoint: text.exactOptional(),
    scopes: texts.exactOptional(),
    applicationScopes: texts.exactOptional(),
    authorizationParameters: z.record(text, text).readonly().exactOptional(),
    identityClaim: z.enum(['email', 'preferred_username', 'upn', 'sub']).exactOptional(),
    tenant: text.exactOptional(),
    clientId: text.exactOptional(),
    clientAuthentication: clientAuthentication.exactOptional(),
    redirectUri: text.exactOptional(),
    smtp: z.object({ host: text, port: whole, tls: z.enum(['starttls', 'implicit']) }).exactOptional(),
    mechanisms: z
      .array(z.enum(['XOAUTH2', 'OAUTHBEARER']))
      .readonly()
      .exactOptional(),
    limits: z
      .object({
        connections: z.number().exactOptional(),
        messagesPerMinute: z.number().nullable().exactOptional(),
        recipientsPerDay: z.number().nullable().exactOptional(),
        messagesPerConnection: z.number().nullable().exactOptional(),
        refusedRecipients: z.object({ refused: z.number(), of: z.number() }).nullable().exactOptional(),
      })
      .exactOptional(),
    chunking: z.enum(['auto', 'off']).exactOptional(),
    refreshMargin: z.number().exactOptional(),
    grantsEndAfterDays: z.number().exactOptional(),
    proxy: text.exactOptional(),
  }),
  authentication: z.enum([...clientAuthentication.options, 'service-account']),
  clientSecrets: z
    .array(z.object({ place: whole, expires: text.exactOptional(), added: text.exactOptional() }))
    .readonly(),
  certificate: z
    .object({
      thumbprint: text,
      expires: text,
      pem: text.exactOptional(),
      subject: text.exactOptional(),
      sha1: text.exactOptional(),
    })
    .exactOptional(),
  serviceAccount: z.object({ email: text, keyId: text }).exactOptional(),
  mailboxes: whole,
  createdAt: time.exactOptional(),
  changedAt: time.exactOptional(),
  revision: whole.exactOptional(),
})

const ChangedRegistration = z.object({
  registration: RegistrationStatus,
  changed: texts,
  needConsent: addresses,
  keepConsent: addresses,
})

const RemovedRegistration = z.object({ removed: text, mailboxes: addresses })

const ownCertificate = z.object({ certificate: text, thumbprint: text, endsAt: time })

const OwnCertificateStatus = z.object({
  inUse: ownCertificate.exactOptional(),
  next: ownCertificate.extend({ registered: yes }).exactOptional(),
  objectId: text.exactOptional(),
  refused: z.object({ at: time, why: text }).exactOptional(),
})

/** Every schema of an answer, by the name that the OpenAPI document gives it. */
export const answers = {
  AccessToken,
  AdminConsentLink,
  ApiKeyList: z.object({ apiKeys: z.array(ApiKeyStatus).readonly() }),
  ApiKeyStatus,
  BegunConsent,
  BegunDeviceConsent,
  ChangedRegistration,
  CompletedConsent,
  ConsentLinkList: z.object({ consentLinks: z.array(ConsentLinkStatus).readonly() }),
  ConsentLinkStatus,
  CreatedLink,
  DeviceConsentState,
  ExchangedToken,
  DryRun,
  Finding,
  HandedInMessage,
  Health,
  HeldMessage,
  HeldMessageList: z.object({ messages: z.array(HeldMessage).readonly() }),
  JournalEntry,
  JournalPage,
  JournalVerdict,
  KeyList,
  LogLevel,
  LoginList,
  LoginStatus,
  MailboxList: z.object({ mailboxes: z.array(MailboxStatus).readonly() }),
  MailboxStatus,
  OAuthError,
  MadeLink: z.union([CreatedLink, SentLink]),
  NewApiKey,
  NewLogin,
  OpenApiDocument: z.looseObject({ openapi: z.literal('3.1.1') }).meta({ description: 'This document.' }),
  OwnCertificateStatus,
  Problem,
  ProviderDetails,
  ProviderList: z.object({ providers: z.array(ProviderStatus).readonly() }),
  ProviderStatus,
  RegistrationCheck,
  RegistrationList: z.object({ registrations: z.array(RegistrationStatus).readonly() }),
  RegistrationStatus,
  RemovedMailbox,
  RemovedRegistration,
  RotationStep,
  NestedSentence,
  SentenceById,
  SentenceValues,
  Self,
  SentLink,
  SentMessage,
  SentHeldOrDryRun: z.union([HandedInMessage, DryRun]),
  SignInLink,
  TestStep,
  TracePage,
  TraceStatus,
}

export type AnswerName = keyof typeof answers

export type Answers = { [Name in AnswerName]: z.output<(typeof answers)[Name]> }
