import type { LoginStatus } from '../../credentials/logins.ts'
import { isLoopback, isWildcard } from '../../net/endpoint.ts'
import type { SmtpListener } from '../../net/listen.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'

/** The settings for one kind of program or device, to be copied. */
export interface ReadySettings {
  /** The name of the program. */
  title: string
  text: string
}

export interface CreatedLogin {
  login: Pick<LoginStatus, 'userName' | 'mailboxes' | 'password' | 'networks'>
  /** Absent when a person chose the password, or when there is none. */
  password?: string | undefined
  listeners: readonly SmtpListener[]
}

interface Server {
  host: string
  port: number
  /** The program is on the same machine, where nothing needs encryption. */
  local: boolean
}

/**
 * Ready settings for common programs: for one on the same machine if postern listens on loopback,
 * else for another machine.
 */
export function readySettings(
  { login, password = 'YOUR-PASSWORD', listeners }: CreatedLogin,
  t: Phrases,
): ReadySettings[] {
  const servers = listeners.filter(({ tls }) => tls !== 'implicit').map(serverOf)
  const near = servers.find(({ local }) => local) ?? servers[0]
  if (!near) return []
  const far = servers.find(({ local }) => !local)
  const [from = 'you@example.com'] = login.mailboxes.map((address) => address.replace(/^\*@/, 'you@'))
  const known = { ...near, user: login.userName, password, from }
  const forms = { ...(far ?? near), user: login.userName, password, from }
  return [
    { title: t.say(phrase('A printer, scanner or any form')), text: deviceForm(forms, t) },
    { title: 'Postfix', text: postfix(known) },
    { title: 'msmtp', text: msmtp(known) },
    { title: 'git send-email', text: git(known) },
    { title: 'PHPMailer', text: phpMailer(known) },
    { title: 'Python', text: python(known) },
    { title: '.NET (MailKit)', text: dotNet(known) },
    { title: 'Java (Jakarta Mail)', text: java(known) },
  ]
}

function serverOf({ host, port, frontEnds }: SmtpListener): Server {
  // Clients connect to the front end, whose address only its administrator knows.
  if (frontEnds) return { host: 'front-end.example.com', port, local: false }
  return { host: isWildcard(host) ? 'postern.example.com' : host, port, local: isLoopback(host) }
}

type Known = Server & { user: string; password: string; from: string }

function deviceForm({ host, port, local, user, password, from }: Known, t: Phrases): string {
  const fields: readonly [Phrase, string | number][] = [
    [phrase('SMTP server'), host],
    [phrase('Port'), port],
    [phrase('Encryption'), t.say(local ? phrase('none (same machine)') : phrase('STARTTLS or SSL/TLS'))],
    [phrase('Authentication'), t.say(phrase('on (LOGIN or PLAIN)'))],
    [phrase('User name'), user],
    [phrase('Password'), password],
    [phrase('Sender address'), from],
  ]
  return fields.map(([name, value]) => `${t.say(name)}: ${value}`).join('\n')
}

function postfix({ host, port, local, user, password }: Known): string {
  return `# /etc/postfix/main.cf
relayhost = [${host}]:${port}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd
smtp_sasl_mechanism_filter = plain
smtp_sasl_security_options = noanonymous
smtp_tls_security_level = ${local ? 'none' : 'secure'}

# /etc/postfix/sasl_passwd (mode 0600, then: postmap /etc/postfix/sasl_passwd)
[${host}]:${port} ${user}:${password}`
}

function msmtp({ host, port, local, user, password, from }: Known): string {
  return `# ~/.msmtprc (mode 0600)
account postern
host ${host}
port ${port}
auth plain
tls ${local ? 'off' : 'on'}
user ${user}
password ${password}
from ${from}
account default : postern`
}

function git({ host, port, local, user, password, from }: Known): string {
  const lines = [
    `git config sendemail.smtpServer ${host}`,
    `git config sendemail.smtpServerPort ${port}`,
    ...(local ? [] : ['git config sendemail.smtpEncryption tls']),
    `git config sendemail.smtpUser ${posix(user)}`,
    `git config sendemail.smtpPass ${posix(password)}`,
    'git config sendemail.smtpAuth PLAIN',
    `git config sendemail.from ${posix(from)}`,
  ]
  return lines.join('\n')
}

function phpMailer({ host, port, local, user, password, from }: Known): string {
  return `$mail->isSMTP();
$mail->Host = ${php(host)};
$mail->Port = ${port};
$mail->SMTPAuth = true;
$mail->AuthType = 'PLAIN';
$mail->Username = ${php(user)};
$mail->Password = ${php(password)};
${local ? '$mail->SMTPAutoTLS = false;' : '$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;'}
$mail->setFrom(${php(from)});`
}

function python({ host, port, local, user, password, from }: Known): string {
  return `import smtplib${local ? '' : ', ssl'}
with smtplib.SMTP(${JSON.stringify(host)}, ${port}) as server:
${local ? '' : '    server.starttls(context=ssl.create_default_context())\n'}    server.login(${JSON.stringify(user)}, ${JSON.stringify(password)})
    server.send_message(message)  # From: ${from}`
}

function dotNet({ host, port, local, user, password }: Known): string {
  return `using var client = new MailKit.Net.Smtp.SmtpClient();
client.Connect(${JSON.stringify(host)}, ${port}, SecureSocketOptions.${local ? 'None' : 'StartTls'});
client.Authenticate(${JSON.stringify(user)}, ${JSON.stringify(password)});
client.Send(message);`
}

function java({ host, port, local, user, password }: Known): string {
  return `props.put("mail.smtp.host", ${JSON.stringify(host)});
props.put("mail.smtp.port", "${port}");
props.put("mail.smtp.auth", "true");
props.put("mail.smtp.auth.mechanisms", "PLAIN");
${local ? '' : 'props.put("mail.smtp.starttls.required", "true");\n'}Transport.send(message, ${JSON.stringify(user)}, ${JSON.stringify(password)});`
}

function posix(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function php(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
