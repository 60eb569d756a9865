import { createHmac } from 'node:crypto'
import { type KeyedHash, Secret } from '../../src/base/secret.ts'
import { createApiKeys } from '../../src/credentials/api-keys.ts'
import { createLogins } from '../../src/credentials/create-logins.ts'
import { createCredentialIndex } from '../../src/credentials/credential-index.ts'
import type { LoginRequest } from '../../src/credentials/logins.ts'
import { createSignIns } from '../../src/credentials/sign-ins.ts'
import type { Scrypt } from '../../src/credentials/verifiers.ts'
import type { Submitter } from '../../src/mailboxes/sender-policy.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import { followStore } from '../../src/store/followed-store.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { createRecordingThrottle } from '../support/recording-throttle.ts'

export const here = '127.0.0.1'
export const chosen = new Secret('mauve kettle orbits')
export const ownerKey = new Secret('owner-key-owner-key-owner-key-owner-key-own')

const keyedHash: KeyedHash = (purpose, value) =>
  createHmac('sha256', purpose).update(value).digest('base64url')

export type SignInStage = Awaited<ReturnType<typeof setSignInStage>>

/** Logins, API keys and who may sign in, over a store in memory with the mailboxes Me@example.com and shop@example.com. */
export async function setSignInStage() {
  const plain = createMemoryStore()
  let failsAfterwards = false
  const { revoke } = plain.apiKeys
  plain.apiKeys.revoke = async (...given) => {
    const revoked = await revoke(...given)
    if (failsAfterwards) throw failureAs('store-unavailable', 'The disk under the database fails')
    return revoked
  }
  const uses: Promise<void>[] = []
  for (const port of [plain.logins, plain.apiKeys]) {
    const { used } = port
    port.used = (...given: [string, number, string]) => {
      const use = used(...given)
      uses.push(use)
      return use
    }
  }
  const { store, follow } = followStore(plain)
  const [clock, log] = [createManualClock(), createRecordingLog()]
  const throttle = createRecordingThrottle()
  const scrypts: number[] = []
  /** Stands in for the real one, which chosen-password.test.ts runs: only how often and how costly matters here. */
  const scrypt: Scrypt = async (password, salt, { cost }) => {
    scrypts.push(cost)
    return createHmac('sha256', salt).update(password).digest()
  }
  const index = createCredentialIndex({ store, clock, log })
  follow({ signInsChanged: () => index.refresh() })
  const needs = { store, keyedHash, clock, log, scryptCost: 1024, scrypt }
  const logins = createLogins(needs)
  const apiKeys = createApiKeys({ ...needs, ownerKey, remembered: (id) => index.apiKey(id) })
  const signIns = createSignIns({ ...needs, apiKeys, index, throttle: throttle.throttle })
  for (const address of ['Me@example.com', 'shop@example.com'] as const) {
    await store.mailboxes.add({ address, providerId: 'custom', createdAt: clock.now() })
  }

  return {
    store,
    clock,
    log,
    throttle,
    /** The cost of each scrypt that was run. */
    scrypts,
    index,
    logins,
    apiKeys,
    signIns,
    /** Nobody who signs in waits for that. */
    async usesAreNoted() {
      await Promise.allSettled(uses)
      await new Promise((resolve) => setImmediate(resolve))
    },
    /** Runs a revocation of an API key that is written, and not acknowledged. */
    async commitsAndFails(work: () => Promise<void>) {
      failsAfterwards = true
      await work().catch(() => {})
    },
    /** A login whose password was generated. */
    async generated(request: Partial<LoginRequest> = {}) {
      const { login, password } = await logins.add(complete(request))
      if (!password) throw new Error('no password was generated')
      return { ...login, secret: password }
    },
    /** A login with the password `chosen`. */
    async withChosen(request: Partial<LoginRequest> = {}) {
      const { login } = await logins.add(complete({ password: chosen, ...request }))
      scrypts.length = 0
      return { ...login, secret: chosen }
    },
    /** Before a message from this sender. */
    confirm: async (
      submitter: Submitter,
      sender: Address | '' = 'me@example.com',
      from = here,
      mailbox: Address = sender === '' ? 'me@example.com' : sender,
    ) => signIns.revalidate(submitter, { mailbox: keyed(mailbox), sender }, from),
    check: (userName: string, password: Secret, from = here) =>
      signIns.check({ kind: 'password', userName, password }, from),
    /** Signs in by CRAM-MD5 as a client does that knows this password as these octets. */
    cramMd5(userName: string, password: Secret, { from = here, encoding = 'utf8' }: CramMd5Client = {}) {
      const challenge = '<1896.697170952@postern.test>'
      const key = Buffer.from(password.reveal(), encoding)
      const digest = createHmac('md5', key).update(challenge).digest('hex')
      return signIns.check({ kind: 'cram-md5', userName, challenge, digest }, from)
    },
  }
}

/** CRAM-MD5 wants networks to be named: all of them, where a test is not about that. */
function complete(request: Partial<LoginRequest>): LoginRequest {
  const networks = request.cramMd5 ? { networks: ['0.0.0.0/0', '::/0'] } : {}
  return { mailboxes: ['me@example.com'], ...networks, ...request }
}

interface CramMd5Client {
  from?: string
  encoding?: BufferEncoding
}

/** What a promise rejects with. */
export async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  )
}
