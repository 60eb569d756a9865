import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import type { Address } from '../model/address.ts'
import type { NoticeStore, SentNotice } from '../store/ports.ts'
import type { Channel, Condition, Conditions, Notice } from './notices.ts'

export interface NotifierDeps {
  /** Asked anew for each look. */
  readonly channels: readonly Channel[]
  conditions: readonly Conditions[]
  /** Of these alone, while the store does not answer: they must not wait for that. */
  urgent: Conditions
  /** Asked before each notice: whether no other process has begun to send them. Never throws. */
  mayTell?: () => Promise<boolean>
  notices: NoticeStore
  /** An unused one, for the notice of a missing consent. */
  createLink(mailbox: Address, requestedBy: string): Promise<{ url: string; expiresAt: string }>
  readonly reminderSeconds: number
  clock: Clock
  log: Log
}

/** Reports each condition until it is solved, and then is silent. */
export interface Notifier {
  /** Looks once at all conditions, and sends the notices that are due. Never throws. */
  look(): Promise<void>
}

/** Seconds until a channel that failed is tried again: the first wait, and the longest. */
const firstWait = 60
const longestWait = 3600

interface DeliveryFailures {
  failures: number
  /** By the monotonic clock. */
  until: number
  /**
   * The id of each delivery that failed: a receiver that took it and could not say so recognises
   * the next try.
   */
  ids: Map<string, string>
}

function nameOf({ key, channel }: Pick<SentNotice, 'key' | 'channel'>): string {
  return `${channel} ${key}`
}

export function createNotifier(deps: NotifierDeps): Notifier {
  const { notices, clock, log } = deps
  const failing = new Map<Channel['name'], DeliveryFailures>()
  /** Sent, and not noted: the store takes nothing. It is not sent each minute for that. */
  const unnoted = new Map<string, SentNotice>()

  async function look(): Promise<void> {
    const conditions = (await Promise.all(deps.conditions.map((ask) => ask()))).flat()
    const sent = withUnnoted(await notices.list())
    await forgetSolved(conditions, sent)
    for (const condition of conditions) await notifyWhereDue(condition, sent)
  }

  /** What was sent before is known of this process alone, and what is sent now is noted later. */
  async function lookAtUrgent(): Promise<void> {
    try {
      for (const condition of await deps.urgent()) await notifyWhereDue(condition, [...unnoted.values()])
    } catch (error) {
      log.debug({ cause: error }, 'What was sent could not be noted')
    }
  }

  async function forgetSolved(conditions: readonly Condition[], sent: readonly SentNotice[]): Promise<void> {
    const present = new Set(conditions.map(({ key }) => key))
    const solved = new Set(sent.map(({ key }) => key).filter((key) => !present.has(key)))
    for (const key of solved) {
      for (const [name, notice] of unnoted) if (notice.key === key) unnoted.delete(name)
      await notices.remove(key)
    }
  }

  function withUnnoted(sent: readonly SentNotice[]): readonly SentNotice[] {
    return [...sent.filter((notice) => !unnoted.has(nameOf(notice))), ...unnoted.values()]
  }

  async function note(sent: SentNotice): Promise<void> {
    unnoted.set(nameOf(sent), sent)
    await notices.put(sent)
    unnoted.delete(nameOf(sent))
  }

  async function notifyWhereDue(condition: Condition, sent: readonly SentNotice[]): Promise<void> {
    const due = deps.channels.flatMap((channel) => {
      const before = sent.find(({ key, channel: name }) => key === condition.key && name === channel.name)
      return isDue(condition, before) && isOpen(channel) ? [{ channel, before }] : []
    })
    if (due.length === 0) return
    if (deps.mayTell && !(await deps.mayTell())) return
    const isReminder = due.some(({ before }) => before?.stage === condition.stage)
    if (isReminder && condition.stillSo && !(await condition.stillSo())) return
    // One link for all channels of this round: the first person to open it uses it up.
    const notice = await withLink(condition)
    for (const { channel, before } of due) await notify(channel, notice, condition, before)
  }

  function isDue({ stage, repeats }: Condition, before: SentNotice | undefined): boolean {
    if (!before || before.stage !== stage) return true
    return repeats && clock.now() >= before.lastAt + deps.reminderSeconds * 1000
  }

  function isOpen({ name }: Channel): boolean {
    return clock.monotonic() >= (failing.get(name)?.until ?? 0)
  }

  async function withLink(condition: Condition): Promise<Notice> {
    const { stage: _stage, repeats: _repeats, stillSo: _stillSo, ...notice } = condition
    if (notice.kind !== 'consent-needed' || notice.mailbox === undefined) return notice
    try {
      const { url, expiresAt } = await deps.createLink(notice.mailbox, 'postern')
      return { ...notice, consentLink: { url: new Secret(url), expiresAt } }
    } catch (error) {
      // Its provider may have lost its registration: that is worth a notice all the same.
      const { message, fix } = asFailure(error)
      return {
        ...notice,
        text: `${notice.text} There is no link for that now: ${message}. ${fix ?? ''}`.trim(),
      }
    }
  }

  async function notify(
    channel: Channel,
    notice: Notice,
    { key, stage }: Condition,
    before: SentNotice | undefined,
  ): Promise<void> {
    const failed = failing.get(channel.name)
    const id = failed?.ids.get(key) ?? randomUUID()
    try {
      await channel.deliver(notice, id)
    } catch (error) {
      recordFailure(channel, key, id, failed)
      const { message, fix } = asFailure(error)
      log.warn(
        { event: 'notice.failed', channel: channel.name, notice: key, fix },
        `A notice was not delivered: ${message}`,
      )
      return
    }
    failing.delete(channel.name)
    log.info({ event: 'notice.sent', channel: channel.name, notice: key }, 'A notice was sent')
    const now = clock.now()
    await note({ key, channel: channel.name, firstAt: before?.firstAt ?? now, lastAt: now, stage })
  }

  function recordFailure(
    { name }: Channel,
    key: string,
    id: string,
    before: DeliveryFailures | undefined,
  ): void {
    const failures = (before?.failures ?? 0) + 1
    const seconds = Math.min(longestWait, firstWait * 2 ** (failures - 1))
    const ids = (before?.ids ?? new Map<string, string>()).set(key, id)
    failing.set(name, { failures, until: clock.monotonic() + seconds * 1000, ids })
  }

  return {
    async look() {
      try {
        await look()
      } catch (error) {
        const { message, code } = asFailure(error)
        log.warn({ event: 'notice.look-failed' }, `Notices cannot be looked at now: ${message}`)
        if (code === 'store-unavailable') await lookAtUrgent()
      }
    },
  }
}
