import type { Answers } from '../../api/answers.ts'
import { Failure, failure, filled } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { type KeyedHash, Secret } from '../../base/secret.ts'
import type { Principal } from '../../credentials/scopes.ts'
import type { SentKeyStore } from '../../store/ports.ts'
import { HttpRefusal } from '../http-errors.ts'

interface Asked {
  principal: Principal
  /** The header, if there is one. */
  key: string | string[] | undefined
  /** Reads the request to its end. */
  restOfFingerprint(): Promise<string>
}

/**
 * Sends, and no second time for an Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header): a repeat gets the answer to the first. Where nothing
 * was sent, a repeat tries again.
 * @param send calls `leaving` when everything is checked, right before the message leaves
 * @param fingerprint of the whole request; called when it was read to its end
 */
export type SendOnce = (
  asked: Asked,
  send: (leaving: () => Promise<void>) => Promise<Sent>,
  fingerprint: () => string,
) => Promise<Sent>

interface Sent {
  status?: number
  body: Answers['HandedInMessage']
  headers?: Readonly<Record<string, string>>
}

interface SendOnceDeps {
  sentKeys: SentKeyStore
  keyedHash: KeyedHash
  log: Log
}

/** For each API key. */
const mostKeys = 20_000

export function createSendOnce({ sentKeys, keyedHash, log }: SendOnceDeps): SendOnce {
  /** In this process. */
  const underWay = new Set<string>()

  return async function sendOnce(asked, send, fingerprint) {
    if (asked.key === undefined) return send(async () => {})
    const owner = asked.principal.apiKey ?? 'owner'
    const id = keyedHash('idempotency-key', `${owner}\n${keyIn(asked.key)}`)
    const refuseUnderWay = () => {
      if (underWay.has(id)) throw new HttpRefusal(409, filled('sending.key-under-way'))
    }
    refuseUnderWay()
    const before = await sentKeys.find(id)
    refuseUnderWay()
    // One without an answer may have got it since it was read.
    if (before) return answered(before.answer ? before : ((await sentKeys.find(id)) ?? before))
    refuseUnderWay()
    underWay.add(id)
    try {
      return await first()
    } finally {
      underWay.delete(id)
    }

    async function answered({
      fingerprint: known,
      answer,
    }: {
      fingerprint?: string | undefined
      answer?: Secret | undefined
    }) {
      if (answer === undefined) throw new HttpRefusal(409, filled('sending.key-unknown-outcome'))
      if (printOf(await asked.restOfFingerprint()) !== known)
        throw new HttpRefusal(422, filled('sending.key-of-other-message'))
      const body = JSON.parse(answer.reveal()) as Sent['body']
      return { ...handedIn(body), headers: { 'Idempotency-Replayed': 'true' } }
    }

    async function first() {
      let isKept = false
      try {
        const answer = await send(async () => {
          const claimed = await sentKeys.claim(id, owner, mostKeys)
          if (claimed === 'full') throw failure('sending.keys-used-up', { most: mostKeys })
          // Another process that uses the same database was quicker.
          if (claimed === 'taken') throw new HttpRefusal(409, filled('sending.key-under-way'))
          isKept = true
        })
        // The message has left: whatever the store says, that is the answer.
        await sentKeys
          .finish(id, printOf(fingerprint()), new Secret(JSON.stringify(answer.body)))
          .catch((error: unknown) =>
            log.warn(
              { event: 'message.answer-not-kept', err: error },
              'the answer to a message with an Idempotency-Key was not kept',
            ),
          )
        return answer
      } catch (error) {
        if (isKept && wasNotSent(error)) await sentKeys.release(id).catch(() => {})
        throw error
      }
    }

    function printOf(digest: string): string {
      return keyedHash('idempotency-request', `${id}\n${digest}`)
    }
  }
}

/** 202 for what waits for a person. */
export function handedIn(body: Sent['body']): Sent {
  return 'state' in body ? { status: 202, body } : { body }
}

/** Else it may have been. */
function wasNotSent(error: unknown): boolean {
  return error instanceof Failure && error.code !== 'outcome-unknown' && error.code !== 'internal'
}

/** A string of RFC 9651, section 3.3.3, as the draft has it; or bare, as most programs send it. */
function keyIn(header: string | string[]): string {
  const text = String(header).trim()
  const [, quoted] = /^"((?:[ !#-[\]-~]|\\["\\]){1,255})"$/.exec(text) ?? []
  const key = quoted?.replace(/\\(.)/g, '$1') ?? (/^[!#-~]{1,255}$/.test(text) ? text : undefined)
  if (key === undefined) throw failure('sending.key-form')
  return key
}
