import { limitSettings } from '../../src/config/limit-settings.ts'
import type { Limits } from '../../src/model/limits.ts'

/** The limits of a postern that nobody configured. */
export const defaultLimits = Object.fromEntries(
  Object.entries(limitSettings).map(([name, setting]) => [name, Number(setting.default)]),
) as unknown as Limits
