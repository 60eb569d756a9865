/** A configuration that must not start, and every sentence that the administrator gets. */
export interface BrokenConfiguration {
  name: string
  environment?: Record<string, string>
  files?: Record<string, string | undefined>
  mistakes: readonly string[]
}

const key = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE='

const keys: readonly BrokenConfiguration[] = [
  {
    name: 'a key and a command for it',
    environment: { POSTERN_KEY: key, POSTERN_KEY_COMMAND: 'cat key' },
    mistakes: [
      'POSTERN_KEY (environment) and POSTERN_KEY_COMMAND (environment) are both given: keep one of them.',
    ],
  },
  {
    name: 'a file with a key and a command for it',
    environment: { POSTERN_KEY_FILE: 'key' },
    files: { '.env': 'POSTERN_KEY_COMMAND=cat', key },
    mistakes: [
      'POSTERN_KEY_FILE (file /srv/postern/key) and POSTERN_KEY_COMMAND (.env) are both given: keep one of them.',
    ],
  },
]

const listening: readonly BrokenConfiguration[] = [
  {
    name: 'a port without a host',
    environment: { POSTERN_SMTP_LISTEN: '2587' },
    mistakes: [
      'POSTERN_SMTP_LISTEN is "2587", but must be a list of host:port or [IPv6]:port, such as 127.0.0.1:2587,[::1]:2587.',
    ],
  },
  {
    name: 'an IPv4 address with five numbers',
    environment: { POSTERN_WEB_LISTEN: '127.0.0.1.1:8587' },
    mistakes: [
      'POSTERN_WEB_LISTEN is "127.0.0.1.1:8587", but must be a list of host:port or [IPv6]:port, such as 127.0.0.1:2587,[::1]:2587.',
    ],
  },
  {
    name: 'an IPv6 address without brackets, and a port that there is not',
    environment: { POSTERN_SMTP_LISTEN: '::1:2587', POSTERN_WEB_LISTEN: '[::1]:70000' },
    mistakes: [
      'POSTERN_SMTP_LISTEN is "::1:2587", but must be a list of host:port or [IPv6]:port, such as 127.0.0.1:2587,[::1]:2587.',
      'POSTERN_WEB_LISTEN is "[::1]:70000", but must be a list of host:port or [IPv6]:port, such as 127.0.0.1:2587,[::1]:2587.',
    ],
  },
  {
    name: 'the same address twice',
    environment: { POSTERN_WEB_LISTEN: '127.0.0.1:8587, 127.0.0.1:8587' },
    mistakes: [
      'POSTERN_WEB_LISTEN is "127.0.0.1:8587, 127.0.0.1:8587", but must name each address once (0.0.0.0 stands for every IPv4 address, [::] for every address).',
    ],
  },
  {
    name: 'an address that another one holds already',
    environment: {
      POSTERN_SMTP_LISTEN: '127.0.0.1:2587,0.0.0.0:2587+plain-auth',
      POSTERN_WEB_LISTEN: '[::]:8587,0.0.0.0:8587',
    },
    mistakes: [
      'POSTERN_SMTP_LISTEN is "127.0.0.1:2587,0.0.0.0:2587+plain-auth", but must name each address once (0.0.0.0 stands for every IPv4 address, [::] for every address).',
      'POSTERN_WEB_LISTEN is "[::]:8587,0.0.0.0:8587", but must name each address once (0.0.0.0 stands for every IPv4 address, [::] for every address).',
    ],
  },
  {
    name: 'one address for both servers',
    environment: { POSTERN_SMTP_LISTEN: '127.0.0.1:9000', POSTERN_WEB_LISTEN: '127.0.0.1:9000' },
    mistakes: [
      'POSTERN_SMTP_LISTEN and POSTERN_WEB_LISTEN both take 127.0.0.1:9000: give each its own port.',
    ],
  },
  {
    name: 'one address for both ways of the SMTP server, and for the pages',
    environment: {
      POSTERN_SMTP_LISTEN: '127.0.0.1:9000',
      POSTERN_SMTPS_LISTEN: '127.0.0.1:9000',
      POSTERN_WEB_LISTEN: '127.0.0.1:9000',
    },
    mistakes: [
      'POSTERN_SMTPS_LISTEN needs a certificate: name it in POSTERN_TLS_CERT_FILE, and its key; "postern tls make" makes both.',
      'POSTERN_SMTP_LISTEN and POSTERN_SMTPS_LISTEN both take 127.0.0.1:9000: give each its own port.',
      'POSTERN_SMTP_LISTEN and POSTERN_WEB_LISTEN both take 127.0.0.1:9000: give each its own port.',
      'POSTERN_SMTPS_LISTEN and POSTERN_WEB_LISTEN both take 127.0.0.1:9000: give each its own port.',
    ],
  },
  ...['+proxy', '+proxy=', '+proxy=0.0.0.0/0', '+proxy=haproxy.example.com', '+proxy=10.0.0.0/8+proxy'].map(
    (words) => ({
      name: `a front end that is not named: ${words}`,
      environment: { POSTERN_SMTP_LISTEN: `0.0.0.0:2587+plain-auth${words}` },
      mistakes: [
        `POSTERN_SMTP_LISTEN is "0.0.0.0:2587+plain-auth${words}", but must name each front end behind +proxy=, by its address or its network (not every address there is), such as 0.0.0.0:2587+proxy=192.0.2.7+proxy=10.1.0.0/16.`,
      ],
    }),
  ),
  {
    name: 'SMTP where other machines reach it through a front end on this one',
    environment: { POSTERN_SMTP_LISTEN: '127.0.0.1:2587+proxy=127.0.0.1' },
    mistakes: [
      'POSTERN_SMTP_LISTEN names 127.0.0.1:2587, which other machines can reach, and passwords would cross the network unencrypted: name a certificate in POSTERN_TLS_CERT_FILE, and its key; "postern tls make" makes both; or listen on 127.0.0.1 or [::1] without +proxy; or accept that with +plain-auth behind the address.',
    ],
  },
  {
    name: 'SMTP where other machines reach it',
    environment: {
      POSTERN_SMTP_LISTEN: '127.0.0.1:2587,0.0.0.0:2588,[2001:db8::1]:2587,192.0.2.1:1+plain-auth',
    },
    mistakes: [
      'POSTERN_SMTP_LISTEN names 0.0.0.0:2588,[2001:db8::1]:2587, which other machines can reach, and passwords would cross the network unencrypted: name a certificate in POSTERN_TLS_CERT_FILE, and its key; "postern tls make" makes both; or listen on 127.0.0.1 or [::1]; or accept that with +plain-auth behind the address.',
    ],
  },
  {
    name: 'a word that there is not',
    environment: { POSTERN_SMTP_LISTEN: '127.0.0.1:2587+plain-auth+starttls' },
    mistakes: [
      'POSTERN_SMTP_LISTEN is "127.0.0.1:2587+plain-auth+starttls", but must have no words but +plain-auth, +old-tls and +proxy=NETWORK behind an address.',
    ],
  },
  {
    name: 'words that do not belong there',
    environment: {
      POSTERN_SMTPS_LISTEN: '127.0.0.1:2465+plain-auth',
      POSTERN_WEB_LISTEN: '127.0.0.1:1+old-tls',
    },
    mistakes: [
      'POSTERN_SMTPS_LISTEN is "127.0.0.1:2465+plain-auth", but must not have +plain-auth: nothing is unencrypted there.',
      'POSTERN_WEB_LISTEN is "127.0.0.1:1+old-tls", but must have no words but +plain-http behind an address.',
    ],
  },
  {
    name: 'pages where other machines reach them',
    environment: {
      POSTERN_WEB_LISTEN: '127.0.0.1:1,0.0.0.0:8587,[2001:db8::1]:8587,mail.example.com:9+plain-http',
    },
    mistakes: [
      'POSTERN_WEB_LISTEN names 0.0.0.0:8587,[2001:db8::1]:8587, which other machines can reach, and passwords, API keys and tokens would cross the network unencrypted: let a proxy take TLS and name its https address in POSTERN_PUBLIC_URL; or listen on 127.0.0.1 or [::1]; or accept that with +plain-http behind the address.',
    ],
  },
  {
    name: 'pages of administration at the name where people consent, on another port',
    environment: { POSTERN_PAGES_URL: 'http://localhost:9000' },
    mistakes: [
      'POSTERN_PAGES_URL has the host name of http://localhost:8587, where people consent: give it another one, because a browser sends its cookies to every port of a name.',
    ],
  },
  {
    name: 'metrics that other machines can read',
    environment: { POSTERN_METRICS_LISTEN: '0.0.0.0:9587,10.0.0.1:9588+plain-http' },
    mistakes: [
      'POSTERN_METRICS_LISTEN names 0.0.0.0:9587, which other machines can reach, and whoever does would read the numbers without a key: listen on 127.0.0.1 or [::1]; or accept that with +plain-http behind the address; or leave it out and give Prometheus an API key for the web listener.',
    ],
  },
  {
    name: 'metrics at the address of another listener',
    environment: {
      POSTERN_METRICS_LISTEN: '127.0.0.1:8587,127.0.0.1:2587',
      POSTERN_METRICS_MAILBOXES: '1001',
    },
    mistakes: [
      'POSTERN_METRICS_MAILBOXES is "1001", but must be a whole number from 0 to 1000.',
      'POSTERN_METRICS_LISTEN and POSTERN_SMTP_LISTEN both take 127.0.0.1:2587: give each its own port.',
      'POSTERN_METRICS_LISTEN and POSTERN_WEB_LISTEN both take 127.0.0.1:8587: give each its own port.',
    ],
  },
  {
    name: 'the same, where that name is the address that is listened on',
    environment: { POSTERN_WEB_LISTEN: '127.0.0.1:9000', POSTERN_PAGES_URL: 'http://127.0.0.1:9000' },
    mistakes: [
      'POSTERN_PAGES_URL has the host name of http://127.0.0.1:9000, where people consent: give it another one, because a browser sends its cookies to every port of a name.',
    ],
  },
  {
    name: 'pages of administration without TLS at a name of the network',
    environment: { POSTERN_PAGES_URL: 'http://admin.example.com:8587' },
    mistakes: [
      'POSTERN_PAGES_URL is "http://admin.example.com:8587", but must begin with https:// (http:// is only for localhost, 127.0.0.1 and [::1]).',
    ],
  },
  {
    name: 'old TLS without a certificate',
    environment: { POSTERN_SMTP_LISTEN: '127.0.0.1:2587+old-tls' },
    mistakes: [
      'POSTERN_SMTP_LISTEN has +old-tls, which needs a certificate: name it in POSTERN_TLS_CERT_FILE, and its key; "postern tls make" makes both.',
    ],
  },
  {
    name: 'a public address with plain HTTP across a network',
    environment: { POSTERN_PUBLIC_URL: 'http://postern.example.com' },
    mistakes: [
      'POSTERN_PUBLIC_URL is "http://postern.example.com", but must begin with https:// (http:// is only for localhost, 127.0.0.1 and [::1]).',
    ],
  },
  {
    name: 'a public address with a password in it, which is not shown',
    environment: { POSTERN_PUBLIC_URL: 'https://me:hunter2@postern.example.com' },
    mistakes: [
      'POSTERN_PUBLIC_URL is "https://…@postern.example.com", but must hold no user name and no password.',
    ],
  },
  {
    name: 'a public address that is no web address',
    environment: { POSTERN_PUBLIC_URL: 'postern.example.com/?x' },
    mistakes: [
      'POSTERN_PUBLIC_URL is "postern.example.com/?x", but must be a web address such as https://postern.example.com, without ? or #.',
    ],
  },
]

