import { asFailure, type FailureCode } from '../base/failure.ts'
import type { Address } from '../model/address.ts'
import type { Store } from './ports.ts'

/** A component that remembers something of the store and has to be notified when that changes. */
export interface Follower {
  /** A mailbox, or its grant, is not what it was, or may not be. Never throws. */
  mailboxChanged?(mailbox: Address): void
  /**
   * Which mailboxes there are, or at which providers, is not what it was, or may not be. Waited
   * for; never rejects.
   */
  mailboxesChanged?(): Promise<void>
  /**
   * Which logins and API keys there are, or what they may do, is not what it was, or may not be.
   * Waited for; never rejects.
   */
  signInsChanged?(): Promise<void>
  /**
   * The registrations are not what they were, or may not be. Waited for; never rejects.
   */
  registrationsChanged?(): Promise<void>
}

export interface FollowedStore {
  store: Store
  follow(follower: Follower): void
  /** Tells the followers of a change that was not made through this store. */
  announce(change: Change): Promise<void>
}

/** Which of the remembered things a call changes. */
export interface Change {
  mailbox?: Address
  mailboxes?: true
  signIns?: true
  registrations?: true
}

/** The call, or the whole port, changes nothing that is remembered anywhere else. */
const unremembered = 'unremembered'

type Announced<Port> = {
  [Method in keyof Port]:
    | typeof unremembered
    | (Port[Method] extends (...given: infer Given) => unknown ? (...given: Given) => Change : never)
}

type Ports = Omit<Store, 'heldMessages' | 'holdsMessages' | 'check' | 'close'>

/**
 * Of every method that there is: a new one does not compile before somebody has decided here what
 * it changes.
 */
const changes: { [Name in keyof Ports]: typeof unremembered | Announced<Ports[Name]> } = {
  mailboxes: {
    // Its domain may have covered the address until now, and API keys had it of that.
    add: ({ address }) => ({ mailbox: address, mailboxes: true, signIns: true }),
    put: ({ address }) => ({ mailbox: address, mailboxes: true, signIns: true }),
    // Logins and API keys that had no other mailbox go with it.
    remove: (address) => ({ mailbox: address, mailboxes: true, signIns: true }),
    // Noted by the relay itself, in the middle of its own work.
    noteAccepted: unremembered,
    find: unremembered,
    covering: unremembered,
    list: unremembered,
    listWithGrants: unremembered,
    addresses: unremembered,
    providers: unremembered,
  },
  grants: {
    adopt: ({ mailbox }) => ({ mailbox }),
    // Both only by the broker that holds the tokens, and in the middle of its own work.
    renewed: unremembered,
    lapse: unremembered,
    ofMailbox: unremembered,
    standing: unremembered,
    list: unremembered,
    lapsedOrEnding: unremembered,
    unusedSince: unremembered,
    endingBy: unremembered,
    refused: unremembered,
  },
  registrations: {
    add: () => ({ registrations: true }),
    put: () => ({ registrations: true }),
    remove: () => ({ registrations: true }),
    list: unremembered,
  },
  logins: {
    add: () => ({ signIns: true }),
    revoke: () => ({ signIns: true }),
    allow: () => ({ signIns: true }),
    mend: () => ({ signIns: true }),
    limit: () => ({ signIns: true }),
    findByUserName: unremembered,
    find: unremembered,
    list: unremembered,
    anyActive: unremembered,
    part: unremembered,
    used: unremembered,
    sources: unremembered,
    knows: unremembered,
  },
  apiKeys: {
    add: () => ({ signIns: true }),
    revoke: () => ({ signIns: true }),
    limit: () => ({ signIns: true }),
    find: unremembered,
    list: unremembered,
    used: unremembered,
  },
  consentLinks: unremembered,
  pendingConsents: unremembered,
  recipientCounts: unremembered,
  notices: unremembered,
  pageAccess: unremembered,
  serverCapabilities: unremembered,
  journal: unremembered,
  sentKeys: unremembered,
}

/**
 * A store that notifies its followers of each change before the change is acknowledged. No caller
 * has to do that, and nothing that fails afterwards (a second change, a list for the log, the
 * provider) leaves stale values in memory.
 */
export function followStore(plain: Store): FollowedStore {
  const followers: Follower[] = []

  async function notify({ mailbox, mailboxes, signIns, registrations }: Change): Promise<void> {
    if (mailbox !== undefined) for (const follower of followers) follower.mailboxChanged?.(mailbox)
    if (mailboxes) await Promise.all(followers.map((follower) => follower.mailboxesChanged?.()))
    if (registrations) await Promise.all(followers.map((follower) => follower.registrationsChanged?.()))
    if (signIns) await Promise.all(followers.map((follower) => follower.signInsChanged?.()))
  }

  function announced<Given extends unknown[], Answer>(
    call: (...given: Given) => Promise<Answer>,
    changeOf: (...given: Given) => Change,
  ) {
    return async (...given: Given): Promise<Answer> => {
      let certainlyNothing = false
      try {
        return await call(...given)
      } catch (error) {
        certainlyNothing = refusals.includes(asFailure(error).code)
        throw error
      } finally {
        if (!certainlyNothing) await notify(changeOf(...given))
      }
    }
  }

  function followedPort<Port extends object>(port: Port, changesOf: Announced<Port>): Port {
    const methods = Object.entries(changesOf).flatMap(([name, changeOf]) => {
      const method = port[name as keyof Port]
      if (typeof method !== 'function' || typeof changeOf !== 'function') return []
      return [[name, announced(method.bind(port), changeOf as never)]]
    })
    return { ...port, ...Object.fromEntries(methods) }
  }

  const ports = Object.entries(changes).flatMap(([name, changesOf]) =>
    changesOf === unremembered ? [] : [[name, followedPort(plain[name as keyof Ports], changesOf as never)]],
  )
  return {
    store: { ...plain, ...Object.fromEntries(ports) },
    follow: (follower) => void followers.push(follower),
    announce: notify,
  }
}

/**
 * What the store decides before it changes anything. After any other failure it is unknown what was
 * written.
 */
const refusals: readonly FailureCode[] = ['already-exists', 'not-found', 'invalid']
