import { isLoopback, isWildcard } from '../../net/endpoint.ts'
import { isReachable, type SmtpListener } from '../../net/listen.ts'
import { type Html, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'

/** What a login is for. `form` is whatever has fields to fill in. */
export const deviceKinds = [
  'form',
  'wordpress',
  'postfix',
  'msmtp',
  'git',
  'phpmailer',
  'python',
  'dotnet',
  'java',
] as const
export type DeviceKind = (typeof deviceKinds)[number]

const kindNames: Record<DeviceKind, Phrase | { name: string }> = {
  form: phrase('Printer, scanner or any other form'),
  wordpress: { name: 'WordPress' },
  postfix: { name: 'Postfix' },
  msmtp: { name: 'msmtp' },
  git: { name: 'git send-email' },
  phpmailer: { name: 'PHP (PHPMailer)' },
  python: { name: 'Python' },
  dotnet: { name: '.NET (MailKit)' },
  java: { name: 'Java (Jakarta Mail)' },
}

export function kindName(kind: DeviceKind, t: Phrases): string {
  const name = kindNames[kind]
  return typeof name === 'string' ? t.say(name) : name.name
}

/** Where the program or device is: on the machine of postern, or on another one. */
export type Place = 'here' | 'elsewhere'

/** What the settings of a login are shown for. */
export interface DeviceChoice {
  place: Place
  kind: DeviceKind
}

const placeWords: Record<Place, Phrase> = {
  elsewhere: phrase('on another machine or device'),
  here: phrase('on this machine'),
}

export function placeOptions(chosen: Place, t: Phrases): Html[] {
  return (['elsewhere', 'here'] as const).map((place) =>
    option(place, t.say(placeWords[place]), place === chosen),
  )
}

export function kindOptions(chosen: DeviceKind, t: Phrases): Html[] {
  return deviceKinds.map((kind) => option(kind, kindName(kind, t), kind === chosen))
}

function option(value: string, words: string, isChosen: boolean): Html {
  return html`<option value="${value}"${isChosen && html` selected`}>${words}</option>`
}

/** One way to hand in mail. */
export interface WayIn {
  /** Absent: that of a front end, which only its administrator knows. */
  host?: string | undefined
  port: number
  encryption: 'none' | 'starttls' | 'implicit'
}

/**
 * The ways to hand in mail from there; the best one first.
 * @param hosts by what other machines reach this one, best first
 */
export function waysIn(
  listeners: readonly SmtpListener[],
  place: Place,
  hosts: readonly string[],
): readonly WayIn[] {
  const ways = place === 'here' ? listeners.flatMap(wayHere) : listeners.flatMap((one) => wayFrom(one, hosts))
  return ways.sort((one, other) => order.indexOf(one.encryption) - order.indexOf(other.encryption))
}

const order: readonly WayIn['encryption'][] = ['starttls', 'implicit', 'none']

/** On the same machine nothing needs encryption. */
function wayHere({ host, port, tls, frontEnds }: SmtpListener): WayIn[] {
  if (frontEnds || tls === 'implicit') return []
  if (isLoopback(host)) return [{ host, port, encryption: 'none' }]
  if (isWildcard(host)) return [{ host: host === '::' ? '::1' : '127.0.0.1', port, encryption: 'none' }]
  return tls === 'none' ? [] : [{ host, port, encryption: tls }]
}

function wayFrom(listener: SmtpListener, hosts: readonly string[]): WayIn[] {
  const { host, port, tls, plainAuth, frontEnds } = listener
  if (!isReachable(listener) || (tls === 'none' && !plainAuth)) return []
  if (frontEnds) return [{ port, encryption: tls }]
  return [{ host: isWildcard(host) ? hosts[0] : host, port, encryption: tls }]
}

/** Who signs in, as the settings of a program name it. */
export interface SignInData {
  user: string
  password: string
  /** The sender. */
  from: string
}

/** The text to copy for a program; undefined for a form, whose fields say everything. */
export function settingsText(kind: DeviceKind, way: WayIn, data: SignInData, t: Phrases): string | undefined {
  const host = way.host ?? t.say(phrase('the address of your front end'))
  const known = { ...data, host, port: way.port, encryption: way.encryption }
  return kind === 'form' ? undefined : texts[kind](known)
}

type Known = Required<WayIn> & SignInData & { host: string }

/** One of three, by the encryption. */
function by<T>({ encryption }: Known, none: T, starttls: T, implicit: T): T {
  return { none, starttls, implicit }[encryption]
}

const texts: Record<Exclude<DeviceKind, 'form'>, (known: Known) => string> = {
  wordpress: (known) => {
    const { host, port, user, password, from } = known
    return `// In a plugin of your own, or in functions.php of the theme
add_action('phpmailer_init', function ($mail) {
  $mail->isSMTP();
  $mail->Host = ${php(host)};
  $mail->Port = ${port};
  $mail->SMTPAuth = true;
  $mail->AuthType = 'PLAIN';
  $mail->Username = ${php(user)};
  $mail->Password = ${php(password)};
  ${by(known, '$mail->SMTPAutoTLS = false;', "$mail->SMTPSecure = 'tls';", "$mail->SMTPSecure = 'ssl';")}
  $mail->setFrom(${php(from)}, get_bloginfo('name'), false);
});`
  },

  postfix: (known) => {
    const { host, port, user, password } = known
    return `# /etc/postfix/main.cf
relayhost = [${host}]:${port}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = plain, login
smtp_tls_security_level = ${by(known, 'none', 'secure', 'secure\nsmtp_tls_wrappermode = yes')}

# /etc/postfix/sasl_passwd (mode 0600, owner root)
[${host}]:${port} ${user}:${password}`
  },

  msmtp: (known) => {
    const { host, port, user, password, from } = known
    return `# ~/.msmtprc (mode 0600)
account postern
host ${host}
port ${port}
auth plain
tls ${by(known, 'off', 'on', 'on\ntls_starttls off')}
user ${user}
password ${password}
from ${from}
account default : postern`
  },

  git: (known) => {
    const { host, port, user, password, from } = known
    const encryption = by(known, undefined, 'tls', 'ssl')
    const lines = [
      `git config sendemail.smtpServer ${host}`,
      `git config sendemail.smtpServerPort ${port}`,
      ...(encryption === undefined ? [] : [`git config sendemail.smtpEncryption ${encryption}`]),
      `git config sendemail.smtpUser ${posix(user)}`,
      `git config sendemail.smtpPass ${posix(password)}`,
      'git config sendemail.smtpAuth PLAIN',
      `git config sendemail.from ${posix(from)}`,
    ]
    return lines.join('\n')
  },

  phpmailer: (known) => {
    const { host, port, user, password, from } = known
    const encryption = by(
      known,
      '$mail->SMTPAutoTLS = false;',
      '$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;',
      '$mail->SMTPSecure = PHPMailer::ENCRYPTION_SMTPS;',
    )
    return `$mail->isSMTP();
$mail->Host = ${php(host)};
$mail->Port = ${port};
$mail->SMTPAuth = true;
$mail->AuthType = 'PLAIN';
$mail->Username = ${php(user)};
$mail->Password = ${php(password)};
${encryption}
$mail->setFrom(${php(from)});`
  },

  python: (known) => {
    const { host, port, user, password, from } = known
    const context = 'context=ssl.create_default_context()'
    const server = `${JSON.stringify(host)}, ${port}`
    const signIn = `    server.login(${JSON.stringify(user)}, ${JSON.stringify(password)})
    server.send_message(message)  # From: ${from}`
    return by(
      known,
      `import smtplib\nwith smtplib.SMTP(${server}) as server:\n${signIn}`,
      `import smtplib, ssl\nwith smtplib.SMTP(${server}) as server:\n    server.starttls(${context})\n${signIn}`,
      `import smtplib, ssl\nwith smtplib.SMTP_SSL(${server}, ${context}) as server:\n${signIn}`,
    )
  },

  dotnet: (known) => {
    const { host, port, user, password } = known
    return `using var client = new MailKit.Net.Smtp.SmtpClient();
client.Connect(${JSON.stringify(host)}, ${port}, SecureSocketOptions.${by(known, 'None', 'StartTls', 'SslOnConnect')});
client.Authenticate(${JSON.stringify(user)}, ${JSON.stringify(password)});
client.Send(message);`
  },

  java: (known) => {
    const { host, port, user, password } = known
    // Older versions of Jakarta Mail do not compare the name in the certificate by themselves.
    const checked = 'props.put("mail.smtp.ssl.checkserveridentity", "true");\n'
    const encryption = by(
      known,
      '',
      `props.put("mail.smtp.starttls.required", "true");\n${checked}`,
      `props.put("mail.smtp.ssl.enable", "true");\n${checked}`,
    )
    return `props.put("mail.smtp.host", ${JSON.stringify(host)});
props.put("mail.smtp.port", "${port}");
props.put("mail.smtp.auth", "true");
props.put("mail.smtp.auth.mechanisms", "PLAIN");
${encryption}Transport.send(message, ${JSON.stringify(user)}, ${JSON.stringify(password)});`
  },
}

const authorityFile = '/etc/ssl/postern-ca.pem'

/** What to do there with the certificate of postern's authority: ca.pem, or ca.crt, which is the same without text. */
export function authorityHelp(kind: DeviceKind, t: Phrases): Html {
  const code = (text: string) => html`<code>${text}</code>`
  switch (kind) {
    case 'form':
      return t`On the web page of the device import ca.crt, or ca.pem where it wants PEM, as a CA certificate or root certificate.`
    case 'wordpress':
    case 'phpmailer':
      return t`Copy ca.pem to the machine of PHP and name it in php.ini: ${code(`openssl.cafile=${authorityFile}`)}.`
    case 'postfix':
      return t`Copy ca.pem to that machine and add this line to main.cf: ${code(`smtp_tls_CAfile = ${authorityFile}`)}.`
    case 'msmtp':
      return t`Copy ca.pem to that machine and add this line to the account: ${code(`tls_trust_file ${authorityFile}`)}.`
    case 'git':
      return t`Copy ca.pem to that machine and run ${code(`git config sendemail.smtpSSLCertPath ${authorityFile}`)}.`
    case 'python':
      return t`Copy ca.pem to that machine and make the context with it: ${code(`ssl.create_default_context(cafile="${authorityFile}")`)}.`
    case 'dotnet':
      return t`In Windows run ${code('certutil -addstore -f Root ca.crt')} as administrator; in Linux put ca.pem where the system keeps its authorities.`
    case 'java':
      return t`Run ${code('keytool -importcert -cacerts -noprompt -alias postern -file ca.pem')} with the Java that runs the program.`
  }
}

function posix(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function php(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