const registrations: readonly BrokenConfiguration[] = [
  {
    name: 'secrets without their client IDs',
    environment: { POSTERN_MICROSOFT_CLIENT_SECRET: 's3cr3t-m', POSTERN_GOOGLE_CLIENT_SECRET: 's3cr3t-g' },
    mistakes: [
      'POSTERN_MICROSOFT_CLIENT_SECRET is given without POSTERN_MICROSOFT_CLIENT_ID: a secret is of no use without its client ID.',
      'POSTERN_GOOGLE_CLIENT_SECRET is given without POSTERN_GOOGLE_CLIENT_ID: a secret is of no use without its client ID.',
    ],
  },
  {
    name: 'left-over samples',
    environment: {
      POSTERN_MICROSOFT_CLIENT_ID: '00001111-aaaa-2222-bbbb-3333cccc4444',
      POSTERN_MICROSOFT_CLIENT_SECRET: 'changeme',
      POSTERN_MICROSOFT_TENANT: 'your-tenant',
      POSTERN_GOOGLE_CLIENT_ID: 'your-client-id',
      POSTERN_GOOGLE_CLIENT_SECRET: '<secret>',
    },
    mistakes: [
      'POSTERN_MICROSOFT_CLIENT_ID is "00001111-aaaa-2222-bbbb-3333cccc4444", but must be your own value: this one is the sample.',
      'POSTERN_MICROSOFT_CLIENT_SECRET must be your own value: this one is the sample.',
      'POSTERN_MICROSOFT_TENANT is "your-tenant", but must be your own value: this one is the sample.',
      'POSTERN_GOOGLE_CLIENT_ID is "your-client-id", but must be your own value: this one is the sample.',
      'POSTERN_GOOGLE_CLIENT_SECRET must be your own value: this one is the sample.',
    ],
  },
  {
    name: 'a secret with the blank that was copied along',
    environment: { POSTERN_GOOGLE_CLIENT_ID: 'mine', POSTERN_GOOGLE_CLIENT_SECRET: 's3cr3t ' },
    mistakes: ['POSTERN_GOOGLE_CLIENT_SECRET must not begin or end with white space.'],
  },
  {
    name: 'a tenant that is none',
    environment: { POSTERN_MICROSOFT_TENANT: 'https://contoso.com/' },
    mistakes: [
      'POSTERN_MICROSOFT_TENANT is "https://contoso.com/", but must be common, organizations, consumers, a tenant ID or a domain name.',
    ],
  },
]

