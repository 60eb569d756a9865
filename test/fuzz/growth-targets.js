import { mailTargets } from './growth-mail-targets.js'
import { movingTargets } from './growth-moving-targets.js'
import { pageTargets } from './growth-page-targets.js'
import { providerTargets } from './growth-provider-targets.js'
import { settingTargets } from './growth-setting-targets.js'

/**
 * Whatever reads what somebody else wrote. `longest`: how much of it is let through, in characters.
 *
 * @typedef {object} GrowthTarget
 * @property {string} name
 * @property {number} longest
 * @property {readonly string[]} [words] of its grammar
 * @property {readonly string[]} [openings] without which it would not read on
 * @property {(text: string) => any} [prepare] what is not the parser's own work, and not measured
 * @property {(input: any) => unknown} read may throw, and may be asynchronous
 */

/** @type {readonly GrowthTarget[]} */
export const growthTargets = [
  ...mailTargets,
  ...providerTargets,
  ...pageTargets,
  ...settingTargets,
  ...movingTargets,
]
