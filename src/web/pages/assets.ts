import type { Router } from 'express'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { gate } from './parts.ts'
import { stylesheet } from './stylesheet.ts'

/** The stylesheet, the script and the icon, at every host name. */
export function createAssets(): Router {
  const router = exactRouter()
  for (const [path, type, text] of [
    ['/style.css', 'css', stylesheet],
    ['/pages.js', 'js', script],
    ['/icon.svg', 'svg', icon],
  ] as const) {
    router
      .route(path)
      .get((_request, response) => {
        response.type(type).send(text)
      })
      .all(methodNotAllowed('GET', 'HEAD'))
  }
  return router
}

/**
 * The script. Every page works without it: it adds copy buttons, shows times in the reader's own
 * zone, and reloads live parts every few seconds while the page is visible. Text rather than a file,
 * so that the built program needs no other files.
 */
const script = `const main = document.querySelector('main')
const language = document.documentElement.lang

const [copy, copied] = (main.dataset.copyWords ?? '').split('|')
function addCopyButtons(place) {
  for (const source of place.querySelectorAll('[data-copy]')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'quiet copy'
    button.textContent = copy
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = copied
      setTimeout(() => { button.textContent = copy }, 2000)
    })
    source.after(button)
  }
}

const two = (number) => String(number).padStart(2, '0')
const dayOf = (date) => [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
const spans = [['year', 31557600], ['month', 2629800], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]]
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000)
  const [unit, length] = spans.find(([, length]) => Math.abs(seconds) >= length) ?? spans.at(-1)
  return relative.format(Math.trunc(seconds / length), unit)
}

function showTimes(place) {
  for (const time of place.querySelectorAll('time[datetime]')) {
    const date = new Date(time.dateTime)
    if (Number.isNaN(date.getTime())) continue
    if (time.dateTime.length > 10) {
      time.title = date.toLocaleString(language, { dateStyle: 'full', timeStyle: 'long' })
      time.textContent = dayOf(date) + ' ' + two(date.getHours()) + ':' + two(date.getMinutes())
    }
    else time.textContent = time.dateTime
    if (!('ago' in time.dataset)) continue
    const words = document.createElement('span')
    words.className = 'ago'
    words.textContent = ' (' + ago(date).replace(/ /g, '\\u00a0') + ')'
    time.append(words)
  }
}

const served = new Map()
for (const part of document.querySelectorAll('[data-live]')) served.set(part.id, part.innerHTML)

async function look() {
  if (document.hidden) return
  const answer = await fetch(location.href, { headers: { Accept: 'text/html', 'X-Live': 'yes' } })
  // Signed out meanwhile: the page says so.
  if (answer.status === 401) return location.reload()
  if (!answer.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(part.id)
    if (!now || now.innerHTML === served.get(part.id) || part.contains(document.activeElement)) continue
    served.set(part.id, now.innerHTML)
    showTimes(now)
    addCopyButtons(now)
    part.replaceWith(now)
  }
}

addCopyButtons(document)
showTimes(document)
setInterval(() => { if (!document.hidden) showTimes(document) }, 30000)
if (served.size > 0) setInterval(() => look().catch(() => {}), 3000)
`

/** The site's icon. Without one, browsers request /favicon.ico and log an error. */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path fill="#7a5c3e" d="${gate}"/>
</svg>
`
