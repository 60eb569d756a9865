let zone: Intl.DateTimeFormat | undefined

/** A time in the zone of this process (`TZ`), to the minute, with the zone named: `2026-03-01 09:00 GMT+9`. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  zone ??= new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
  const name = zone.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
  return `${localDay(milliseconds)} ${two(date.getHours())}:${two(date.getMinutes())} ${name}`
}

/**
 * A time in the zone of this process (`TZ`), to the second, with the offset (RFC 3339):
 * `2026-03-01T09:00:00+09:00`.
 * @param when ISO 8601, or milliseconds since 1970; what is neither is returned as it is
 */
export function localTimestamp(when: string | number): string {
  const date = new Date(when)
  if (Number.isNaN(date.getTime())) return String(when)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${localDay(date.getTime())}T${clock}${offset(date)}`
}

/** The day in the zone of this process. */
function localDay(milliseconds: number): string {
  const date = new Date(milliseconds)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
