import { printable } from '../base/address.ts'

/** Those that hold nothing but names and addresses. */
const wholly: ReadonlySet<string> = new Set(['HELO', 'EHLO', 'MAIL', 'RCPT', 'PROXY'])
const byName: ReadonlySet<string> = new Set([
  ...[
    'AUTH',
    'STARTTLS',
    'DATA',
    'BDAT',
    'RSET',
    'NOOP',
    'QUIT',
    'VRFY',
    'EXPN',
    'HELP',
    'ETRN',
    'TURN',
    'ATRN',
  ],
  ...['SEND', 'SAML', 'SOML', 'XCLIENT', 'XFORWARD', 'BURL'],
])

/** A command for the log. What no command is may be a password, so nothing of that is shown. */
export function shownCommand(line: Buffer): string | undefined {
  const text = line.toString('utf8', 0, 400)
  const [word = ''] = text.slice(0, 10).split(/[ \t]/, 1)
  const verb = word.toUpperCase()
  if (wholly.has(verb)) return printable(text, 254)
  return byName.has(verb) ? verb : undefined
}
