import { runCommand } from '#built/cli/program.js'
import { helpOf, outputOf, verbsOf } from '../test/documents/command-page.js'

/** So wide that `man` breaks no line of the help on a terminal of 80 columns. */
const columns = 72

/**
 * The manual pages, made of the help of every verb.
 * @param {string} version
 * @param {Date} date
 * @returns {Promise<Record<string, string>>} by the names of their files
 */
export async function manPages(version, date) {
  const verbs = await verbsOf(runCommand, columns)
  const parts = verbs.map(({ words, help }) => `.SS ${words.join(' ')}\n${asItIs(help)}`)
  const day = date.toISOString().slice(0, 10)
  const postern = `.TH POSTERN 1 "${day}" "postern ${version}" "User Commands"
.SH NAME
postern \\- OAuth2 token broker for SMTP
.SH SYNOPSIS
.B postern
.I verb
[options]
.SH DESCRIPTION
Legacy software logs in to postern with a local password; postern passes its mail on to Microsoft 365, Gmail and other providers, with
XOAUTH2 and a fresh bearer token. The service postern.service runs
.BR "postern serve" ;
every other verb talks to it, as root or as its user.
.PP
Begin with
.BR "postern sign\\-in" :
it prints a link to the pages, and these lead through the set\\-up.
.SH VERBS
${parts.join('')}.SH EXIT STATUS
.TP
0
done
.TP
1
failed
.TP
2
wrong usage
.TP
74
the service has stopped and could not store renewed consents
.TP
75
to be tried again: a port is in use, the disk is full, no postern runs
.TP
78
a setting has to be changed
.SH FILES
.TP
.I /etc/postern/env
the settings; all that there are stand in
.I /usr/share/doc/postern/env.example
.TP
.I /var/lib/postern
the store and its keys
.SH SEE ALSO
.BR postern\\-sendmail (1),
.BR systemctl (1)
`
  const sendmail = `.TH POSTERN\\-SENDMAIL 1 "${day}" "postern ${version}" "User Commands"
.SH NAME
postern\\-sendmail \\- hand a message to postern as sendmail takes it
.SH SYNOPSIS
.B postern\\-sendmail
[options] [recipient ...]
.SH DESCRIPTION
${asItIs(await helpOf(runCommand, ['sendmail'], columns))}.SH SEE ALSO
.BR postern (1)
`
  return { 'postern.1': postern, 'postern-sendmail.1': sendmail }
}

/** @param {'bash' | 'fish' | 'zsh'} shell */
export function completionOf(shell) {
  return outputOf(runCommand, ['completion', shell])
}

/** Not filled, and no character of it read as a request. @param {string} text */
function asItIs(text) {
  const lines = text.trimEnd().replaceAll('\\', '\\e').replaceAll('-', '\\-').split('\n')
  return `.nf\n${lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line)).join('\n')}\n.fi\n`
}
