import type { Command } from 'commander'
import { Failure } from '../base/failure.ts'
import type { MailboxStatus } from '../mailboxes/mailboxes.ts'
import type { Broker, Context } from './context.ts'
import { catalogueWithStored } from './provider.ts'

/** What git asks: `protocol`, `host`, `username` and more, each on a line. */
type Question = Readonly<Record<string, string>>

/** What it says is a few hundred octets. */
const mostOctets = 65_536

/** `postern credential-helper get | store | erase` */
export function addCredentialHelperVerb(program: Command, context: Context): void {
  program
    .command('credential-helper')
    .argument('<operation>', 'get, store or erase, as git says it')
    .description("give git send-email an access token, by git's credential protocol")
    .addHelpText('after', help)
    .action(async (operation: string) => {
      const question = await readQuestion(context)
      // Nothing that is handed out here has to be remembered, and what was refused is renewed by postern itself.
      if (operation !== 'get' || !isAboutSending(question)) return
      const { config } = await context.config()
      const catalogue = await catalogueWithStored(context, config)
      const answer = await context.withRunningBroker(async (broker) => {
        const fits = ({ provider }: MailboxStatus) => isServer(question.host, submissionOf(provider))
        const mailbox = await mailboxMeant(broker, question.username, fits)
        if (mailbox === undefined) return undefined
        const json = (await broker.token(mailbox.address, { format: 'json' })).reveal()
        return { mailbox, token: JSON.parse(json) as { access_token: string; expires_in: number } }
      })
      if (answer === undefined) return
      const { mailbox, token } = answer
      const user = mailbox.acceptedName ?? mailbox.saslUser ?? mailbox.signsInAs ?? mailbox.address
      const expiry = Math.floor(Date.now() / 1000) + token.expires_in
      context.terminal.stdout.write(
        `username=${user}\npassword=${token.access_token}\npassword_expiry_utc=${expiry}\n`,
      )

      function submissionOf(provider: string): Server | undefined {
        try {
          return catalogue.registered(provider).submission
        } catch (error) {
          // Its registration was removed.
          if (error instanceof Failure) return undefined
          throw error
        }
      }
    })
}

const help = `
Reads what git asks from standard input. It answers for SMTP alone, and for the mail server of the mailbox's own provider:
a token goes nowhere else, whatever asks. Of anything else it says nothing, and git asks its next helper.

Example (git that knows OAUTHBEARER or XOAUTH2; see examples/with-token):
  git config credential.smtp://smtp.office365.com:587.helper '!postern credential-helper'
  git config sendemail.smtpServer smtp.office365.com
  git config sendemail.smtpUser billing@example.com
  git config sendemail.smtpAuth XOAUTH2`

async function readQuestion({ terminal }: Context): Promise<Question> {
  let text = ''
  for await (const piece of terminal.stdin) {
    text += String(piece)
    // A blank line ends it; git closes its end only later.
    if (/\n\r?\n/.test(text) || text.length > mostOctets) break
  }
  const lines = text.slice(0, mostOctets).split(/\r?\n/)
  const pairs = lines.flatMap((line): [string, string][] => {
    const at = line.indexOf('=')
    return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
  })
  return Object.fromEntries(pairs)
}

/** `git send-email` asks for SMTP; the others are how people write it in `url=`. */
function isAboutSending({ protocol }: Question): boolean {
  return ['smtp', 'smtps', 'submission', 'submissions'].includes(protocol ?? '')
}

interface Server {
  host: string
  port: number
}

/** Whether git means this server: by its name, and by the port where it says one. */
function isServer(asked: string | undefined, server: Server | undefined): boolean {
  if (asked === undefined || server === undefined) return false
  const [, host, port] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(asked) ?? []
  return (
    host?.toLowerCase() === server.host.toLowerCase() && (port === undefined || Number(port) === server.port)
  )
}

/** The one that git names, or the only one at that server. */
async function mailboxMeant(
  { mailboxes }: Broker,
  username: string | undefined,
  fits: (mailbox: MailboxStatus) => boolean,
): Promise<MailboxStatus | undefined> {
  if (username === undefined || username === '') {
    const fitting = (await mailboxes.list()).filter(fits)
    return fitting.length === 1 ? fitting[0] : undefined
  }
  try {
    const named = await mailboxes.show(username)
    return fits(named) ? named : undefined
  } catch (error) {
    // No mailbox of ours: another helper may know it.
    if (error instanceof Failure && (error.code === 'not-found' || error.code === 'invalid')) return undefined
    throw error
  }
}
