/** What people paste into searches, tickets and chats, with the entry that says what it means. */
export const pastedTexts: readonly (readonly [id: string, text: string])[] = [
  // Mail programs and libraries
  [
    'exo-smtpauth-disabled-tenant',
    "Error: Invalid login: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [LO4P123CA0123.GBRP123.PROD.OUTLOOK.COM]\n    at SMTPConnection._formatError (/app/node_modules/nodemailer/lib/smtp-connection/index.js:790:19) { code: 'EAUTH', response: …, responseCode: 535, command: 'AUTH XOAUTH2' }",
  ],
  [
    'exo-smtpauth-disabled-mailbox',
    "smtplib.SMTPAuthenticationError: (535, b'5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled [FR0P281CA0001.DEUP281.PROD.OUTLOOK.COM]')",
  ],
  [
    'exo-basic-disabled',
    'SMTP Error: Could not authenticate. SMTP server error: QUIT command failed Detail: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR10CA0042.EURPRD10.PROD.OUTLOOK.COM]',
  ],
  [
    'exo-security-defaults',
    "msmtp: authentication failed (method LOGIN)\nmsmtp: server message: 535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.\nmsmtp: could not send mail (account office)",
  ],
  [
    'exo-criteria-not-met',
    'Nov 29 10:11:12 mx1 postfix/smtp[2231]: 4F2A1C3D: to=<anna@example.net>, relay=smtp.office365.com[52.97.1.2]:587, delay=1.2, dsn=4.7.139, status=deferred (SASL authentication failed; server smtp.office365.com[52.97.1.2] said: 535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.)',
  ],
  [
    'exo-535-5.7.3',
    'javax.mail.AuthenticationFailedException: 535 5.7.3 Authentication unsuccessful [VI1PR0601CA0012.eurprd06.prod.outlook.com]',
  ],
  ['exo-535-5.7.3', 'MailKit.Security.AuthenticationException: 535: 5.7.3 Authentication unsuccessful'],
  [
    'exo-5.7.57',
    'Unable to send email: The SMTP server requires a secure connection or the client was not authenticated. The server response was: 5.7.57 Client not authenticated to send mail. [BN9PR03CA0012.namprd03.prod.outlook.com]',
  ],
  [
    'exo-smtpauth-disabled-tenant',
    'System.Net.Mail.SmtpException: The server response was: 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM [x.prod.outlook.com] Error: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
  ],
  [
    'exo-550-5.7.30',
    '550 5.7.30 Basic authentication is not supported for Client Submission. [CH0PR13CA0001.namprd13.prod.outlook.com]',
  ],
  [
    'exo-5.7.60',
    'host smtp.office365.com[40.101.9.2] said: 550 5.7.60 SMTP; Client does not have permissions to send as this sender [AS8P190CA0001.EURP190.PROD.OUTLOOK.COM] (in reply to end of DATA command)',
  ],
  [
    'exo-554-5.2.252-sendasdenied',
    '554 5.2.252 SendAsDenied; scanner@example.com not allowed to send as office@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message [BeginDiagnosticData]Cannot submit message.',
  ],
  [
    'exo-554-5.2.0-sendasdenied',
    'SMTP Error: data not accepted. SMTP server error: DATA END command failed Detail: 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied SMTP code: 554 Additional SMTP info: 5.2.0',
  ],
  [
    'exo-432-concurrent',
    "SMTPDataError: (432, b'4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. [Hostname=DB9PR10MB0001.EURPRD10.PROD.OUTLOOK.COM]')",
  ],
  [
    'exo-rate-30-per-minute',
    'smtp; 421 4.4.2 Message submission rate for this client has exceeded the configured limit',
  ],
  [
    'exo-554-quota-recipients',
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
  ],
  [
    'exo-554-mailbox-full',
    'Remote Server returned 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
  ],
  [
    'exo-550-5.2.252',
    'Diagnostic-Code: smtp; 550 5.2.252 Sender throttled due to continuous send as denied errors.',
  ],
  [
    'exo-430-logon-failure',
    '430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed',
  ],
  [
    'exo-5.1.8',
    "Your message couldn't be delivered because you weren't recognized as a valid sender. Remote Server returned '550 5.1.8 Access denied, bad outbound sender AS(42004)'",
  ],
  ['exo-5.7.705', '#550 5.7.705 Service unavailable. Access denied, tenant has exceeded threshold ##'],
  [
    'exo-5.7.708',
    "Remote server returned '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.'",
  ],
  [
    'exo-451-4.7.0-prx',
    '451 4.7.0 Temporary server error. Please try again later. PRX2 [DU2PR04CA0001.eurprd04.prod.outlook.com]',
  ],
  [
    'exo-501-5.5.127',
    'sasl-xoauth2: auth failed; 501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon',
  ],
  [
    'gmail-535-5.7.8',
    'Error: Invalid login: 535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials 5b1f17b1804b1-43ab2bfcsm1.20 - gsmtp',
  ],
  [
    'gmail-535-5.7.8',
    'postfix/smtp[991]: warning: SASL authentication failure; server smtp.gmail.com[142.250.1.108] said: 535-5.7.8 Username and Password not accepted. Learn more at?535 5.7.8  https://support.google.com/mail/?p=BadCredentials q12sm - gsmtp',
  ],
  [
    'gmail-534-5.7.9',
    "smtplib.SMTPAuthenticationError: (534, b'5.7.9 Application-specific password required. Learn more at\\n5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor d9443c01a7336 - gsmtp')",
  ],
  [
    'gmail-454-too-many-logins',
    'msmtp: server message: 454 4.7.0 Too many login attempts, please try again later. r4sm - gsmtp',
  ],
  [
    'gmail-550-5.4.5',
    'SMTP error: 550-5.4.5 Daily user sending limit exceeded. For more information on Gmail 550-5.4.5 sending limits go to 550 5.4.5 https://support.google.com/a/answer/166852',
  ],
  [
    'gmail-334-json',
    'S: 334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==',
  ],
  ['yahoo-535-auth005', '535 5.7.0 (#AUTH005) Too many bad auth attempts.'],
  [
    'yahoo-421-tss',
    '421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume or user complaints',
  ],
  // Sign-ins, in a browser and out of logs
  [
    'aadsts65001',
    "Sorry, but we're having trouble signing you in. AADSTS65001: The user or administrator has not consented to use the application with ID '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' named 'mailer'. Send an interactive authorization request for this user and resource.",
  ],
  [
    'aadsts50011',
    "AADSTS50011: The redirect URI 'http://localhost:8587/oauth/callback' specified in the request does not match the redirect URIs configured for the application.",
  ],
  [
    'aadsts7000215',
    '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app","error_codes":[7000215],"timestamp":"2026-11-02 09:10:11Z"}',
  ],
  [
    'aadsts7000222',
    "{'error': 'invalid_client', 'error_description': 'AADSTS7000222: The provided client secret keys for app \\'6b1d0f7e\\' are expired.', 'error_codes': [7000222]}",
  ],
  [
    'aadsts90094',
    'http://localhost:8587/oauth/callback?error=access_denied&error_subcode=cancel&state=x1&error_description=AADSTS90094%3a+An+administrator+of+Contoso+has+set+a+policy+that+prevents+you+from+granting+mailer+the+permissions+it+is+requesting.',
  ],
  [
    'aadsts65004',
    'https://app.example.com/cb?error=consent_required&error_description=AADSTS65004%3a+User+declined+to+consent+to+access+the+app.&state=abc',
  ],
  [
    'aadsts70043',
    'New token request failed: 400 - AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
  ],
  [
    'aadsts700082',
    'Token refresh failed: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-07-01T08:00:00Z and was inactive for 90.00:00:00.',
  ],
  [
    'aadsts50173',
    'invalid_grant AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.',
  ],
  [
    'aadsts53003',
    'You cannot access this right now. Your sign-in was successful but does not meet the criteria to access this resource. Error Code: 53003 Request Id: 8f0c',
  ],
  ['aadsts70011', 'https://login.microsoftonline.com/error?code=70011'],
  ['aadsts50076', '50076'],
  ['aadsts500113', 'the popup says: AADSTS500113: No reply address is registered for the application.'],
  [
    'google-token-revoked',
    "google.auth.exceptions.RefreshError: ('invalid_grant: Token has been expired or revoked.', {'error': 'invalid_grant', 'error_description': 'Token has been expired or revoked.'})",
  ],
  [
    'google-redirect_uri_mismatch',
    'Access blocked: This app’s request is invalid. Error 400: redirect_uri_mismatch',
  ],
  [
    'google-access_denied',
    'Access blocked: mailer has not completed the Google verification process. Error 403: access_denied',
  ],
  [
    'google-unauthorized_client-dwd',
    '{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}',
  ],
  ['google-admin_policy_enforced', 'Error 400: admin_policy_enforced'],
  ['google-disallowed_useragent', 'Error 403: disallowed_useragent'],
  ['oauth-invalid_grant', '[invalid_grant] the refresh token is not valid'],
  // Printers, scanners, half sentences
  ['smtp-535-other', 'Scan to E-mail: SMTP server error 535, check user name and password'],
  ['exo-basic-disabled', 'printer says basic authentication is disabled'],
  ['exo-smtpauth-disabled-mailbox', 'SmtpClientAuthentication is disabled for the Mailbox'],
  ['exo-5.7.139-other', 'what does 5.7.139 mean'],
  ['program-wrong-tls', 'Error: 140735:error:1408F10B:SSL routines:ssl3_get_record:wrong version number'],
  ['program-no-mechanism', 'smtplib.SMTPNotSupportedError: SMTP AUTH extension not supported by server.'],
  [
    'upstream-tls-failed',
    'Error: self-signed certificate in certificate chain code: SELF_SIGNED_CERT_IN_CHAIN',
  ],
  ['upstream-unreachable', 'Error: connect ECONNREFUSED 127.0.0.1:2587'],
  ['upstream-unreachable', 'SMTP ERROR: Failed to connect to server: Connection timed out (110)'],
  [
    'smtp-unknown-recipient',
    '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bill@example.com not found by SMTP address lookup',
  ],
  ['program-sign-in-failed', 'Scan to E-mail failed. Authentication error'],
  ['program-sign-in-failed', 'Outlook: your username or password is incorrect'],
  ['exo-554-5.2.252-sendasdenied', 'got SendAsDenied from the scanner'],
  ['smtp-starttls-first', '530 5.7.0 Must issue a STARTTLS command first'],
  ['smtp-relay-denied', 'Sendmail: 550 5.7.1 Unable to relay'],
  ['smtp-too-large', '552 5.3.4 Message size exceeds fixed limit'],
  ['smtp-sender-domain', '550 5.1.8 <scanner@localdomain>: Sender address rejected: Domain not found'],
  ['smtp-policy', '554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org'],
  [
    'smtp-454-auth',
    'dsn=4.7.0, status=deferred (host mail.example.net said: 454 4.7.0 Temporary authentication failure)',
  ],
  [
    'upstream-unreachable',
    'lost connection with smtp.office365.com[40.99.1.2] while performing the EHLO handshake',
  ],
  ['upstream-tls-failed', 'status=deferred (Server certificate not trusted)'],
  // postern itself
  [
    'local-not-authorised-yet',
    '454 4.7.0 Somebody has to sign in at the provider again: open the page of this mailbox in postern [postern:REAUTH]',
  ],
  ['local-bad-password', 'msmtp: server message: 535 5.7.8 Wrong user name or password'],
  [
    'local-auth-required',
    'said: 530 5.7.0 Sign in first: this needs a user name and password (for a device that has none: postern login add ADDRESS --no-password --network CIDR)',
  ],
  ['local-sender-not-allowed', '550 5.7.1 This login may not send as this sender'],
  [
    'local-rate-limited',
    '451 4.4.5 The provider has a sending limit, and it is reached: try again later [postern:LIMIT]',
  ],
  [
    'aadsts70008',
    '{"level":"warn","time":"2026-11-29T10:00:00.000Z","event":"grant.lapsed","mailbox":"billing@example.com","provider":"microsoft","reason":"invalid_grant: AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.","msg":"A consent is needed: the grant has lapsed"}',
  ],
]

/** What says nothing of an error that is known. */
export const meaninglessTexts: readonly string[] = [
  'hello',
  'it does not work',
  'Please help, my mail is broken since yesterday',
  'The weather is nice, and 535 people are in the park',
  '12:30 535 km to go',
  'order 550 was shipped to customer 5718',
  'version 5.18.139 of the kernel',
  '192.0.2.5 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 404 153',
  'HTTP/1.1 500 Internal Server Error',
  'Segmentation fault (core dumped)',
  'TypeError: Cannot read properties of undefined (reading "length")',
  'Nov 29 10:00:00 host CRON[123]: (root) CMD (run-parts /etc/cron.hourly)',
  'AADSTS1',
  'AADSTS99999999: this number does not exist',
  '550',
  '{"error":"quota_of_cheese_exceeded"}',
  'https://example.com/?page=2&sort=desc',
  '日本語のテキストです',
  '0123456789'.repeat(500),
  '250 2.0.0 OK',
  '235 2.7.0 Signed in',
  'The mailbox is nice, and the sender is my uncle',
]
