import { type Address, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createConnectionCap } from './connection-cap.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import type { GovernedProvider, Governor, Pause } from './governor.ts'
import { createOpenings } from './openings.ts'
import { createPace } from './pace.ts'
import { openPassage } from './passage.ts'
import { createRefusals } from './refusals.ts'

export interface MailboxGovernorNeeds {
  mailbox: Address
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
  const refusals = createRefusals({ mailbox: needs.mailbox, limits, clock, log })
  const openings = createOpenings(clock, cap)

  return {
    connections: cap.allowed,
    // Those who were let in before the provider complained wait as well.
    delay: () => Math.max(pace.delay(), mailbox.remaining(), needs.registration().remaining()),
    departed: pace.departed,
    admit(sender, login, source) {
      const breakers = { mailbox, registration: needs.registration() }
      const origin = { sender, login, ...(source !== undefined && { source }) }
      return openPassage({ breakers, refusals, daily, cap }, origin)
    },
    openings,
    reset() {
      mailbox.close()
      refusals.reset()
      openings.reset()
      cap.reset()
    },
    state() {
      const { connections: limit, messagesPerMinute, recipientsPerDay } = limits()
      const tripped = [needs.registration().state(), mailbox.state(), ...refusals.states()]
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
function shown({ about, sender, login, source, since, until, reason, fix }: Pause): Pause {
  return {
    about,
    since,
    until,
    reason: `${printable(reason, 298)}.`,
    ...(sender !== undefined && { sender }),
    ...(login !== undefined && { login }),
    ...(source !== undefined && { source }),
    ...(fix !== undefined && { fix }),
  }
}
