import { Failure } from '../../src/base/failure.ts'
import type { Address } from '../../src/model/address.ts'
import type { ScriptedAnswer } from '../providers/token-endpoint.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { startBroker } from './fixture.ts'

export const refusal: ScriptedAnswer = { status: 401, json: { error: 'invalid_client' } }

/** What every mailbox hears then. */
export const refused =
  "local refuses postern's registration, so there is no access token for any of its mailboxes"

/** For so many seconds nobody is served: for hours where each second costs little. */
export const outages = onPostgres ? [600] : [1800, 7200]

/** A broker for fifty mailboxes of one registration. */
export async function startCrowd() {
  const house = await startBroker()
  const crowd = await house.addMailboxes(50)

  /** The token that a mailbox gets, or the failure. */
  function ask(mailbox: Address): Promise<string | Failure> {
    return house.broker.accessTokenFor(mailbox).then(
      ({ secret }) => secret.reveal(),
      (error: unknown) => {
        if (error instanceof Failure) return error
        throw error
      },
    )
  }

  return {
    ...house,
    crowd,
    ask,
    askAll: () => Promise.all(crowd.map(ask)),
    requests: () => house.endpoint.requests.length,
    /** The first mailbox of the crowd is refused: all wait. */
    async refuseFirst(): Promise<void> {
      house.endpoint.answer(refusal)
      await ask(crowd[0] ?? 'nobody@example.com')
    },
    /** An answer that waits until it is let through. */
    gated(answer: ScriptedAnswer): () => void {
      let release = () => {}
      const after = new Promise<void>((resolve) => {
        release = resolve
      })
      house.endpoint.answer({ ...answer, after })
      return () => release()
    },
  }
}
