import { keptRecipients } from '../model/journal.ts'
import { dataDirSetting, path } from './given-values.ts'
import { limitSettings } from './limit-settings.ts'
import { listeners, webListeners } from './listeners.ts'
import { registrationSettings } from './registration-settings.ts'
import {
  commandLine,
  databaseUrl,
  displayName,
  hostNames,
  mailAddress,
  mailAddresses,
  networks,
  oneOf,
  optional,
  providerIds,
  proxy,
  publicUrl,
  type Setting,
  sealingKey,
  secret,
  setting,
  sharedSecret,
  type ValueOf,
  webhookUrl,
  wholeNumber,
} from './setting.ts'

/**
 * Every setting of postern, in the order in which `.env.example` and `postern config` show them.
 */
export const settings = {
  dataDir: setting(
    dataDirSetting.name,
    dataDirSetting.default,
    path,
    'The directory with the store and the keys, made on the first start.',
  ),
  databaseUrl: secret(
    'POSTERN_DATABASE_URL',
    'postgres://postern:your-password@db.example.com/postern',
    databaseUrl,
    'The PostgreSQL database (14 or newer) that takes the place of the SQLite file in the data directory; not set by default. Any number of posterns, on any number of hosts, use one database together. A server on another machine is spoken to by TLS, and its certificate is checked, unless ?sslmode=disable stands behind it. "postern store copy" moves a store there and back.',
  ),
  workers: setting(
    'POSTERN_WORKERS',
    '1',
    wholeNumber(1, 64),
    'How many processes of postern share the addresses of this host, so that it uses more than one core; more than 1 needs POSTERN_DATABASE_URL and ports that are not 0.',
  ),
  smtpListen: setting(
    'POSTERN_SMTP_LISTEN',
    '127.0.0.1:2587,[::1]:2587',
    listeners('starttls'),
    'Where applications hand in their mail: host:port, several with commas; behind each, +plain-auth takes passwords unencrypted from other machines, +old-tls speaks TLS 1.0 and 1.1 to old devices, +proxy=192.0.2.7 (an address or network, as often as needed) takes connections from this front end only, which says by the PROXY protocol who the client is.',
  ),
  smtpsListen: optional(
    'POSTERN_SMTPS_LISTEN',
    '192.0.2.10:2465',
    listeners('implicit'),
    'Where the same is done with TLS from the first octet ("SSL/TLS"): host:port, several with commas, +old-tls and +proxy= as above; off by default.',
  ),
  tlsCertFile: optional(
    'POSTERN_TLS_CERT_FILE',
    './data/tls/server.pem',
    path,
    'The certificate for applications and devices, PEM, its chain behind it; not set by default. `postern tls make` makes one.',
  ),
  tlsKeyFile: optional(
    'POSTERN_TLS_KEY_FILE',
    './data/tls/server-key.pem',
    path,
    'Its private key, PEM, without a passphrase. Both files are taken anew when they change.',
  ),
  webListen: setting(
    'POSTERN_WEB_LISTEN',
    '127.0.0.1:8587,[::1]:8587',
    webListeners,
    'Where the pages and the API are: host:port, several with commas; +plain-http behind one that other machines reach takes requests without TLS there, where POSTERN_PUBLIC_URL is not https.',
  ),
  publicUrl: setting(
    'POSTERN_PUBLIC_URL',
    'http://localhost:8587',
    publicUrl,
    'The address of the pages as browsers see it; without it, http and the address of POSTERN_WEB_LISTEN (localhost, where both loopback addresses are in it).',
  ),
  hosts: optional(
    'POSTERN_HOSTS',
    'postern.mail.svc.cluster.local,10.0.0.7:8587',
    hostNames,
    'Further names of the pages and the API, each with a port where it is not that of a listener: host or host:port, several with commas, such as the name of a service inside a cluster; other names are answered 421, but for /healthz and /readyz. Not set by default.',
  ),
  trustedProxies: optional(
    'POSTERN_TRUSTED_PROXIES',
    '127.0.0.1,::1,172.16.0.0/12',
    networks,
    'The reverse proxies in front of the pages: addresses or networks, with commas. From these, the last other address in X-Forwarded-For is where a request comes from; by default no header is believed.',
  ),
  pagesUrl: optional(
    'POSTERN_PAGES_URL',
    'http://postern.localhost:8587',
    publicUrl,
    'Another address for the pages of administration, at a host name of its own, so that no other server at the name of POSTERN_PUBLIC_URL is sent their cookie; consent links and the callback stay there; not set by default.',
  ),
  adminEmails: optional(
    'POSTERN_ADMIN_EMAILS',
    'it@example.com',
    mailAddresses,
    'Who signs in to the pages as administrator at a provider that proves the address (and asks for its second factor): one address, or several with commas; nobody by default.',
  ),
  viewerEmails: optional(
    'POSTERN_VIEWER_EMAILS',
    'helpdesk@example.com',
    mailAddresses,
    'Who signs in so as somebody that sees the pages and changes nothing; nobody by default.',
  ),
  signInProviders: optional(
    'POSTERN_SIGN_IN_PROVIDERS',
    'microsoft,google',
    providerIds,
    'The providers at which they may do so, by id; by default those that are registered by the settings of this file. Whoever gives out addresses at one of them decides who comes in.',
  ),
  metricsListen: optional(
    'POSTERN_METRICS_LISTEN',
    '127.0.0.1:9587',
    webListeners,
    'Where Prometheus reads /metrics without a key (and probes read /healthz and /readyz): host:port, several with commas; +plain-http behind one that other machines reach; off by default. With an API key that has the scope read, /metrics is at the web listener as well.',
  ),
  metricsMailboxes: setting(
    'POSTERN_METRICS_MAILBOXES',
    '0',
    wholeNumber(0, 1000),
    'For how many mailboxes, those whose grants expire first, /metrics names the address; 0 names none.',
  ),
  logLevel: setting(
    'POSTERN_LOG_LEVEL',
    'info',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
    'How much is logged: debug, info, warn, error or silent.',
  ),
  journalRecipients: setting(
    'POSTERN_JOURNAL_RECIPIENTS',
    'refused',
    oneOf(...keptRecipients),
    'Which recipients of messages the journal keeps: yes (all, at most 100 of a message), domains (only their domains), refused (those who did not get it, with what the provider said), no (how many). The log names none.',
  ),
  organisation: optional(
    'POSTERN_ORGANISATION',
    'Example Ltd, IT department',
    displayName,
    'Who asks for consents, as the people who are asked know them: it stands on the page of a consent link and on the page where somebody signs in; not set by default.',
  ),
  ...registrationSettings,
  notifyWebhookUrl: secret(
    'POSTERN_NOTIFY_WEBHOOK_URL',
    'https://hooks.example.com/postern',
    webhookUrl,
    'Where a notice is posted when a consent is needed or something will end: consent links are in it, so its receiver must be trusted; not set by default.',
  ),
  notifyWebhookSecret: secret(
    'POSTERN_NOTIFY_WEBHOOK_SECRET',
    'the-output-of-openssl-rand-base64-24',
    sharedSecret,
    'What its posts are signed with (Standard Webhooks, HMAC-SHA256): a text, or whsec_ and base64.',
  ),
  notifyMailFrom: optional(
    'POSTERN_NOTIFY_MAIL_FROM',
    'postern@example.com',
    mailAddress,
    'A mailbox of postern through which the same is sent by mail; not set by default.',
  ),
  notifyMailTo: optional(
    'POSTERN_NOTIFY_MAIL_TO',
    'it@example.com',
    mailAddresses,
    'Who gets these mails: one address, or several with commas.',
  ),
  notifyCommand: secret(
    'POSTERN_NOTIFY_COMMAND',
    '/usr/local/bin/tell-the-administrator',
    commandLine,
    'A command of the shell that gets the same as JSON on its standard input; not set by default.',
  ),
  providersFile: optional(
    'POSTERN_PROVIDERS_FILE',
    './providers.json',
    path,
    'A JSON file with other providers, further registrations, and other limits for the built-in providers; not set by default.',
  ),
  defaultRegistrationsFile: optional(
    'POSTERN_DEFAULT_REGISTRATIONS_FILE',
    './default-registrations.json',
    path,
    'A file like that, with registrations that are shipped with this installation for everybody: usually public clients. One of .env, the providers file or the store with the same id takes its place; not set by default.',
  ),
  extraCaFile: optional(
    'POSTERN_EXTRA_CA_FILE',
    './private-ca.pem',
    path,
    'PEM certificates of private authorities, trusted beside those of the system; not set by default.',
  ),
  proxy: secret(
    'POSTERN_PROXY',
    'http://proxy.example.com:3128',
    proxy,
    'An HTTP proxy for token requests and SMTP to all providers that are not on this machine and have no other in the providers file, and for the webhook; name:password@ before its host, if it asks for one; not set by default.',
  ),
  key: secret(
    'POSTERN_KEY',
    'the-output-of-openssl-rand-base64-32',
    sealingKey,
    'The key that seals the tokens; without it, a key file is made in the data directory on the first start. Several keys, one a line, are a ring: the first one seals, all of them open, and `postern keyring rotate` seals everything with the first.',
  ),
  keyCommand: secret(
    'POSTERN_KEY_COMMAND',
    'vault kv get -field=key secret/postern',
    commandLine,
    'A command of the shell (/bin/sh) that prints the key, or the ring of keys, for a vault or a key service: run once at each start, and by each verb that opens the store itself, for at most 30 seconds, with nothing of the environment but PATH, HOME, USER, LANG, LC_ALL, TZ and TMPDIR; what it prints is kept in memory only. In the place of POSTERN_KEY; not set by default.',
  ),
  ...limitSettings,
}

export type SettingKey = keyof typeof settings
export type Values = { [Key in SettingKey]: ValueOf<(typeof settings)[Key]> }

/** The table as a list, for those who treat all settings alike. */
export const settingList = Object.entries(settings) as readonly [SettingKey, Setting<unknown>][]
