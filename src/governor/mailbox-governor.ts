import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createConnectionCap } from './connection-cap.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { GovernedProvider, Governor, Pause } from './governor.ts'
import { createOpenings } from './openings.ts'
import { createPace } from './pace.ts'
import { openPassage } from './passage.ts'
import { createSenderRefusals } from './sender-refusals.ts'

export interface MailboxGovernorNeeds {
  provider(): GovernedProvider
  daily: DailyRecipients
  /** Of every mailbox of this registration. */
  registration(): Breaker
  clock: Clock
  log: Log
}

export function createMailboxGovernor(needs: MailboxGovernorNeeds): Governor {
  const { daily, clock, log } = needs
  const limits = () => needs.provider().limits
  const cap = createConnectionCap(clock, () => limits().connections)
  const pace = createPace(clock, () => limits().messagesPerMinute)
  const mailbox = createBreaker(clock, log)
  const senders = createSenderRefusals(clock, log)
  const openings = createOpenings(clock, cap)

  return {
    connections: cap.allowed,
    // Those who were let in before the provider complained wait as well.
    delay: () => Math.max(pace.delay(), mailbox.remaining(), needs.registration().remaining()),
    departed: pace.departed,
    admit(sender, login) {
      const breakers = { mailbox, registration: needs.registration() }
      return openPassage({ breakers, senders, daily, cap }, { sender, login })
    },
    openings,
    reset() {
      mailbox.close()
      senders.reset()
      openings.reset()
      cap.reset()
    },
    state() {
      const { connections: limit, messagesPerMinute, recipientsPerDay } = limits()
      const tripped = [needs.registration().state(), mailbox.state(), ...senders.states()]
      const recipientsRoomAt = daily.roomAt()
      const pauses = [...tripped, openings.pause()].filter((one) => one !== undefined)
      return {
        connections: { allowed: cap.allowed(), limit },
        messagesLastMinute: pace.lastMinute(),
        ...(messagesPerMinute !== undefined && { messagesPerMinute }),
        recipientsLastDay: daily.total(),
        ...(recipientsPerDay !== undefined && { recipientsPerDay }),
        ...(recipientsRoomAt !== undefined && { recipientsRoomAt }),
        pauses: pauses.map(shown),
      }
    },
  }
}

/** A sentence, and not a long one: addresses and host names of others are in it. */
function shown({ about, sender, since, until, reason, fix }: Pause): Pause {
  const pause = { about, since, until, reason: `${printable(reason, 298)}.` }
  return { ...pause, ...(sender !== undefined && { sender }), ...(fix !== undefined && { fix }) }
}
