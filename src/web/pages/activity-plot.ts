import type { Activity, ActivityBar, ActivitySpan } from '../../journal/service.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { seconds } from './time.ts'

const width = 300
const height = 48
const gap = 2

const titles: Record<ActivitySpan, string> = { day: phrase('Last day'), week: phrase('Last week') }

/** Messages, refusals and waiting time over a span, as two small plots and in words. */
export function activityPlot({ span, bars }: Activity, t: Phrases): Html {
  const sum = (count: (bar: ActivityBar) => number) => bars.reduce((total, bar) => total + count(bar), 0)
  const sent = sum((bar) => bar.sent)
  const refused = sum((bar) => bar.refused)
  const waited = sum(({ sent: count, milliseconds = 0 }) => count * milliseconds)
  const words = t`${sent} sent, ${refused} refused or failed`
  const wait = sent === 0 ? t`no waiting time` : t`${seconds(waited / sent)} s to send one, on average`
  const caption = html`<figcaption><strong>${t.say(titles[span])}</strong> ${words}; ${wait}</figcaption>`
  if (sent + refused === 0) return html`<figure>${caption}</figure>`
  return html`<figure>
${caption}
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${words}">${messageBars(bars, t)}</svg>
<svg viewBox="0 0 ${width} ${height / 2}" role="img" aria-label="${wait}">${waitingBars(bars, t)}</svg>
</figure>`
}

/** Refusals stand on what was sent. */
function messageBars(bars: readonly ActivityBar[], t: Phrases): Html[] {
  const highest = Math.max(1, ...bars.map(({ sent, refused }) => sent + refused))
  return bars.flatMap(({ since, sent, refused }, index) => {
    const [low, high] = [share(sent, highest, height), share(refused, highest, height)]
    const words = t`${hourOf(since)}: ${sent} sent, ${refused} refused or failed`
    return [
      bar('sent', index, bars.length, { from: height - low, high: low }, words),
      bar('refused', index, bars.length, { from: height - low - high, high }, words),
    ].filter((one) => one !== undefined)
  })
}

function waitingBars(bars: readonly ActivityBar[], t: Phrases): Html[] {
  const longest = Math.max(1, ...bars.map(({ milliseconds = 0 }) => milliseconds))
  return bars.flatMap(({ since, milliseconds = 0 }, index) => {
    const high = share(milliseconds, longest, height / 2)
    const words = t`${hourOf(since)}: ${seconds(milliseconds)} s`
    return bar('waited', index, bars.length, { from: height / 2 - high, high }, words) ?? []
  })
}

function bar(
  kind: string,
  index: number,
  count: number,
  { from, high }: { from: number; high: number },
  words: Html,
): Html | undefined {
  if (high === 0) return undefined
  const step = width / count
  const [left, wide] = [(index * step).toFixed(1), (step - gap).toFixed(1)]
  return html`<rect class="${kind}" x="${left}" y="${from.toFixed(1)}" width="${wide}" height="${high.toFixed(1)}"><title>${words}</title></rect>`
}

/** Something is always seen of what is not nothing. */
function share(value: number, most: number, room: number): number {
  return value === 0 ? 0 : Math.max(2, (value / most) * room)
}

function hourOf(since: number): string {
  return `${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
