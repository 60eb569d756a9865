import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { keyed } from '../../src/model/address.ts'
import type { SendingLimits } from '../../src/model/sending-limits.ts'
import { createProviderSide, type ProviderSide } from '../../src/smtp/provider-side.ts'
import { createRefusalLog } from '../../src/smtp/refusal-log.ts'
import { createTransactionLog } from '../../src/smtp/transaction-log.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { createRecordingRelay, type RecordingRelay } from '../support/recording-relay.ts'
import { createStageSignIns } from '../support/smtp-stage.ts'

const waiting = { inGroups: false, gone: new AbortController().signal }

describe('what a session asks beyond itself', () => {
  let log: ReturnType<typeof createRecordingLog>
  let relay: RecordingRelay
  let side: ProviderSide
  let deadlinesEnded: number
  let proofs: number
  let ended: Set<string>
  let limits: SendingLimits | undefined

  beforeEach(() => {
    log = createRecordingLog()
    relay = createRecordingRelay()
    deadlinesEnded = 0
    proofs = 0
    ended = new Set()
    limits = undefined
    const client = { address: '192.0.2.7', session: '3fa2-1c', transactions: 0, warned: false }
    side = createProviderSide({
      relay,
      signIns: { ...createStageSignIns({ withoutPassword: true }, ended), limitsOf: () => limits },
      limits: { wholeLoginSeconds: 10 },
      record: createTransactionLog(
        log,
        createManualClock(),
        client,
        createRefusalLog(log, createManualClock()),
      ),
      client,
      authenticated: () => void proofs++,
      signedIn: () => void deadlinesEnded++,
    })
  })

  it('whoever needs approval sends nothing where nobody can be asked', async () => {
    limits = { needsApproval: true }
    await side.authorize('me@example.com')
    const next = {
      ...({ do: 'begin', mailbox: keyed('me@example.com') } as const),
      mail: { sender: 'me@example.com', parameters: [] },
      recipients: [{ recipient: 'you@example.net', parameters: [] }],
    }
    expect(await side.begin(next, waiting)).toMatchObject({
      kind: 'failed',
      failure: { id: 'approval.nowhere', code: 'configuration' },
    })
    expect(relay.asked).toEqual([])
  })

  it('a session ends the sign-in deadline for a client that is let in without a password, and warns once', async () => {
    expect(await side.authorize('me@example.com')).toMatchObject({ submitter: { userName: 'hall-printer' } })
    expect([deadlinesEnded, proofs]).toEqual([1, 0])
    await side.authorize('hall@example.com')
    expect(log.lines).toEqual([
      {
        level: 'warn',
        fields: {
          event: 'sign-in.admitted',
          source: '192.0.2.7',
          session: '3fa2-1c',
          login: 'hall-printer',
          mailboxes: ['me@example.com'],
        },
        message: 'admitted without a password',
      },
    ])
    expect(relay.asked).toEqual([])
  })

  it('a session lets the deadline run for a client that is not let in', async () => {
    const event = await side.authorize('boss@example.com')
    expect(event).toMatchObject({ kind: 'failed', at: 'admission', failure: { code: 'sender-refused' } })
    expect(deadlinesEnded).toBe(0)
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { sender: 'boss@example.com', reason: 'sender-refused' } },
    ])
  })

  it('a session says whether the client or its provider was the trouble', async () => {
    const signIn = (password: string) =>
      side.signIn({
        do: 'sign-in',
        credentials: { kind: 'password', userName: 'me@example.com', password: new Secret(password) },
      })
    expect(await signIn('wrong')).toMatchObject({ kind: 'failed', at: 'sign-in' })
    expect(proofs).toBe(0)
    relay.answers.push({ fails: 'limit-reached' })
    expect(await signIn('right')).toMatchObject({ kind: 'failed', at: 'proof' })
    expect(proofs).toBe(1)
    expect(await signIn('right')).toMatchObject({ kind: 'signed-in' })
  })

  it('a session writes down both senders where one replaced the other', async () => {
    await side.authorize('me@example.com')
    await side.begin(
      {
        do: 'begin',
        mailbox: keyed('me@example.com'),
        mail: { sender: 'me@example.com', parameters: [] },
        givenSender: 'root@\nlocalhost',
        recipients: [{ recipient: 'a@example.net', parameters: [] }],
      },
      waiting,
    )
    await side.giveUp()
    expect(log.lines.at(-1)).toMatchObject({
      fields: { sender: 'me@example.com', givenSender: 'root@?localhost' },
      message: 'transaction given up',
    })
  })

  it('a session asks for each message whether the login is still valid, before it asks the provider', async () => {
    const message = {
      do: 'begin',
      mailbox: keyed('me@example.com'),
      mail: { sender: 'me@example.com', parameters: [] },
      recipients: [{ recipient: 'a@example.net', parameters: [] }],
    } as const
    const credentials = {
      kind: 'password',
      userName: 'me@example.com',
      password: new Secret('right'),
    } as const
    await side.signIn({ do: 'sign-in', credentials })
    expect(await side.begin(message, waiting)).toMatchObject({ kind: 'recipients-answered' })
    await side.giveUp()
    const asked = [...relay.asked]
    ended.add('me@example.com')
    const refusal = { kind: 'failed', at: 'transaction', failure: { code: 'wrong-credentials' } }
    expect(await side.begin(message, waiting)).toMatchObject(refusal)
    expect(relay.asked).toEqual(asked)
    expect(log.lines.at(-1)).toMatchObject({
      message: 'message not sent',
      fields: { login: 'me@example.com' },
    })
  })

  it('a session asks once more before the message leaves, and gives the transaction up', async () => {
    const credentials = {
      kind: 'password',
      userName: 'me@example.com',
      password: new Secret('right'),
    } as const
    await side.signIn({ do: 'sign-in', credentials })
    await side.begin(
      {
        do: 'begin',
        mailbox: keyed('me@example.com'),
        mail: { sender: 'me@example.com', parameters: [] },
        recipients: [{ recipient: 'a@example.net', parameters: [] }],
      },
      waiting,
    )
    relay.asked.length = 0
    ended.add('me@example.com')
    const outcome = await side.send(readNothing())
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'wrong-credentials' } })
    expect(relay.asked).toEqual(['RESET'])
  })
})

async function* readNothing(): AsyncGenerator<Buffer> {
  yield Promise.reject(new Error('nobody reads the message'))
}
