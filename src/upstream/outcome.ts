import { Failure } from '../base/failure.ts'
import type { Reply } from '../wire/reply.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost, lossAsFailure } from './connection-lost.ts'

/** The provider's answer to the end of a message. @throws Failure `outcome-unknown` */
export async function finalReply(owed: Promise<Reply>, connection: Connection, host: string): Promise<Reply> {
  const reply = await owed.catch((error: unknown) => {
    throw error instanceof ConnectionLost ? outcomeUnknown(host, error) : error
  })
  if (reply.code < 300 || reply.code >= 400) return reply
  connection.destroy()
  throw outcomeUnknown(host, new ConnectionLost('protocol', `a ${reply.code} came where it means nothing`))
}

/** Octets of the message have left, and nobody knows what became of it. */
export function outcomeUnknown(host: string, cause: ConnectionLost): Failure {
  return new Failure('outcome-unknown', `${host} did not say what became of the message: ${cause.message}`, {
    cause,
    fix: 'Find out whether it has arrived before you send it again.',
  })
}

/** The connection ended, or makes no sense, before anything of the message had left. */
export function gone(host: string): Failure {
  return lossAsFailure(new ConnectionLost('closed', 'it ended before the message was sent'), host)
}
