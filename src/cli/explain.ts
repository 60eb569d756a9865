import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import type { Explanation } from '../diagnosis/explain.ts'
import type { MailboxStatus } from '../mailboxes/mailboxes.ts'
import { type Address, covers } from '../model/address.ts'
import type { Context } from './context.ts'
import { pauseText } from './mailbox.ts'

const help = `
The text is a log line, a reply, a bounce, an error page's address: of postern or of any other program.
It is looked at on this machine alone, and nothing of it is printed but a mail address. Of several lines
the most telling counts. Exits with 1 when nothing in it is known.

Examples:
  postern explain "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
  postern explain AADSTS70008
  tail -n 20 /var/log/mail.log | postern explain`

/** `postern explain`. It needs neither a data directory nor settings. */
export function addExplainVerb(program: Command, context: Context): void {
  program
    .command('explain')
    .argument('[text...]', 'what was said; - (or nothing): standard input')
    .description('what an error means, and what helps')
    // A pasted line may hold anything.
    .allowUnknownOption()
    .addHelpText('after', help)
    .action(async (words: string[], _options: object, command: Command) => {
      const { stdin } = context.terminal
      const isPiped = words.length === 0 ? !('isTTY' in stdin && stdin.isTTY) : words.join(' ') === '-'
      const text = isPiped ? await readStart(stdin) : words.join(' ')
      if (text.trim() === '') command.error('error: give the text, or pipe it in')
      await answer(text, command, context)
    })
}

/** More is no log line. */
const longestText = 65_536

async function readStart(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length >= longestText) break
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, longestText)
}

async function answer(text: string, command: Command, context: Context): Promise<void> {
  // Loaded only now: every other verb does without the catalogue.
  const { elsewhere, explain, mailboxIn } = await import('../diagnosis/explain.ts')
  const first = explain(text)
  if (!first) {
    const look = elsewhere(text).map(({ en }) => en)
    context.exitCode = 1
    context.tell(command, { known: false, look }, unknownWords(look))
    return
  }
  const here = await standingOf((isHere) => mailboxIn(text, isHere), text, context)
  const explanation = here
    ? (explain(text, { mailbox: here.address, provider: here.provider }) ?? first)
    : first
  const reason = here?.reason === undefined ? undefined : explain(here.reason)
  const result = { known: true, ...inEnglish(explanation), ...(here && { here }) }
  context.tell(command, result, inWords(explanation, here, reason))
}

/**
 * How the mailbox stands that is named in the text, if a postern runs here and knows it. None has to
 * run, and no failure to ask it counts.
 */
async function standingOf(
  find: (isHere: (address: Address) => boolean) => Address | undefined,
  text: string,
  context: Context,
): Promise<MailboxStatus | undefined> {
  if (!text.includes('@')) return undefined
  try {
    return await context.withRunningBroker(async ({ mailboxes }) => {
      const known = await mailboxes.list()
      const isHere = (address: Address) => known.some((one) => covers(one.address, address))
      const named = find(isHere)
      return named === undefined || !isHere(named) ? undefined : mailboxes.show(named)
    })
  } catch {
    return undefined
  }
}

function inEnglish({ id, meaning, fix, kind, confidence, sources, mailbox, toFill }: Explanation) {
  return {
    id,
    meaning: meaning.en,
    fix: fix.map(({ words, command }) => ({
      words: words.en,
      ...(command && { command: command.text, shell: command.shell }),
    })),
    ...kind,
    confidence,
    sources,
    ...(mailbox !== undefined && { mailbox }),
    ...(toFill.length > 0 && { toFill: toFill.map(({ en }) => en) }),
  }
}

function inWords(
  { meaning, fix, kind, confidence, sources, toFill }: Explanation,
  here: MailboxStatus | undefined,
  reason: Explanation | undefined,
): string {
  const steps = fix.map(({ words, command }, index) => {
    const shell = command?.shell === 'powershell' ? '   (Exchange Online PowerShell)' : ''
    const line = command === undefined ? '' : `\n       ${command.text}${shell}`
    return `  ${index + 1}. ${words.en}${line}\n`
  })
  return `${meaning.en}

What to do:
${steps.join('')}${toFill.map(({ en }) => `  ${en}\n`).join('')}
${here ? `${hereWords(here, reason)}\n` : ''}${whoWords[kind.who]} ${aboutWords[kind.about]}
Known from: ${confidenceWords[confidence]} (${sources[0]}${sources.length > 1 ? ', …' : ''}).
`
}

function hereWords({ address, state, since, reason, sending }: MailboxStatus, known?: Explanation): string {
  const words: Record<MailboxStatus['state'], string> = {
    absent: 'it has no consent yet.',
    active: 'its consent is in order.',
    lapsed: `its consent lapsed${since === undefined ? '' : ` on ${since.slice(0, 10)}`}.`,
  }
  const why = known ? ` ${known.meaning.en}` : reason === undefined ? '' : ` ${reason}`
  const pauses = sending?.pauses.map((pause) => `  Paused: ${pauseText(pause)}\n`) ?? []
  return `Here: ${address} is a mailbox of this postern; ${words[state]}${state === 'lapsed' ? why : ''}\n${pauses.join('')}`
}

const whoWords: Record<Explanation['kind']['who'], string> = {
  administrator: 'An administrator at the provider can repair it.',
  person: 'Whoever consents for the mailbox can repair it.',
  operator: 'Whoever runs postern, or the program that sends, can repair it.',
  sender: 'Whoever sets up the program that sends, or sends with it, can repair it.',
  time: 'It passes.',
  nobody: 'It passes.',
}

const aboutWords: Record<Explanation['kind']['about'], string> = {
  mailbox: 'It concerns this one mailbox.',
  registration: 'It concerns every mailbox of the same app registration.',
  organisation: 'It concerns every mailbox of the organisation.',
  server: 'It concerns everything that goes to this server.',
  message: 'It concerns this one message.',
  sender: 'It concerns this one sender.',
  connection: 'It concerns this one connection.',
}

const confidenceWords: Record<Explanation['confidence'], string> = {
  documented: 'documentation',
  reported: 'what several people report',
  'from-memory': 'general knowledge, not checked against a document',
}

function unknownWords(look: readonly string[]): string {
  return `Nothing in this text is known to postern. Where to look:\n${look.map((one) => `  - ${one}\n`).join('')}`
}
