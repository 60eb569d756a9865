import type { PauseStatus, SendingStatus } from '../mailboxes/services.ts'

/** What a mailbox may send now, as lines of name and value for `postern mailbox show`. */
export function sendingLines(sending: SendingStatus | undefined): [name: string, value: string][] {
  if (sending === undefined) return []
  const { connections, waiting, messagesLastMinute, recipientsLastDay } = sending
  const { open, inUse, allowed, limit } = connections
  return [
    [
      'connections',
      `${open} open, ${inUse} in use, ${allowed} allowed${allowed < limit ? ` (of ${limit})` : ''}`,
    ],
    ['waiting', `${waiting} ${waiting === 1 ? 'message' : 'messages'}`],
    ['last minute', `${messagesLastMinute}${outOf(sending.messagesPerMinute)} messages`],
    ['last day', `${recipientsLastDay}${outOf(sending.recipientsPerDay)} recipients${roomAt(sending)}`],
    ...sending.pauses.map((pause): [string, string] => ['paused', pauseText(pause)]),
  ]
}

function roomAt({ recipientsRoomAt }: SendingStatus): string {
  return recipientsRoomAt === undefined ? '' : `, room again at ${recipientsRoomAt}`
}

function outOf(limit: number | undefined): string {
  return limit === undefined ? '' : ` of ${limit}`
}

function pauseText({ until, reason, said, fix, ...pause }: PauseStatus): string {
  return `${pausedThing(pause)} until ${until}, then one try finds out: ${reason}${said === undefined ? '' : ` The provider said: ${said}.`}${fix === undefined ? '' : ` ${fix}`}`
}

function pausedThing({
  about,
  sender,
  login,
  source,
}: Omit<PauseStatus, 'until' | 'reason' | 'fix' | 'since'>): string {
  if (login !== undefined) return `the program ${login}${source === undefined ? '' : ` at ${source}`}`
  return sender === undefined ? abouts[about] : `the sender ${sender}`
}

const abouts: Record<PauseStatus['about'], string> = {
  mailbox: 'the mailbox',
  sender: 'a sender',
  program: 'a program',
  registration: 'every mailbox of this registration',
  'sign-in': 'new connections',
  token: 'new access tokens',
}
