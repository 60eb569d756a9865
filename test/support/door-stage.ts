import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { Endpoint, Limits } from '../../src/config/config.ts'
import type { SignIns, Submitter } from '../../src/mailboxes/services.ts'
import { createSmtpDoor, type SmtpDoor, type SmtpDoorOptions } from '../../src/smtp/door.ts'
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
export const stageSubmitters: readonly Submitter[] = [
  submitterOf('me@example.com', ['me@example.com'], ['*@example.org']),
  submitterOf('two@example.com', ['two@example.com', 'second@example.com'], []),
  submitterOf('ü@example.com', ['ü@example.com'], []),
]

export async function openDoor(settings: StageSettings = {}): Promise<DoorStage> {
  const relay = createRecordingRelay()
  const log: Log = settings.log ?? silentLog
  const door = createSmtpDoor({
    listen: [{ host: '127.0.0.1', port: 0 }],
    signIns: stageSignIns,
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

const stageSignIns: SignIns = {
  async check(credentials) {
    const submitter = stageSubmitters.find(({ userName }) => userName === credentials.userName)
    const right = credentials.kind === 'password' && credentials.password.reveal() === 'right'
    if (submitter === undefined || !right) throw wrongCredentials()
    return submitter
  },
  async admit() {
    throw wrongCredentials()
  },
  offers: () => ({ cramMd5: false, bearer: false, withoutPassword: false }),
}

function wrongCredentials(): Failure {
  return new Failure('wrong-credentials', 'Wrong user name or password')
}

function submitterOf(userName: string, addresses: string[], senders: string[]): Submitter {
  const mailboxes = addresses.map((address) => ({ address, aliases: [] }))
  return { userName, mailboxes, senders, rewriteSender: false }
}
