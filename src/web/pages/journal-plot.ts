import type { Activity, ActivityBar } from '../../journal/journal.ts'
import { type Html, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import type { PageContext } from './page-context.ts'
import { duration, time } from './parts.ts'
import { table } from './tables.ts'

/** Messages of the last day by the hour, with their numbers for who cannot see or point at a bar; and of the week in words. */
export function activityPlot({ day, week }: { day: Activity; week: Activity }, context: PageContext): Html {
  const { t } = context
  const sums = sumOf(day)
  const words = t`${sums.sent} sent, ${sums.refused} refused or failed`
  return html`<figure class="plot">
<figcaption><strong>${t`Last 24 hours`}</strong> ${words}${sums.sent > 0 && html`; ${t`${duration(sums.waited / sums.sent, t)} to send one, on average`}`}. <span class="soft">${weekWords(week, t)}</span></figcaption>
${sums.sent + sums.refused > 0 && bars(day, words, context)}
</figure>`
}

function sumOf({ bars: all }: Activity) {
  const sum = (count: (bar: ActivityBar) => number) => all.reduce((total, bar) => total + count(bar), 0)
  return {
    sent: sum((bar) => bar.sent),
    refused: sum((bar) => bar.refused),
    waited: sum(({ sent, milliseconds = 0 }) => sent * milliseconds),
  }
}

function weekWords(week: Activity, t: Phrases): Html {
  const { sent, refused } = sumOf(week)
  return t`Last 7 days: ${sent} sent, ${refused} refused or failed`
}

const [width, height] = [240, 60]
const marks = [24, 18, 12, 6]

function bars({ bars: all, hours }: Activity, words: Html, { t, pages }: PageContext): Html {
  const activityOf = ({ since }: ActivityBar) => {
    const until = new Date(since + hours * 3_600_000 - 1)
    return `${pages.path('journal')}?since=${new Date(since).toISOString()}&until=${until.toISOString()}`
  }
  const highest = Math.max(1, ...all.map(({ sent, refused }) => sent + refused))
  const step = width / all.length
  const rects = all.flatMap(({ sent, refused }, index) => {
    const [low, high] = [share(sent, highest), share(refused, highest)]
    return [
      bar('sent', index * step, step, height - low, low),
      bar('refused', index * step, step, height - low - high, high),
    ]
  })
  const numbers = table({
    caption: t`Messages by the hour`,
    rows: all.filter(({ sent, refused }) => sent + refused > 0).reverse(),
    columns: [
      {
        title: t`Hour from`,
        place: 'main',
        cell: (one) => html`<a href="${activityOf(one)}">${time(one.since)}</a>`,
      },
      { title: t`Sent`, isNumber: true, cell: ({ sent }) => sent },
      { title: t`Refused or failed`, isNumber: true, cell: ({ refused }) => refused },
      {
        title: t`to send one, on average`,
        isNumber: true,
        cell: ({ milliseconds }) => milliseconds !== undefined && duration(milliseconds, t),
      },
    ],
  })
  return html`<p class="legend"><span class="sent">${t`Sent`}</span> <span class="refused">${t`Refused or failed`}</span></p>
<div class="bars"><span class="scale"><span>${highest}</span><span>0</span></span>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${words}">${rects}</svg>
<div class="hours" aria-hidden="true">${all.map((one) => (one.sent + one.refused === 0 ? html`<span></span>` : html`<a href="${activityOf(one)}" tabindex="-1"></a>`))}</div></div>
<p class="marks">${marks.map((ago) => html`<span>${t`${ago} h ago`}</span>`)}<span>${t`now`}</span></p>
<details><summary>${hours === 1 ? t`Numbers by the hour` : t`Numbers`}</summary>
${numbers}</details>`
}

function bar(kind: string, left: number, wide: number, from: number, high: number): Html | undefined {
  if (high === 0) return undefined
  return html`<rect class="${kind}" x="${(left + wide * 0.1).toFixed(1)}" y="${from.toFixed(1)}" width="${(wide * 0.8).toFixed(1)}" height="${high.toFixed(1)}"/>`
}

/** A value above zero is always visible. */
function share(value: number, most: number): number {
  return value === 0 ? 0 : Math.max(2, (value / most) * height)
}
