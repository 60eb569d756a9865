import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { Endpoint, Limits } from '../../src/config/config.ts'
import type { Logins } from '../../src/mailboxes/services.ts'
import { createSmtpDoor, type SmtpDoor, type SmtpDoorOptions } from '../../src/smtp/door.ts'
import type { Login } from '../../src/store/ports.ts'
import { defaultLimits } from './default-limits.ts'
import { createRecordingRelay, type RecordingRelay } from './recording-relay.ts'

/** A door on a free port, with three logins and a provider's side that records. */
export interface DoorStage {
  door: SmtpDoor
  relay: RecordingRelay
  endpoint: Endpoint
}

export type StageSettings = Partial<Omit<SmtpDoorOptions, 'limits' | 'relay'>> & { limits?: Partial<Limits> }

/** `me@example.com`, `two@example.com` (two mailboxes) and `ü@example.com`, each with the password `right`. */
export const stageLogins: readonly Login[] = [
  loginOf('me@example.com', ['me@example.com'], ['*@example.org']),
  loginOf('two@example.com', ['two@example.com', 'second@example.com'], []),
  loginOf('ü@example.com', ['ü@example.com'], []),
]

export async function openDoor(settings: StageSettings = {}): Promise<DoorStage> {
  const relay = createRecordingRelay()
  const log: Log = settings.log ?? silentLog
  const door = createSmtpDoor({
    listen: [{ host: '127.0.0.1', port: 0 }],
    logins: stageCheck,
    clock: systemClock,
    ...settings,
    log,
    relay,
    limits: { ...defaultLimits, ...settings.limits },
  })
  const [endpoint] = await door.start()
  if (endpoint === undefined) throw new Error('the door listens nowhere')
  return { door, relay, endpoint }
}

const stageCheck: Pick<Logins, 'check'> = {
  async check(userName, password) {
    const login = stageLogins.find((known) => known.userName === userName)
    if (login === undefined || password.reveal() !== 'right') {
      throw new Failure('wrong-credentials', 'Wrong user name or password')
    }
    return login
  },
}

function loginOf(userName: string, mailboxes: string[], senders: string[]): Login {
  const verifier = { kind: 'keyed', hash: '' } as const
  return { id: userName, userName, name: userName, mailboxes, senders, networks: [], verifier, createdAt: 0 }
}
