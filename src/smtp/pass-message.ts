import type { Limits } from '../config/config.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import type { ClientSocket } from './client-socket.ts'
import { createIncomingMessage } from './incoming-message.ts'
import type { MessageOutcome, SessionEvent } from './session-events.ts'
import type { Work } from './work.ts'

export interface MessagePassage {
  client: Pick<ClientSocket, 'read' | 'setDeadline' | 'liftDeadline'>
  input: InputBuffer
  work: Work
  limits: Pick<Limits, 'messageSeconds' | 'drainSeconds'>
  /** In octets (RFC 1870); undefined: none. */
  limit: number | undefined
  /** As the login asks for. */
  mendLineEnds: boolean
}

/** From the 354 to the end of the message, and what the provider said to it. Undefined when the client has gone. */
export async function passMessage({
  client,
  input,
  work,
  limits,
  limit,
  mendLineEnds,
}: MessagePassage): Promise<SessionEvent | undefined> {
  const read = () => client.read(false)
  const message = createIncomingMessage({
    input,
    read,
    limit,
    drainSeconds: limits.drainSeconds,
    mendLineEnds,
  })
  client.setDeadline(limits.messageSeconds)
  const sent = await work.providerSide.send(message.octets)
  const ended = await message.drain()
  client.liftDeadline()
  const cut = message.cut()
  const refused = sent.kind === 'answered' && sent.reply.code >= 400
  const outcome: MessageOutcome = cut === undefined || cut === 'gone' || refused ? sent : { kind: 'cut', cut }
  work.record.message(outcome, cut, message.size())
  return cut === 'gone' ? undefined : { kind: 'message-over', outcome, ended }
}
