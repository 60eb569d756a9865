import { Leaving } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
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
  clock: Pick<Clock, 'monotonic'>
  /** Aborts when the client goes, or ends its side and `goesOn` says no; until the function that it gives is called. */
  watch(leaving: Leaving, goesOn: () => boolean): () => void
}

/** In milliseconds. Whoever ends its side as soon as the message is said waits for the answer; who does it later has waited for long enough. */
const sameBreath = 1_000

/** From the 354 to the end of the message, and what the provider said to it. Undefined when the client has gone. */
export async function passMessage(passage: MessagePassage): Promise<SessionEvent | undefined> {
  const { client, input, work, limits, limit, mendLineEnds } = passage
  const leaving = new Leaving()
  let stopWatching = () => {}
  const message = createIncomingMessage({
    input,
    read: () => client.read(false),
    limit,
    drainSeconds: limits.drainSeconds,
    mendLineEnds,
    ended() {
      stopWatching = watchBehindEnd(passage, leaving)
    },
  })
  client.setDeadline(limits.messageSeconds)
  const sent = await work.providerSide.send(message.octets, leaving)
  const ended = await message.drain()
  stopWatching()
  client.liftDeadline()
  const cut = sent.kind === 'failed' && leaving.aborted ? 'gone' : message.cut()
  const refused = sent.kind === 'answered' && sent.reply.code >= 400
  const outcome: MessageOutcome = cut === undefined || cut === 'gone' || refused ? sent : { kind: 'cut', cut }
  work.record.message(outcome, cut, message.size())
  return cut === 'gone' ? undefined : { kind: 'message-over', outcome, ended }
}

/** The client has said all and waits for the answer, as long as it likes to. */
function watchBehindEnd({ input, clock, watch }: MessagePassage, leaving: Leaving): () => void {
  const since = clock.monotonic()
  return watch(leaving, () => input.size() > 0 || clock.monotonic() - since < sameBreath)
}
