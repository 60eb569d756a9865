import { Failure } from '../base/failure.ts'
import type { Lease } from './lease.ts'

/** Those who wait for a connection: first come, first served; and those who only want to know that there is one. */
export interface WaitingLine {
  /** Takes a place. `busy` tells, when the wait has been too long, whether others had the connections. */
  lease(busy: () => boolean): Promise<Lease>
  /** Waits until any connection is there. */
  proof(): Promise<void>
  /** Whether somebody waits for a lease. */
  next(): boolean
  /** Gives it to the first in the line. */
  serve(lease: Lease): void
  proven(): void
  refuseAll(failure: Failure): void
  /** How many connections it would take to serve everybody at once. */
  wanted(): number
}

interface Waiting<T> {
  resolve(value: T): void
  reject(failure: Failure): void
  timer?: NodeJS.Timeout
}

export function createWaitingLine(leaseWaitSeconds: number): WaitingLine {
  const leases: Waiting<Lease>[] = []
  const proofs: Waiting<void>[] = []

  function giveUp(waiting: Waiting<Lease>, busy: boolean): void {
    leases.splice(leases.indexOf(waiting), 1)
    waiting.reject(busy ? allBusy(leaseWaitSeconds) : tooSlow(leaseWaitSeconds))
  }

  return {
    lease(busy) {
      return new Promise((resolve, reject) => {
        const waiting: Waiting<Lease> = { resolve, reject }
        waiting.timer = setTimeout(() => giveUp(waiting, busy()), leaseWaitSeconds * 1000).unref()
        leases.push(waiting)
      })
    },
    proof() {
      return new Promise((resolve, reject) => proofs.push({ resolve, reject }))
    },
    next: () => leases.length > 0,
    serve(lease) {
      const first = leases.shift()
      clearTimeout(first?.timer)
      first?.resolve(lease)
    },
    proven() {
      for (const { resolve } of proofs.splice(0)) resolve()
    },
    refuseAll(failure) {
      for (const { reject } of proofs.splice(0)) reject(failure)
      for (const { reject, timer } of leases.splice(0)) {
        clearTimeout(timer)
        reject(failure)
      }
    },
    wanted: () => Math.max(leases.length, proofs.length > 0 ? 1 : 0),
  }
}

function allBusy(seconds: number): Failure {
  return new Failure(
    'limit-reached',
    `All connections that the provider allows were in use for ${seconds} seconds`,
    { fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.' },
  )
}

function tooSlow(seconds: number): Failure {
  return new Failure('provider-unavailable', `The provider gave no connection within ${seconds} seconds`, {
    fix: 'Try again later.',
  })
}
