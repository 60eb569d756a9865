import { execFile } from 'node:child_process'
import type { Log } from '../base/log.ts'

/*
 * What systemd is told of this process (sd_notify(3)). Its socket takes datagrams, and Node.js can
 * send none to a UNIX socket: systemd's own program `systemd-notify` does, which is there where
 * systemd is. So the unit needs NotifyAccess=all: what is told comes from a child of this process.
 */
export interface ServiceManager {
  ready(status: string): void
  reloading(): void
  stopping(status: string): void
  /**
   * From now on tells in time for WatchdogSec= that this process works, as long as its timers fire
   * and `look` comes to an end, whatever it finds: a restart mends what hangs, and no full disk.
   */
  watch(look: () => Promise<unknown>): void
  /** Resolves when all that was told has arrived. */
  close(): Promise<void>
}

interface ServiceManagerDeps {
  environment: Readonly<Record<string, string | undefined>>
  pid: number
  log: Log
}

/** systemd answers at once; whoever else stands behind the socket may never do. */
const longestMilliseconds = 10_000

/** Where it is not systemd that has started this process, nothing is told. */
export function createServiceManager({ environment, pid, log }: ServiceManagerDeps): ServiceManager {
  const { NOTIFY_SOCKET: socket = '', PATH = '/usr/local/bin:/usr/bin:/bin' } = environment
  let told: Promise<void> = Promise.resolve()
  let hasFailed = false
  let watching: NodeJS.Timeout | undefined

  function tell(...assignments: string[]): void {
    if (socket !== '') told = told.then(() => send(assignments))
  }

  function send(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const options = { env: { PATH, NOTIFY_SOCKET: socket }, timeout: longestMilliseconds }
      execFile('systemd-notify', assignments, options, (error) => {
        if (error) complain(error)
        resolve()
      })
    })
  }

  function complain(error: Error & { code?: unknown }): void {
    if (hasFailed) return
    hasFailed = true
    const fix =
      error.code === 'ENOENT'
        ? 'Install the program systemd-notify (Debian: package systemd), or set Type=exec without WatchdogSec= in the unit.'
        : 'Set NotifyAccess=all in the unit, and look at the journal of systemd.'
    log.warn({ event: 'service.not-told', err: error, fix }, 'systemd cannot be told how postern is')
  }

  /** Half the time that systemd waits, as sd_watchdog_enabled(3) advises; undefined: it does not. */
  function watchdogMilliseconds(): number | undefined {
    const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: watched = String(pid) } = environment
    if (socket === '' || watched !== String(pid) || !/^[1-9]\d{3,14}$/.test(microseconds)) return undefined
    return Number(microseconds) / 2000
  }

  return {
    ready: (status) => tell('READY=1', `STATUS=${status}`),

    // By the same clock as CLOCK_MONOTONIC: systemd compares it with when it has asked for the reload.
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),

    stopping(status) {
      // Until the end it works: a stop that hangs is what TimeoutStopSec= is for.
      tell('STOPPING=1', `STATUS=${status}`)
    },

    watch(look) {
      const half = watchdogMilliseconds()
      if (half === undefined) return
      let isLooking = false
      let isSilent = false
      const round = async () => {
        if (isLooking) {
          if (!isSilent)
            log.error(
              { event: 'service.watchdog-silent', milliseconds: Math.round(half) },
              'The store does not answer: systemd is not told that postern works, and will restart it',
            )
          isSilent = true
          return
        }
        isLooking = true
        await look().catch(() => {})
        isLooking = false
        isSilent = false
        tell('WATCHDOG=1')
      }
      void round()
      watching = setInterval(() => void round(), half)
      watching.unref()
    },

    close() {
      clearInterval(watching)
      return told
    },
  }
}