const secretFiles: readonly BrokenConfiguration[] = [
  {
    name: 'a key both ways',
    environment: { POSTERN_KEY: key, POSTERN_KEY_FILE: 'key' },
    files: { key },
    mistakes: [
      'POSTERN_KEY (environment) and POSTERN_KEY_FILE (environment) are both given: keep one of them.',
    ],
  },
  {
    name: 'a key in .env beside a key file in the environment',
    environment: { POSTERN_KEY_FILE: 'key' },
    files: { key, '.env': `POSTERN_KEY=${key}` },
    mistakes: ['POSTERN_KEY (.env) and POSTERN_KEY_FILE (environment) are both given: keep one of them.'],
  },
  {
    name: 'secret files that are missing, forbidden and empty',
    environment: {
      POSTERN_KEY_FILE: 'missing',
      POSTERN_GOOGLE_CLIENT_ID: 'mine',
      POSTERN_GOOGLE_CLIENT_SECRET_FILE: 'forbidden',
      POSTERN_MICROSOFT_CLIENT_ID: 'mine',
      POSTERN_MICROSOFT_CLIENT_SECRET_FILE: 'empty',
    },
    files: { forbidden: undefined, empty: '\n' },
    mistakes: [
      'POSTERN_MICROSOFT_CLIENT_SECRET_FILE is "empty", but that file is empty.',
      'POSTERN_GOOGLE_CLIENT_SECRET_FILE is "forbidden", which cannot be read: this user may not read it.',
      'POSTERN_KEY_FILE is "missing", which cannot be read: there is no such file.',
    ],
  },
  {
    name: 'a key that is none, which is not shown',
    environment: { POSTERN_KEY: 'not-a-key' },
    mistakes: [
      'POSTERN_KEY must be 32 octets as base64 or hexadecimal; `openssl rand -base64 32` prints such a key.',
    ],
  },
]

