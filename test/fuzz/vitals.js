import { setTimeout as pause } from 'node:timers/promises'

/**
 * @typedef {{ descriptors: number, memory: number }} Vitals memory in MB
 * @typedef {{ broker: { vitals(): Vitals } }} Watched
 */

/** Idle connections to a provider end after a second. @param {Watched} stage @param {number} [enough] descriptors @returns {Promise<Vitals>} */
export async function settledVitals(stage, enough = 0) {
  let last = stage.broker.vitals()
  for (let attempt = 0; attempt < 40; attempt++) {
    await pause(250)
    const now = stage.broker.vitals()
    const steady = attempt > 6 && now.descriptors === last.descriptors
    last = now
    if (now.descriptors <= enough || (enough === 0 && steady)) break
  }
  return last
}

// The size of a process that has grown up goes up and down by as much; a leak of a kilobyte in each of 100,000 sessions is beyond this.
const descriptorsToSpare = 3
const memoryToSpare = 96

/** Compares with the base, once what is only kept for a while has ended. @param {Vitals} base @param {Watched} stage */
export async function expectVitalsBack(base, stage) {
  const end = await settledVitals(stage, base.descriptors + descriptorsToSpare)
  const problems = []
  if (end.descriptors > base.descriptors + descriptorsToSpare)
    problems.push(`${end.descriptors} descriptors are open at the end, ${base.descriptors} were at the start`)
  if (end.memory > base.memory + memoryToSpare)
    problems.push(`${end.memory} MB are resident at the end, ${base.memory} MB were at the start`)
  return {
    problems,
    vitals: [
      `descriptors ${base.descriptors} -> ${end.descriptors}`,
      `resident memory ${base.memory} -> ${end.memory} MB`,
    ],
  }
}
