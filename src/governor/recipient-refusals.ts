import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RefusedRecipients } from '../providers/provider.ts'
import { type Breaker, createBreaker, type Tripped, type Trouble } from './breaker.ts'
import type { Probes } from './strikes.ts'

/**
 * Recipients that do not exist. A list of addresses always has some, and most providers mind none of them: so they count only where the
 * provider is known to punish them, and as a share of what the program sends.
 */
export interface RecipientRefusals {
  /** Of a program that was stopped for them lately. */
  breakerOf(program: string): Breaker | undefined
  answered(program: string, answers: RecipientAnswers, whose: Whose, probes: Probes): void
  states(): Tripped[]
  reset(): void
}

/** What a provider said to the recipients of one transaction. */
export interface RecipientAnswers {
  accepted: number
  /** Because there is no such recipient. */
  unknown: number
  /** Code and status of the last of those. */
  status: string
}

type Whose = Pick<Trouble, 'login' | 'source'>

interface Program {
  breaker: Breaker
  /** The latest recipients, at most as many as the share is of. */
  latest: { at: number; unknown: boolean }[]
}

const windowMilliseconds = 3_600_000
const waitSeconds = 300
const rememberedPrograms = 1000

export function createRecipientRefusals(
  punished: () => RefusedRecipients | undefined,
  clock: Clock,
  log: Log,
): RecipientRefusals {
  const programs = new LRUCache<string, Program>({ max: rememberedPrograms })

  function programOf(key: string): Program {
    const found = programs.get(key) ?? { breaker: createBreaker(clock, log), latest: [] }
    programs.set(key, found)
    return found
  }

  function note(program: Program, { accepted, unknown }: RecipientAnswers, most: number): void {
    const at = clock.monotonic()
    const recent = program.latest.filter((one) => at - one.at <= windowMilliseconds)
    // More of them than the share is of would push each other out.
    const all = [...times(accepted, most, false), ...times(unknown, most, true)].map((one) => ({
      at,
      ...one,
    }))
    program.latest = [...recent, ...all].slice(-most)
  }

  return {
    breakerOf: (key) => programs.get(key)?.breaker,
    answered(key, answers, whose, probes) {
      const share = punished()
      if (share === undefined || answers.accepted + answers.unknown === 0) return
      const program = programOf(key)
      const probe = probes.get(program.breaker)
      // What was before the wait says nothing any more about a program that writes to recipients again.
      if (probe && answers.accepted > 0) program.latest = []
      note(program, answers, share.of)
      const unknown = program.latest.filter((one) => one.unknown).length
      const trouble = () => troubleOf(whose, answers.status, unknown, program.latest.length)
      if (probe && answers.accepted === 0) probe.failed(trouble())
      else if (unknown >= share.refused) program.breaker.trip(trouble())
    },
    states: () => [...programs.values()].flatMap(({ breaker }) => breaker.state() ?? []),
    reset() {
      for (const { breaker } of programs.values()) breaker.close()
      programs.clear()
    },
  }
}

function times(count: number, most: number, unknown: boolean): { unknown: boolean }[] {
  return Array.from({ length: Math.min(count, most) }, () => ({ unknown }))
}

function troubleOf(whose: Whose, status: string, unknown: number, of: number): Trouble {
  return {
    about: 'program',
    ...whose,
    seconds: waitSeconds,
    code: 'limit-reached',
    reason: `Of the last ${of} recipients of this program the provider does not know ${unknown} (${status} the last time), and it punishes a mailbox that goes on so`,
    fix: 'Take the addresses that do not exist out of the list of the program.',
  }
}