const names: readonly BrokenConfiguration[] = [
  {
    name: 'mistyped names, whose values may be secrets',
    environment: { POSTERN_GOOGLE_CLIENT_SECERT: 's3cr3t', POSTERN_DATADIR: '/x', postern_log_level: 'info' },
    mistakes: [
      'POSTERN_DATADIR (environment) is not a setting of postern: did you mean POSTERN_DATA_DIR?',
      'POSTERN_GOOGLE_CLIENT_SECERT (environment) is not a setting of postern: did you mean POSTERN_GOOGLE_CLIENT_SECRET?',
      'postern_log_level (environment) is not a setting of postern: did you mean POSTERN_LOG_LEVEL?',
    ],
  },
  {
    name: 'a name that is near to none, and a file for what is no secret',
    files: { '.env': 'POSTERN_SOMETHING_ELSE_ALTOGETHER=1\nPOSTERN_DATA_DIR_FILE=x' },
    mistakes: [
      'POSTERN_DATA_DIR_FILE (.env) is not a setting of postern: did you mean POSTERN_DATA_DIR?',
      'POSTERN_SOMETHING_ELSE_ALTOGETHER (.env) is not a setting of postern: see .env.example for those there are.',
    ],
  },
  {
    name: 'a path that only a shell could read',
    environment: { POSTERN_DATA_DIR: '~/postern' },
    mistakes: [
      'POSTERN_DATA_DIR is "~/postern", but must be a path without `~`, which only a shell expands.',
    ],
  },
  {
    name: 'a level that there is not',
    environment: { POSTERN_LOG_LEVEL: 'verbose' },
    mistakes: ['POSTERN_LOG_LEVEL is "verbose", but must be one of debug, info, warn, error, silent.'],
  },
  {
    name: 'limits out of their bounds, of the wrong kind, and with control characters',
    environment: {
      POSTERN_COMMAND_LINE_OCTETS: '100',
      POSTERN_IDLE_SECONDS: '5m',
      POSTERN_SHUTDOWN_SECONDS: '99999999',
      POSTERN_CONNECTIONS: '-1\u001b[2J',
    },
    mistakes: [
      'POSTERN_COMMAND_LINE_OCTETS is "100", but must be a whole number from 512 to 1099511627776.',
      'POSTERN_IDLE_SECONDS is "5m", but must be a whole number from 1 to 2147483.',
      'POSTERN_CONNECTIONS is "-1?[2J", but must be a whole number from 1 to 1000000.',
      'POSTERN_SHUTDOWN_SECONDS is "99999999", but must be a whole number from 1 to 2147483.',
    ],
  },
]

