import type { Html } from '../html.ts'
import { html } from '../html.ts'

/** @param when ISO 8601, or milliseconds since 1970 */
export function time(when: string | number): Html {
  const iso = typeof when === 'number' ? new Date(when).toISOString() : when
  return html`<time datetime="${iso}">${iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC')}</time>`
}

/** Milliseconds as seconds, to the hundredth. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2)
}
