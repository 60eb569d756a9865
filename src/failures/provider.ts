import type { FailureEntries } from './entry.ts'

/** Providers and their authorization servers, app registrations, grants and tokens. */
export const providerFailures = {
  'provider.unknown': {
    code: 'not-found',
    message: 'There is no provider "{id}"',
    fix: 'Use one of {names}, or describe another in POSTERN_PROVIDERS_FILE.',
  },
  'provider.no-such-flow': {
    code: 'configuration',
    message: '{provider} has no such way to a grant',
    fix: 'Choose another: "postern provider show" lists the ways of each provider.',
  },
  'provider.endpoint-out-of-reach': {
    code: 'configuration',
    message: '{issuer} publishes as its {endpoint} {address}, which it must not',
    fix: 'An issuer with https may lead to https only, and one in the Internet to no private address. Check the issuer, or give its endpoints in the providers file.',
  },
  'provider.no-signing-keys': {
    code: 'configuration',
    message: '{provider} publishes no keys to check its signatures with',
    fix: 'Give them as jwksUri in the providers file; nobody signs in to the pages without.',
  },
  'provider.endpoint-without-tls': {
    code: 'configuration',
    message: '{endpoint} is not on this machine and has no TLS',
    fix: 'Use an https:// endpoint.',
  },
  'provider.cannot-answer-now': {
    code: 'provider-unavailable',
    message: '{provider} cannot answer now: {reason}',
    fix: 'Start again in a while.',
  },
  'provider.registered-after-all': {
    code: 'internal',
    message: 'The catalogue has it after all',
  },
  'provider.not-asked': {
    code: 'provider-unavailable',
    message: "Can't reach {provider}: {reason}",
    fix: '{reason.fix}',
  },
  'provider.cannot-be-asked': {
    code: 'provider-unavailable',
    message: "Can't reach {provider}: {reason}",
    fix: 'Check the way there (firewall, proxy, DNS), the endpoints in the providers file, and try again in a while.',
  },
  'certificate.no-such-registration': {
    code: 'not-found',
    message: 'There is no registration "{provider}" whose certificate postern could keep',
    fix: 'Make it with "postern registration add": those of the settings have their certificates in files.',
  },
  'certificate.not-ours-to-make': {
    code: 'invalid',
    message: 'Postern makes no certificate for the registration {provider}',
    fix: 'It does for registrations at Microsoft 365 with the ID of one tenant: set that.',
  },
  'certificate.changed-meanwhile': {
    code: 'store-unavailable',
    message: 'The registration {provider} was changed meanwhile',
    fix: 'Try again.',
  },
  'certificate.no-object-id': {
    code: 'invalid',
    message: 'The object ID of an app registration is not like this: {text}',
    fix: 'Copy it from the Overview of the app registration in the Entra admin centre: it looks like 6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab.',
  },
  'certificate.client-id-as-object-id': {
    code: 'invalid',
    message: 'The object ID of the app registration is another one than its client ID',
    fix: 'Copy the one that is called Object ID from the Overview of the app registration in the Entra admin centre.',
  },
  'certificate.object-id-needed': {
    code: 'provider-setup',
    message: 'Entra does not tell the object id of the app registration',
    fix: 'Give it with "postern registration certificate {provider} --object-id ID": in the Entra admin centre, App registrations, the app, Overview, Object ID.',
  },
  'certificate.key-id-unknown': {
    code: 'provider-setup',
    message: 'Entra does not tell by which id it knows the old certificate',
  },
  'certificate.renewal-refused': {
    code: 'provider-setup',
    message: 'The next certificate of the registration {provider} could not be registered: {reason}',
    fix: 'Upload the certificate that "postern registration certificate {provider}" prints, in the Entra admin centre at the app registration under Certificates & secrets: it is used as soon as Entra takes it.',
  },
  'certificate.old-stays': {
    code: 'provider-setup',
    message: 'The old certificate of the registration {provider} stays at Entra: {reason}',
    fix: 'Nothing has to be done, since nobody has its key any more. It can be deleted at the app registration under Certificates & secrets.',
  },
  'exchange.not-there': {
    code: 'invalid',
    message: 'The mailboxes of {provider} are not set up by Exchange Online PowerShell',
    fix: 'Ask for a script for one of the providers of Microsoft 365.',
  },
  'exchange.no-mailboxes': {
    code: 'invalid',
    message: 'A script for Exchange Online is for certain mailboxes, and none is named',
    fix: 'Name each with --mailbox, or add the mailboxes first.',
  },
  'exchange.not-one-mailbox': {
    code: 'invalid',
    message: '{mailbox} is not one mailbox',
    fix: 'Name the mailboxes one by one: the script opens exactly these.',
  },
  'exchange.no-id': {
    code: 'invalid',
    message: 'The {what} is not one of Entra: {text}',
    fix: 'Copy it from the Entra admin centre: it looks like 6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab.',
  },
  'exchange.client-id-as-object-id': {
    code: 'invalid',
    message: 'The object id of the Enterprise application is another one than the client id',
    fix: 'Copy it from the Entra admin centre: Enterprise applications, the app, Object ID.',
  },
  'exchange.no-line': {
    code: 'invalid',
    message: 'This cannot stand in one line of a script: {text}',
    fix: 'Remove its line breaks and control characters.',
  },
  'registration.missing-at-microsoft': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_MICROSOFT_CLIENT_ID (with POSTERN_MICROSOFT_CLIENT_SECRET for a confidential client, and POSTERN_MICROSOFT_TENANT for one organisation), and restart.',
  },
  'registration.missing-worldwide': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_MICROSOFT_CLOUD to worldwide, with a registration of that cloud, and restart.',
  },
  'registration.missing-in-cloud': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (its GUID) and POSTERN_MICROSOFT_CLOUD={cloud}, and restart.',
  },
  'registration.missing-for-persons': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_MICROSOFT_TENANT to common or consumers, and restart.',
  },
  'registration.missing-for-high-volume': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (one organisation) and POSTERN_MICROSOFT_CLIENT_SECRET or POSTERN_MICROSOFT_CERT_FILE, and restart.',
  },
  'registration.missing-at-google': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.',
  },
  'registration.missing-service-account': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE to the key file of the service account, and restart.',
  },
  'registration.missing-in-file': {
    code: 'configuration',
    message: 'There is no app registration for {provider}',
    fix: 'Add one on its page, or by "postern registration add"; or give it a client id in POSTERN_PROVIDERS_FILE, in an entry with "preset": "{preset}", and restart.',
  },
  'registration.unknown': {
    code: 'not-found',
    message: 'There is no registration "{id}"',
    fix: 'Use the id of one that there is, which "postern registration list" names, or add it.',
  },
  'registration.exists': {
    code: 'already-exists',
    message: 'There is a registration "{id}" already',
    fix: 'Change that one ("postern registration set {id}"), or choose another id.',
  },
  'registration.in-settings': {
    code: 'already-exists',
    message: 'There cannot be a stored registration "{id}": the settings have one with this id ({setting})',
    fix: 'Choose another id, or take {setting} out of the settings and restart.',
  },
  'registration.of-settings': {
    code: 'invalid',
    message: 'The registration "{id}" comes from the settings ({setting}), and is changed there',
    fix: 'Change {setting} and restart, or add a registration with another id.',
  },
  'registration.shipped': {
    code: 'invalid',
    message: 'The registration "{id}" is shipped with this installation, for everybody',
    fix: 'Add one of your own with the same id: it takes the place of this one.',
  },
  'registration.mistaken': {
    code: 'invalid',
    message: 'The registration "{id}" cannot be kept so: {mistakes}',
    fix: 'Change these fields; "postern provider show" says what the provider needs.',
  },
  'registration.in-use': {
    code: 'already-exists',
    message: 'Mailboxes use the registration "{id}" ({count}): {mailboxes}',
    fix: 'Move them to another one first, or remove it with --force: they send nothing then until it is there again, and nothing of theirs is lost.',
  },
  'registration.changing': {
    code: 'store-unavailable',
    message: 'The registration "{id}" is changed by somebody else at the same time',
    fix: 'Look at it, and try again.',
  },
  'registration.hidden': {
    code: 'configuration',
    message: 'The stored registration "{id}" is not used: the settings have one with this id ({setting})',
    fix: 'Take {setting} out of the settings and restart to use the stored one, or remove that: "postern registration remove {id}".',
  },
  'registration.unusable': {
    code: 'configuration',
    message: 'The stored registration "{id}" cannot be used: {reason}',
    fix: 'Change it ("postern registration set {id}"), or remove it and add it anew.',
  },
  'registration.secrets-kept': {
    code: 'configuration',
    message: 'The secrets of the registration "{id}" are in the store, which this command cannot open',
    fix: 'Ask the running postern instead: "postern registration check {id}".',
  },
  'registration.gone': {
    code: 'configuration',
    message: 'The registration "{id}" of the mailbox {mailbox} is not there any more',
    fix: 'Add it again ("postern registration add {id}"), or give the mailbox another provider ("postern mailbox add {mailbox} --replace").',
  },
  'registration.without-certificate': {
    code: 'configuration',
    message: 'The provider {provider} needs a certificate to authenticate with',
    fix: 'Give its registration a certificate, or the client authentication "none".',
  },
  'registration.without-secret': {
    code: 'configuration',
    message: 'The provider {provider} needs a client secret to authenticate with',
    fix: 'Give its registration a client secret, or the client authentication "none".',
  },
  'registration.refused-at-consent': {
    code: 'provider-setup',
    message: '{provider} refused our registration: {reason}',
    fix: "Check the registration's client id, client secret, redirect URI and scopes at the provider.",
  },
  'registration.refused': {
    code: 'provider-setup',
    message:
      "{provider} refuses postern's registration, so there is no access token for any of its mailboxes",
    fix: "Check the registration's client id and client secret at the provider; the log says why.",
  },
  'registration.request-refused': {
    code: 'provider-setup',
    message: '{provider} refuses what postern asks for {mailbox}: {reason}',
    fix: "Check the registration's scopes, and what the organisation of {mailbox} allows.",
  },
  'registration.refused-for-one': {
    code: 'provider-setup',
    message: "{provider} refuses postern's registration for {mailbox}, and accepts it for other mailboxes",
    fix: 'Check that the organisation of {mailbox} still allows the app; the log says why.',
  },
  'registration.without-credentials': {
    code: 'configuration',
    message:
      'App-only sending needs a client secret or certificate, and the registration of {provider} has neither',
    fix: 'Give the registration one of them at the provider, and here: by "postern registration set", or in the settings, with a restart.',
  },
  'registration.of-many-tenants': {
    code: 'configuration',
    message: '"{tenant}" stands for many organisations, and an app without a person belongs to one',
    fix: 'Set the tenant of the registration to the ID or a domain of the organisation: by "postern registration set", or as POSTERN_MICROSOFT_TENANT, with a restart.',
  },
  'registration.client-refused': {
    code: 'provider-setup',
    message: '{provider} refuses the client: {reason}',
    fix: "Check the client id, the secret (its value, not its id; not ended) or the certificate, and the tenant, against the provider's page of the app.",
  },
  'registration.client-not-told': {
    code: 'consent-needed',
    message: '{provider} does not tell yet: {reason}',
    fix: 'Add a mailbox, connect it, and send a test message.',
  },
  'token.without-scope': {
    code: 'provider-setup',
    message: 'The token has no scope {scope}',
  },
  'token.without-role': {
    code: 'provider-setup',
    message:
      'The token has no role {role}: unless "RBAC for Applications" is used, give the app that permission and an administrator\'s consent',
  },
  'token.for-graph': {
    code: 'provider-setup',
    message: "The access token is for Microsoft Graph, which Exchange's SMTP server does not accept",
    fix: 'Ask for the scope {scope}, and for no scope of another resource; then consent again.',
  },
  'token.for-another-resource': {
    code: 'provider-setup',
    message: 'The access token is for {audience}, not for the mail servers of {provider}',
    fix: 'Ask for the scope {scope}, and for no scope of another resource; then consent again.',
  },
  'token.of-another-organisation': {
    code: 'provider-setup',
    message: 'The access token is of the organisation {tenant}, not of {own}',
    fix: 'Set the tenant of the registration to the organisation of the mailbox, or consent with an account of it.',
  },
  'token.of-another-app': {
    code: 'provider-setup',
    message: 'The access token was given to the app {app}, not to {own}',
    fix: 'Check the client id of the registration.',
  },
  'token.unusable': {
    code: 'provider-setup',
    message: '{reason} (for {mailbox})',
    fix: '{reason.fix}',
  },
  'token.missing': {
    code: 'provider-setup',
    message: 'The token endpoint gives no access token',
    fix: "Check the provider's token endpoint, and the scopes that are asked for.",
  },
  'token.unreadable': {
    code: 'provider-setup',
    message: 'The token endpoint gives an access token that no mail server can read',
    fix: "Check the provider's token endpoint, and the scopes that are asked for.",
  },
  'token.too-long': {
    code: 'provider-setup',
    message:
      'The token endpoint gives an access token of {length} characters, and mail servers take {most} at most',
    fix: 'Have the provider leave out of it what makes it so long, such as groups and roles.',
  },
  'token.no-bearer': {
    code: 'provider-setup',
    message: 'The token endpoint gives a token that is not a bearer token, which mail servers do not take',
    fix: "Switch off at the provider what binds the app's tokens to a key, such as DPoP.",
  },
  'token.none-for-mailboxes': {
    code: 'provider-unavailable',
    message: 'No access token for its mailboxes can be had from {provider} now',
    fix: 'Try again later; the log says why.',
  },
  'token.none-now': {
    code: 'provider-unavailable',
    message: 'No access token for {mailbox} can be had from {provider} now',
    fix: 'Try again later; the log says why.',
  },
  'grant.absent': {
    code: 'consent-needed',
    message: '{mailbox} has no consent yet',
    fix: 'Run "postern consent {mailbox}" and open the link that it prints.',
  },
  'grant.lapsed': {
    code: 'consent-needed',
    message: 'The consent for {mailbox} has lapsed: the provider no longer accepts it',
    fix: 'Run "postern consent {mailbox}" and open the link that it prints.',
  },
  'grant.given-to-other-client-id': {
    code: 'provider-setup',
    message:
      '{provider} refuses a consent that was given to another registration: the client id was {before} then, and is {after} now',
    fix: 'Set it back, by "postern registration set" or in the settings, with a restart; or, if the registration is meant to be another one, consent anew for its mailboxes.',
  },
  'grant.given-to-other-tenant': {
    code: 'provider-setup',
    message:
      '{provider} refuses a consent that was given to another registration: the tenant was {before} then, and is {after} now',
    fix: 'Set it back, by "postern registration set" or in the settings, with a restart; or, if the registration is meant to be another one, consent anew for its mailboxes.',
  },
  'grant.given-to-other-token-endpoint': {
    code: 'provider-setup',
    message:
      '{provider} refuses a consent that was given to another registration: the token endpoint was {before} then, and is {after} now',
    fix: 'Set it back, by "postern registration set" or in the settings, with a restart; or, if the registration is meant to be another one, consent anew for its mailboxes.',
  },
  'grant.changing': {
    code: 'provider-unavailable',
    message: 'The grant of {mailbox} changes faster than it can be used',
    fix: 'Check that no other program renews the same grant, and try again.',
  },
  'grant.no-other-place': {
    code: 'store-unavailable',
    message: 'There is no runtime directory (RUNTIME_DIRECTORY) to keep it in',
  },
  'grant.unstored': {
    code: 'store-unavailable',
    message: 'The renewed grant of {mailbox} cannot be stored',
    fix: 'Look at the disk of the data directory (is it full, or read-only?), or at the database, and keep postern running: it tries again.',
  },
} as const satisfies FailureEntries