const otherFiles: readonly BrokenConfiguration[] = [
  {
    name: 'a .env with lines that would be lost silently',
    files: {
      '.env': [
        'POSTERN_LOG_LEVEL info',
        'POSTERN_GOOGLE_CLIENT_SECRET=abc#def',
        'POSTERN_PUBLIC_URL="http://localhost:1',
        'POSTERN_LOG_LEVEL=loud',
      ].join('\n'),
    },
    mistakes: [
      '/srv/postern/.env line 1 is not of the form NAME=value.',
      '/srv/postern/.env line 2 has a # inside its value, which would be cut there: put it in quotes.',
      '/srv/postern/.env line 3 opens a quote that is never closed.',
      'POSTERN_LOG_LEVEL is "loud", but must be one of debug, info, warn, error, silent.',
    ],
  },
  {
    name: 'a file of settings that is named and that this user may not read',
    environment: { POSTERN_ENV_FILE: 'mine' },
    files: { mine: undefined },
    mistakes: ['POSTERN_ENV_FILE: /srv/postern/mine cannot be read: this user may not read it.'],
  },
  {
    name: 'a .env in UTF-16, as some shells write it',
    files: { '.env': '\uFFFD\uFFFDP\0O\0S\0T\0' },
    mistakes: ['/srv/postern/.env is not text in UTF-8.'],
  },
  {
    name: 'files that are missing',
    environment: { POSTERN_PROVIDERS_FILE: 'providers.json', POSTERN_EXTRA_CA_FILE: '/etc/ca.pem' },
    mistakes: [
      'POSTERN_PROVIDERS_FILE (/srv/postern/providers.json) cannot be read: there is no such file.',
      'POSTERN_EXTRA_CA_FILE (/etc/ca.pem) cannot be read: there is no such file.',
    ],
  },
  {
    name: 'files with something else in them',
    environment: { POSTERN_PROVIDERS_FILE: 'providers.json', POSTERN_EXTRA_CA_FILE: 'ca.pem' },
    files: {
      'providers.json': '{nonsense',
      'ca.pem': '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    },
    mistakes: [
      'POSTERN_PROVIDERS_FILE (/srv/postern/providers.json): The file is not JSON (line 1, column 2).',
      'POSTERN_EXTRA_CA_FILE (/srv/postern/ca.pem) must hold certificates in PEM form ("-----BEGIN CERTIFICATE-----").',
    ],
  },
  {
    name: 'a private key where certificates belong',
    environment: { POSTERN_EXTRA_CA_FILE: 'ca.pem' },
    files: { 'ca.pem': '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n' },
    mistakes: [
      'POSTERN_EXTRA_CA_FILE (/srv/postern/ca.pem) holds a private key: give a file with certificates only.',
    ],
  },
]

const notices: readonly BrokenConfiguration[] = [
  {
    name: 'half a channel for notices',
    environment: {
      POSTERN_NOTIFY_WEBHOOK_URL: 'https://hooks.example.com/x',
      POSTERN_NOTIFY_MAIL_TO: 'it@example.com',
    },
    mistakes: [
      'POSTERN_NOTIFY_WEBHOOK_URL is given without POSTERN_NOTIFY_WEBHOOK_SECRET: a notice is always signed.',
      'POSTERN_NOTIFY_MAIL_TO is given without POSTERN_NOTIFY_MAIL_FROM: a mail needs a sender and a recipient.',
    ],
  },
  {
    name: 'a webhook across the network without TLS, and a secret that is too short',
    environment: {
      POSTERN_NOTIFY_WEBHOOK_URL: 'http://hooks.example.com/x',
      POSTERN_NOTIFY_WEBHOOK_SECRET: 'short',
    },
    mistakes: [
      'POSTERN_NOTIFY_WEBHOOK_URL must be an address that begins with https:// (http:// is only for loopback).',
      'POSTERN_NOTIFY_WEBHOOK_SECRET must be at least 16 characters of your own; `openssl rand -base64 24` prints such a text.',
    ],
  },
  {
    name: 'a secret of Standard Webhooks that is no base64',
    environment: {
      POSTERN_NOTIFY_WEBHOOK_URL: 'https://hooks.example.com/x',
      POSTERN_NOTIFY_WEBHOOK_SECRET: 'whsec_not base64 at all!',
    },
    mistakes: ['POSTERN_NOTIFY_WEBHOOK_SECRET must be at least 16 octets as base64 behind whsec_.'],
  },
  {
    name: 'mail for nobody, and from a whole domain',
    environment: { POSTERN_NOTIFY_MAIL_FROM: '*@example.com', POSTERN_NOTIFY_MAIL_TO: 'it@example.com,,' },
    mistakes: [
      'POSTERN_NOTIFY_MAIL_FROM is "*@example.com", but must be one mail address.',
      'POSTERN_NOTIFY_MAIL_TO is "it@example.com,,", but must be mail addresses, with commas between them.',
    ],
  },
]

const id = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'

const waysToGrants: readonly BrokenConfiguration[] = [
  {
    name: 'the ID of a secret in place of the secret',
    environment: { POSTERN_MICROSOFT_CLIENT_ID: id, POSTERN_MICROSOFT_CLIENT_SECRET: id },
    mistakes: [
      "POSTERN_MICROSOFT_CLIENT_SECRET must be the value of the client secret, which Entra shows once, when it is made: this is the secret's ID.",
    ],
  },
  {
    name: 'a day that there is not, and one for nothing',
    environment: {
      POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES: '2027-02-30',
      POSTERN_MICROSOFT_NEXT_CLIENT_SECRET_EXPIRES: '2028-02-29',
    },
    mistakes: [
      'POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES is "2027-02-30", but must be a day such as 2027-11-30.',
      'POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES is given without POSTERN_MICROSOFT_CLIENT_SECRET: it is the day on which that one ends.',
      'POSTERN_MICROSOFT_NEXT_CLIENT_SECRET_EXPIRES is given without POSTERN_MICROSOFT_NEXT_CLIENT_SECRET: it is the day on which that one ends.',
    ],
  },
  {
    name: 'second secrets without first ones',
    environment: {
      POSTERN_MICROSOFT_CLIENT_ID: id,
      POSTERN_MICROSOFT_NEXT_CLIENT_SECRET: 'hush',
      POSTERN_GOOGLE_CLIENT_ID: 'mine',
      POSTERN_GOOGLE_NEXT_CLIENT_SECRET: 'hush',
    },
    mistakes: [
      'POSTERN_MICROSOFT_NEXT_CLIENT_SECRET is given without POSTERN_MICROSOFT_CLIENT_SECRET: it follows that one.',
      'POSTERN_GOOGLE_NEXT_CLIENT_SECRET is given without POSTERN_GOOGLE_CLIENT_SECRET: it follows that one.',
    ],
  },
  {
    name: 'another cloud for a tenant by its name',
    environment: {
      POSTERN_MICROSOFT_CLIENT_ID: id,
      POSTERN_MICROSOFT_CLOUD: 'gcc-high',
      POSTERN_MICROSOFT_TENANT: 'contoso.us',
    },
    mistakes: [
      'POSTERN_MICROSOFT_TENANT is "contoso.us", but in the cloud gcc-high it must be the tenant ID (a GUID).',
    ],
  },
  {
    name: 'half a certificate beside a secret',
    environment: {
      POSTERN_MICROSOFT_CLIENT_ID: id,
      POSTERN_MICROSOFT_CLIENT_SECRET: 'hush',
      POSTERN_MICROSOFT_CERT_FILE: 'app.pem',
    },
    mistakes: [
      'POSTERN_MICROSOFT_CERT_FILE is given without POSTERN_MICROSOFT_CERT_KEY_FILE: a certificate proves nothing without its key.',
      'POSTERN_MICROSOFT_CERT_FILE and POSTERN_MICROSOFT_CLIENT_SECRET are both given: keep one of them.',
    ],
  },
  {
    name: 'files of registrations that hold something else',
    environment: {
      POSTERN_MICROSOFT_CLIENT_ID: id,
      POSTERN_MICROSOFT_CERT_FILE: 'app.pem',
      POSTERN_MICROSOFT_CERT_KEY_FILE: 'app-key.pem',
      POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE: 'client.json',
    },
    files: { 'app.pem': 'nothing', 'app-key.pem': 'nothing', 'client.json': '{"installed":{}}' },
    mistakes: [
      'POSTERN_MICROSOFT_CERT_FILE (/srv/postern/app.pem) must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----").',
      'POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE (/srv/postern/client.json) must be the key file of a service account ("type": "service_account"), not of an OAuth client.',
    ],
  },
  {
    name: 'a proxy of another kind, with a password',
    environment: { POSTERN_PROXY: 'socks5://me:hush@proxy.example.com:1080' },
    mistakes: [
      'POSTERN_PROXY must be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one).',
    ],
  },
]

const workers: readonly BrokenConfiguration[] = [
  {
    name: 'several processes on a SQLite file',
    environment: { POSTERN_WORKERS: '4' },
    mistakes: [
      'POSTERN_WORKERS is 4, which needs a database that several processes can use: set POSTERN_DATABASE_URL.',
    ],
  },
  {
    name: 'several processes at a port that the system chooses',
    environment: {
      POSTERN_WORKERS: '2',
      POSTERN_DATABASE_URL: 'postgres://postern@db.example.com/postern?sslmode=disable',
      POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    },
    mistakes: ['POSTERN_WORKERS is 2, but a port of this host is 0: processes share ports that are known.'],
  },
]

export const brokenConfigurations = [
  ...workers,
  ...keys,
  ...listening,
  ...registrations,
  ...waysToGrants,
  ...notices,
  ...secretFiles,
  ...names,
  ...otherFiles,
]
