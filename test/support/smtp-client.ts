import { connect } from 'node:net'

/**
 * A client of few words: says each line, one at a time, and gives the first line of each reply, the greeting first.
 * Ends early when the server closes.
 * @param localAddress of this machine, to come from
 */
export function smtpDialogue(
  port: number,
  lines: readonly string[],
  localAddress = '127.0.0.1',
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const replies: string[] = []
    const waiting = [...lines]
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    let buffer = ''
    let first: string | undefined
    socket.setEncoding('latin1')
    socket.setTimeout(60_000, () => socket.destroy(new Error(`no reply after ${replies.join(' | ')}`)))
    socket.once('error', reject)
    socket.once('close', () => resolve(replies))
    socket.on('data', (text: string) => {
      buffer += text
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        first ??= line
        // RFC 5321, section 4.2: a hyphen after the code announces another line.
        if (line[3] === '-') continue
        replies.push(first)
        first = undefined
        const next = waiting.shift()
        if (next === undefined) socket.end()
        else socket.write(`${next}\r\n`)
      }
    })
  })
}

/** RFC 4616, as the argument of AUTH. */
export function plain(user: string, password: string): string {
  return `PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`
}

/** Signs in and leaves. Resolves with the reply to AUTH. */
export async function signIn(
  port: number,
  login: { user: string; password: string },
  localAddress?: string,
): Promise<string> {
  const lines = ['EHLO legacy.example.com', `AUTH ${plain(login.user, login.password)}`, 'QUIT']
  return (await smtpDialogue(port, lines, localAddress))[2] ?? 'closed without a reply'
}
