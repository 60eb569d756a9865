import { type Address, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Account } from './account.ts'
import type { Breaker } from './breaker.ts'
import type { GovernedProvider, Governor, Pause } from './governor.ts'
import type { Looks } from './looks.ts'
import { createOpenings } from './openings.ts'
import { openPassage } from './passage.ts'
import { createRefusals } from './refusals.ts'

export interface MailboxGovernorNeeds {
  mailbox: Address
  provider(): GovernedProvider
  /** Of everybody that the same name signs in for. */
  account: Account
  /** Of every mailbox of this registration. */
  registration(): Breaker
  /** Of every mailbox of this provider. */
  looks?: () => Looks
  clock: Clock
  log: Log
}

export function createMailboxGovernor(needs: MailboxGovernorNeeds): Governor {
  const { clock, log } = needs
  const { cap, pace, breaker: mailbox, daily } = needs.account
  const limits = () => needs.provider().limits
  const refusals = createRefusals({ mailbox: needs.mailbox, limits, clock, log })
  // Its own: whether the provider takes its grant says nothing of the others'.
  const openings = createOpenings(clock, cap, needs.looks)

  return {
    connections: cap.allowed,
    // Those who were let in before the provider complained wait as well.
    delay: (ahead) => Math.max(pace.delay(ahead), mailbox.remaining(), needs.registration().remaining()),
    departed: pace.departed,
    admit(sender, login, source) {
      const breakers = { mailbox, registration: needs.registration() }
      return openPassage({ breakers, refusals, daily, cap }, { sender, login, source })
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
function shown({ about, sender, login, source, since, until, reason, said, fix }: Pause): Pause {
  return {
    about,
    since,
    until,
    reason: `${printable(reason, 298)}.`,
    ...(sender !== undefined && { sender }),
    ...(login !== undefined && { login }),
    ...(source !== undefined && { source }),
    ...(said !== undefined && { said }),
    ...(fix !== undefined && { fix }),
  }
}
