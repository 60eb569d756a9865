import type { LoginStatus } from '../mailboxes/services.ts'

const cramMd5Cost = [
  'CRAM-MD5 needs the password itself, so it is kept sealed instead of hashed: whoever has both the',
  'database and its key can read it. And it rests on MD5. Make such a login only for a device that knows',
  'nothing else, and bind it to that device with --network: CRAM-MD5 is offered to everybody there, and many',
  'programs that see it offered choose it for logins that cannot use it.',
]

const mendingCost = `What mending costs (off unless asked for; without it a message leaves octet for octet):
  --rewrite-from    From: and Sender: in the header become the mailbox, as many providers demand; the name for people
                    stays, and the old address goes into Reply-To: where there is none. A signature (DKIM) that the
                    program itself made no longer fits.
  --mend-line-ends  a bare CR or LF in a message is the end of a line and becomes CRLF; without it such a message is
                    refused. Where nobody meant the end of a line, a line is cut. The end of the message stays
                    CRLF.CRLF: a program that ends it by LF.LF waits in vain.
  --complete-addresses, --map
                    a sender or recipient without a domain gets this one, or is what the map says. A name that was
                    mistyped is then somebody's address, and who it was meant for hears nothing.
  --split-recipients
                    several addresses in one RCPT get one answer: when one of them is refused, the message goes to
                    none of them.`

export const setLoginHelp = `
${mendingCost}

Example:
  postern login set 3f2a9c0d1b4e5f60 --rewrite-from --map root=admin@example.com`

export const addLoginHelp = `
What --cram-md5 costs:
${cramMd5Cost.map((line) => `  ${line}`).join('\n')}

${mendingCost}

Examples:
  postern login add billing@example.com --name "Ticket system"
  postern login add scans@example.com --no-password --network 192.0.2.7
  postern login add scans@example.com --cram-md5 --network 192.0.2.8
  postern login add scans@example.com --rewrite-sender --rewrite-from`

/** The lines that say how a login proves who it is, and what to know about that. `generated`: the password that was made for it. */
export function proofLines(login: LoginStatus, generated: string | undefined): string[] {
  if (login.password === 'none') {
    return [
      'sign-in       none: no user name, no password',
      '',
      `Whoever sends from ${login.networks.join(' or ')} is taken for this login. End it: postern login revoke ${login.id}`,
    ]
  }
  return [
    `user name     ${login.userName}`,
    `password      ${generated ?? 'the one that you chose'}`,
    ...(generated === undefined
      ? []
      : ['', 'The password is shown this once. Make another login if it gets lost.']),
    ...(login.cramMd5 ? ['', ...cramMd5Cost] : []),
  ]
}
