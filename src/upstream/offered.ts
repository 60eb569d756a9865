import type { Capabilities } from '../wire/capabilities.ts'
import type { Offered } from './relay.ts'

/** What postern can pass on. No figure for SIZE: that is the providers'. */
const implemented: Offered = {
  eightBitMime: true,
  smtpUtf8: true,
  dsn: true,
  enhancedStatusCodes: true,
}

/** What every provider in use can do, and the smallest of their sizes (RFC 1870: 0 is a size without a figure). */
export function intersect(offers: readonly Pick<Capabilities, keyof Offered>[]): Offered {
  if (offers.length === 0) return implemented
  const every = (name: Exclude<keyof Offered, 'size'>) => offers.every((offer) => offer[name])
  const sizes = offers.flatMap(({ size }) => (size === undefined ? [] : [size]))
  const figures = sizes.filter((size) => size > 0)
  return {
    eightBitMime: every('eightBitMime'),
    smtpUtf8: every('smtpUtf8'),
    dsn: every('dsn'),
    enhancedStatusCodes: every('enhancedStatusCodes'),
    // One that offers no SIZE has a limit that nobody knows, and would refuse the parameter.
    ...(sizes.length < offers.length ? {} : { size: figures.length === 0 ? 0 : Math.min(...figures) }),
  }
}
