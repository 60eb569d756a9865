import { addressKey, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Breaker, Tripped, Trouble } from './breaker.ts'
import { createStrikes, type Probes } from './strikes.ts'

/**
 * What the provider refuses again and again. Exchange Online throttles a whole mailbox after continuous errors, at thresholds that it does
 * not publish, and old devices repeat a refused message for ever: so whoever repeats it waits here before.
 *
 * A sender address that the provider refuses, it refuses from everybody. What else is refused is the doing of one program: another login
 * that sends as the same address goes on.
 */
export interface SenderRefusals {
  /** The breakers in the way of one login's messages from one sender. */
  breakersOf(origin: Origin): Breaker[]
  /** The provider refused the sender address itself. */
  senderRefused(origin: Origin, status: string, probes: Probes): void
  /** A whole transaction ended in a permanent refusal of another kind. */
  refused(origin: Origin, status: string, probes: Probes): void
  /** A message was accepted. */
  accepted(origin: Origin): void
  states(): Tripped[]
  reset(): void
}

/** Whose transaction it is. */
export interface Origin {
  sender: string
  login: string
}

const mostSenderRefusals = 3
const mostRefusals = 10

export function createSenderRefusals(clock: Clock, log: Log): SenderRefusals {
  const senders = createStrikes(mostSenderRefusals, clock, log)
  const programs = createStrikes(mostRefusals, clock, log)

  return {
    breakersOf(origin) {
      const { sender, program } = keysOf(origin)
      return [senders.breakerOf(sender), programs.breakerOf(program)].filter((one) => one !== undefined)
    },

    senderRefused(origin, status, probes) {
      const trouble: Trouble = {
        about: 'sender',
        sender: origin.sender,
        seconds: 600,
        code: 'provider-setup',
        reason: `The provider does not let this mailbox send as ${shown(origin.sender)} (${status}), again and again`,
        fix: 'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider allow this sender.',
      }
      senders.refused(keysOf(origin).sender, trouble, probes)
    },

    refused(origin, status, probes) {
      const trouble: Trouble = {
        about: 'sender',
        sender: origin.sender,
        seconds: 300,
        code: 'limit-reached',
        reason: `The provider has refused everything that one program sent as ${shown(origin.sender)} for a while (${status} the last time), and punishes who repeats that`,
        fix: 'Find out what is refused, and stop the program that repeats it.',
      }
      programs.refused(keysOf(origin).program, trouble, probes)
    },

    accepted(origin) {
      const { sender, program } = keysOf(origin)
      senders.accepted(sender)
      programs.accepted(program)
    },

    states: () => [...senders.states(), ...programs.states()],
    reset() {
      senders.reset()
      programs.reset()
    },
  }
}

function keysOf({ sender, login }: Origin): { sender: string; program: string } {
  const key = addressKey(sender)
  return { sender: key, program: `${key}\n${login}` }
}

function shown(sender: string): string {
  return sender === '' ? 'the empty sender' : printable(sender)
}
