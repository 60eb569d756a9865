import type { Reply } from '../wire/reply.ts'
import { ConnectionLost } from './connection-lost.ts'
import type { SignedIn } from './open-signed-in.ts'

export interface EnvelopeOutcome {
  /** One for each command, in order; fewer when the connection was lost. */
  replies: readonly Reply[]
  lost?: ConnectionLost
}

/**
 * Sends commands of the envelope and collects their replies: in one write where PIPELINING is offered (RFC 2920), else
 * one after the other.
 */
export async function exchangeEnvelope(
  { connection, capabilities }: Pick<SignedIn, 'connection' | 'capabilities'>,
  commands: readonly Buffer[],
  replySeconds: number,
): Promise<EnvelopeOutcome> {
  const groups = capabilities.pipelining ? [commands] : commands.map((command) => [command])
  const replies: Reply[] = []
  try {
    for (const group of groups) {
      const owed = connection.ask(Buffer.concat(group), replySeconds, group.length)
      for (const reply of owed) replies.push(await reply)
    }
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    return { replies, lost: error }
  }
  // 3xx asks for more, which no command of the envelope has: the replies have slipped.
  const odd = replies.find(({ code }) => code >= 300 && code < 400)
  if (!odd) return { replies }
  connection.destroy()
  return { replies: [], lost: new ConnectionLost('protocol', `a ${odd.code} came where it means nothing`) }
}
