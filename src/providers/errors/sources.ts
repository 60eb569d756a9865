/** Where what is known of errors comes from. */
export const sources = {
  'exchange-smtp-auth':
    'learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission; same text in MicrosoftDocs/OfficeDocs-Exchange@52e8b70f (2021)',
  'exchange-powershell':
    'MicrosoftDocs/office-docs-powershell@93336da2 exchange/exchange-ps/ExchangePowerShell/{New-ServicePrincipal,Test-ServicePrincipalAuthorization,Set-CASMailbox,Set-TransportConfig}.md',
  'exchange-refusals':
    'issue threads quoting Exchange replies (nodemailer #1484, #1714; simonrob/email-oauth2-proxy #193; MailKit #1733) and public test fixtures',
  'email-oauth2-proxy-193': 'simonrob/email-oauth2-proxy issue #193',
  zerosmtp: 'msgwing/ZeroSMTP@74f27a12 data/errors.json, Find-SmtpAuthExposure.ps1 notes',
  'exchange-device-fixes':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f Exchange/ExchangeOnline/mail-flow-best-practices/fix-issues-with-printers-scanners-and-lob-applications-that-send-email-using-off.md (2021)',
  'quoted-replies': 'public code and logs that quote the reply text',
  'exchange-high-volume':
    'learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365 and troubleshoot-high-volume-email-m365',
  'exchange-oauth':
    'MicrosoftDocs/office-developer-exchange-docs@5a8808d7 docs/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth.md',
  'exchange-rbac':
    'MicrosoftDocs/office-developer-exchange-docs@5a8808d7 docs/legacy-protocols/smtp-app-rbac-onboarding.md (ms.date 2025-10-17)',
  'mailkit-app-only': 'jstedfast/MailKit issues #1126, #1733',
  'phpmailer-3301': 'PHPMailer/PHPMailer issue #3301',
  'exchange-basic-auth':
    'techcommunity.microsoft.com/blog/exchange/exchange-online-to-retire-basic-auth-for-client-submission-smtp-auth/4114750; message centre MC786329',
  'sasl-xoauth2': 'tarickb/sasl-xoauth2@1f5d78ca README.md',
  'exchange-devices':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f Exchange/ExchangeOnline/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365.md (2021)',
  'general-knowledge': 'general knowledge',
  'exchange-throttling':
    'learn.microsoft.com/exchange/troubleshoot/send-emails/smtp-submission-improvements (ms.date 2025-06-21)',
  'exchange-connections':
    'techcommunity.microsoft.com/t5/exchange-team-blog/changes-coming-to-the-smtp-authenticated-submission-client/ba-p/607825',
  'exchange-bounces':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f Exchange/ExchangeOnline/mail-flow-best-practices/non-delivery-reports-in-exchange-online/non-delivery-reports-in-exchange-online.md (2021)',
  'exchange-continuous-errors':
    'learn.microsoft.com/exchange/mail-flow-best-practices/continuous-error-throttling-smtp-auth-submissions',
  'exchange-5-7-57':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f .../non-delivery-reports-in-exchange-online/fix-error-code-5-7-57-in-exchange-online.md (2021)',
  'email-oauth2-proxy-271': 'simonrob/email-oauth2-proxy issue #271',
  'exchange-5-1-8':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f .../non-delivery-reports-in-exchange-online/fix-error-code-5-1-8-in-exchange-online.md (2021)',
  'exchange-5-7-700':
    'MicrosoftDocs/OfficeDocs-Exchange@52e8b70f .../non-delivery-reports-in-exchange-online/fix-error-code-5-7-700-through-5-7-750.md (2021)',
  'gmail-xoauth2': 'developers.google.com/workspace/gmail/imap/xoauth2-protocol',
  'gmail-scopes': 'jstedfast/MailKit issue #1147; PHPMailer/PHPMailer issue #1664',
  'gmail-errors': 'support.google.com/a/answer/3726730 (Gmail SMTP errors and codes)',
  'gmail-limits': 'support.google.com/a/answer/166852 (Gmail sending limits)',
  rfc3463: 'RFC 3463',
  'yahoo-ehlo': 'smtp.mail.yahoo.com:465 EHLO transcript (2019, public forum log)',
  'yahoo-limits': 'help.yahoo.com/kb/SLN3433.html; Yahoo Small Business help SLN17655',
  rfc7628: 'RFC 7628',
  rfc4954: 'RFC 4954',
  rfc3207: 'RFC 3207',
  rfc5321: 'RFC 5321',
  rfc6749: 'RFC 6749',
  'entra-errors':
    'MicrosoftDocs/entra-docs@04f65548 docs/identity-platform/reference-error-codes.md (ms.date 2024-04-24)',
  'entra-code-flow': 'MicrosoftDocs/entra-docs@0c1ac842 docs/identity-platform/v2-oauth2-auth-code-flow.md',
  'google-web-server': 'developers.google.com/identity/protocols/oauth2/web-server',
  rfc9207: 'RFC 9207',
  'thunderbird-oauth': 'mozilla/releases-comm-central@cf9726f5 mailnews/base/src/OAuth2.sys.mjs',
  rfc8628: 'RFC 8628',
  'entra-device-code': 'MicrosoftDocs/entra-docs@03589959 docs/identity-platform/v2-oauth2-device-code.md',
  'entra-flows':
    'MicrosoftDocs/entra-docs docs/identity/conditional-access/concept-authentication-flows.md (@01051e37; a newer version adds AADSTS530036)',
  'email-oauth2-proxy-181': 'simonrob/email-oauth2-proxy issue #181',
  'entra-consent-policies':
    'MicrosoftDocs/entra-docs@031c4b3e docs/identity/enterprise-apps/manage-app-consent-policies.md (ms.date 2026-01-22)',
  'message-centre-1163922': 'message centre MC1163922 (mc.merill.net/message/MC1163922)',
  'google-refresh-tokens':
    'developers.google.com/identity/protocols/oauth2 (section Refresh token expiration)',
  'emailengine-gmail': 'postalsys/emailengine@aea45350 lib/oauth/gmail.js',
  'google-service-accounts':
    'developers.google.com/identity/protocols/oauth2/service-account (JWT error table; as of 2026-03-23)',
  'google-native-apps': 'developers.google.com/identity/protocols/oauth2/native-app',
  'google-loopback': 'developers.google.com/identity/protocols/oauth2/resources/loopback-migration',
  'yahoo-errors': 'developer.yahoo.com/oauth2/guide/errors/',
  'yahoo-oauth':
    'senders.yahooinc.com/developer/documentation; developer.yahoo.com/oauth2/guide/flows_authcode/',
  rfc6409: 'RFC 6409',
  postern: 'postern itself',
} as const

export type SourceName = keyof typeof sources
