import type { Limits } from '../../src/config/config.ts'
import { limitSettings } from '../../src/config/limit-settings.ts'

/** The limits of a postern that nobody configured. */
export const defaultLimits = Object.fromEntries(
  Object.entries(limitSettings).map(([name, setting]) => [name, Number(setting.default)]),
) as unknown as Limits
