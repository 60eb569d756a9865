import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const summer = '2026-07-01T22:05:09.123Z'

describe('a time in the zone of the process', () => {
  const { TZ } = process.env
  beforeEach(() => vi.resetModules())
  afterEach(() => {
    process.env.TZ = TZ
  })

  async function inZone(zone: string) {
    process.env.TZ = zone
    return await import('../../src/base/local-time.ts')
  }

  it.each([
    ['UTC', '2026-07-01T22:05:09Z', '2026-07-01 22:05 UTC'],
    ['Asia/Tokyo', '2026-07-02T07:05:09+09:00', '2026-07-02 07:05 GMT+9'],
    ['America/St_Johns', '2026-07-01T19:35:09-02:30', '2026-07-01 19:35 GMT-2:30'],
  ])('in %s the command prints %s, and a page %s', async (zone, stamp, shown) => {
    const { localTime, localTimestamp } = await inZone(zone)
    expect(localTimestamp(summer)).toBe(stamp)
    expect(localTimestamp(Date.parse(summer))).toBe(stamp)
    expect(localTime(Date.parse(summer))).toBe(shown)
    expect(localTimestamp('never')).toBe('never')
  })
})
