import type { Reply } from '../../src/wire/reply.ts'
import { connectLineClient } from './line-client.ts'
import { plain } from './smtp-client.ts'

export interface Account {
  address: string
  user: string
  password: string
}

/** What a client does beside the usual, between its sign-in and its goodbye. */
export interface Submission {
  /** The message, in pieces; each but the first waits until it is there. Absent: a small one. */
  pieces?: Iterable<string | Promise<string>>
  /** Waited for at these points. */
  before?: Partial<Record<'MAIL' | 'second RCPT' | 'DATA', () => Promise<unknown>>>
  /** RSET, after the recipient, and then all of it again. */
  reset?: true
}

/** The first line of the answer to each step that the client came to; `closed` when there was none. */
export type SubmissionAnswers = Partial<
  Record<'AUTH' | 'MAIL' | 'RCPT' | 'second RCPT' | 'RSET' | 'DATA' | 'message', string>
>

const small = 'Subject: small\r\n\r\nHello\r\n'

/** Hands in one message as legacy software does, and leaves at the first answer that is a no. */
export async function sendMail(
  port: number,
  { address, user, password }: Account,
  { pieces = [small], before = {}, reset }: Submission = {},
): Promise<SubmissionAnswers> {
  const client = connectLineClient({ host: '127.0.0.1', port })
  const answers: SubmissionAnswers = {}

  async function says(octets: string): Promise<string> {
    client.send(octets)
    return client.reply().then(firstLine, () => 'closed')
  }

  async function step(name: keyof SubmissionAnswers, octets: string): Promise<void> {
    const line = await says(octets)
    answers[name] = line
    if (!/^[23]/.test(line)) throw new Refused()
  }

  async function envelope(): Promise<void> {
    await before.MAIL?.()
    await step('MAIL', `MAIL FROM:<${address}>\r\n`)
    await step('RCPT', 'RCPT TO:<somebody@example.com>\r\n')
  }

  try {
    await client.reply()
    await says('EHLO legacy.example.com\r\n')
    await step('AUTH', `AUTH ${plain(user, password)}\r\n`)
    await envelope()
    if (reset) {
      await step('RSET', 'RSET\r\n')
      await envelope()
    }
    const second = before['second RCPT']
    if (second) {
      await second()
      await step('second RCPT', 'RCPT TO:<other@example.com>\r\n')
    }
    await before.DATA?.()
    await step('DATA', 'DATA\r\n')
    for (const piece of pieces) client.send(Buffer.from(await piece, 'latin1'))
    await step('message', '.\r\n')
  } catch (error) {
    if (!(error instanceof Refused)) throw error
  }
  client.send('QUIT\r\n')
  client.endInput()
  await client.rest()
  client.close()
  return answers
}

class Refused extends Error {}

function firstLine({ code, lines }: Reply): string {
  return `${code} ${lines[0]}`
}
