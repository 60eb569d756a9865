import type { Clock } from '../base/clock.ts'
import { asFailure, Failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { Circuit } from './circuit.ts'
import type { Lease } from './lease.ts'
import type { SignedIn } from './open-signed-in.ts'
import { quit } from './quit.ts'
import { createWaitingLine } from './waiting-line.ts'

/** The connections of one mailbox: a few, kept warm between transactions, given out in the order of asking. */
export interface Pool {
  /** Resolves when a signed-in connection is there, opened now if need be: once however many ask. */
  prove(): Promise<void>
  /** @throws Failure `limit-reached` after the lease wait, or why none could be opened */
  lease(): Promise<Lease>
  /** What is open now ends after its transaction; a later lease opens anew, even if the last attempt failed. */
  drain(): void
  /** Ends everything; resolves when nothing is open. Whoever waits is refused; a transaction under way has two seconds. */
  close(): Promise<void>
  /** Whether nothing is open and nobody waits. */
  empty(): boolean
}

export interface PoolDependencies {
  open(signal: AbortSignal): Promise<SignedIn>
  /** The provider's caps, asked anew each time. */
  caps(): { connections: number; messagesPerConnection?: number }
  circuit: Circuit
  limits: Pick<Limits, 'leaseWaitSeconds' | 'upstreamIdleSeconds'>
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

interface Member extends SignedIn {
  messages: number
  warm: boolean
  /** Drained: it serves no other transaction. */
  last: boolean
  idleTimer?: NodeJS.Timeout
}

/** A second connection that could not be had is not asked for again for so long: the first one still serves. */
const pauseSeconds = 5

/** What a transaction under way is given at the end, in seconds. */
const leasedSeconds = 2

export function createPool(dependencies: PoolDependencies): Pool {
  const { circuit, limits, clock, log } = dependencies
  const idle: Member[] = []
  const leased = new Set<Member>()
  const leaving = new Set<Member>()
  const openings = new Set<AbortController>()
  const line = createWaitingLine(limits.leaseWaitSeconds)
  const closers: (() => void)[] = []
  let closed = false
  let pausedUntil = 0

  const total = () => idle.length + leased.size + leaving.size + openings.size
  /** Those that the next in the line can hope for. */
  const serving = () => idle.length + [...leased].filter(({ last }) => !last).length

  /** Whatever happened: serves those who wait as far as it goes, and opens as many connections as they need. */
  function pump(): void {
    while (idle.length > 0 && line.next()) hand()
    if (serving() > 0) line.proven()
    const failure = circuit.failure()
    // While one connection serves, nobody is turned away because a second one cannot be had.
    if (failure && serving() + openings.size === 0) line.refuseAll(failure)
    while (openings.size < line.wanted() && total() < dependencies.caps().connections && mayOpen()) open()
    if (total() === 0) for (const done of closers.splice(0)) done()
  }

  function mayOpen(): boolean {
    if (closed || circuit.failure()) return false
    return serving() + openings.size === 0 || clock.monotonic() >= pausedUntil
  }

  function open(): void {
    const controller = new AbortController()
    openings.add(controller)
    const opened = (signedIn: SignedIn) => {
      // Opening yet another one for those who wait would go on for ever, at the speed of the network.
      if (!signedIn.connection.alive) return failed(closedAtOnce())
      openings.delete(controller)
      admit({ ...signedIn, messages: 0, warm: false, last: false }, controller.signal.aborted)
    }
    const failed = (error: unknown) => {
      openings.delete(controller)
      if (!controller.signal.aborted) openFailed(asFailure(error))
      pump()
    }
    dependencies.open(controller.signal).then(opened, failed)
  }

  function openFailed(failure: Failure): void {
    log.warn({ code: failure.code, cause: reasonOf(failure.cause) }, failure.message)
    if (failure.code === 'provider-setup') circuit.open(failure)
    pausedUntil = clock.monotonic() + pauseSeconds * 1000
    if (serving() + openings.size === 0) line.refuseAll(failure)
  }

  function admit(member: Member, unwanted: boolean): void {
    member.connection.onLost(() => forget(member))
    if (unwanted) retire(member)
    else rest(member)
  }

  /** Idle from now on, unless somebody waits. */
  function rest(member: Member): void {
    const { messagesPerConnection = Number.POSITIVE_INFINITY } = dependencies.caps()
    const spent = closed || member.last || member.messages >= messagesPerConnection
    if (!member.connection.alive) forget(member)
    else if (spent) retire(member)
    else keep(member)
  }

  function keep(member: Member): void {
    idle.push(member)
    member.idleTimer = setTimeout(() => retire(member), limits.upstreamIdleSeconds * 1000).unref()
    pump()
    if (idle.includes(member)) member.warm = true
  }

  function retire(member: Member): void {
    remove(member)
    leaving.add(member)
    void quit(member.connection).then(() => forget(member))
  }

  function forget(member: Member): void {
    member.connection.destroy()
    remove(member)
    pump()
  }

  function remove(member: Member): void {
    clearTimeout(member.idleTimer)
    const place = idle.indexOf(member)
    if (place !== -1) idle.splice(place, 1)
    leased.delete(member)
    leaving.delete(member)
  }

  /** The connection that rested last goes out first, so that those beyond the need grow old and end. */
  function hand(): void {
    const member = idle.at(-1)
    if (!member) return
    remove(member)
    leased.add(member)
    line.serve(leaseOf(member))
  }

  function leaseOf(member: Member): Lease {
    const { connection, capabilities, warm } = member
    let ended = false
    return {
      connection,
      capabilities,
      warm,
      giveBack(messages) {
        if (ended) return
        ended = true
        leased.delete(member)
        member.messages += messages
        member.warm = true
        rest(member)
      },
      discard() {
        if (ended) return
        ended = true
        forget(member)
      },
    }
  }

  function drain(): void {
    circuit.reset()
    pausedUntil = 0
    for (const controller of openings) controller.abort()
    for (const member of leased) member.last = true
    for (const member of [...idle]) retire(member)
  }

  function refuseIfClosed(): void {
    if (closed) throw stopping()
  }

  return {
    async prove() {
      refuseIfClosed()
      const proof = line.proof()
      pump()
      await proof
    },
    async lease() {
      refuseIfClosed()
      const lease = line.lease(() => leased.size > 0)
      pump()
      return lease
    },
    drain,
    async close() {
      closed = true
      line.refuseAll(stopping())
      drain()
      if (total() === 0) return
      // The doors are closed by now: whatever a provider has yet to say, nobody is left to hear it.
      const patience = setTimeout(() => [...leased].forEach(forget), leasedSeconds * 1000)
      await new Promise<void>((done) => closers.push(done))
      clearTimeout(patience)
    },
    empty: () => total() === 0 && line.wanted() === 0,
  }
}

function closedAtOnce(): Failure {
  return new Failure('provider-unavailable', 'The provider closed the connection right after the sign-in', {
    fix: 'Try again later.',
  })
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined
}
