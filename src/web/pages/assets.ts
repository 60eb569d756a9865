import type { Router } from 'express'
import { exactRouter, methodNotAllowed } from '../routing.ts'

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

/** The stylesheet. Text rather than a file, so that the built program needs no other files. */
const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f6f5f2;
  --card: #ffffff;
  --ink: #23262b;
  --soft: #5d636d;
  --line: #dcd9d2;
  --accent: #1f5f8b;
  --on-accent: #ffffff;
  --good: #1d6b3f;
  --bad: #a32a1c;
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16181c;
    --card: #1f2228;
    --ink: #e6e7e9;
    --soft: #a2a8b2;
    --line: #363b44;
    --accent: #7db8e0;
    --on-accent: #10202c;
    --good: #7fcf9d;
    --bad: #f09a8c;
  }
}

*, *::before, *::after { box-sizing: border-box; }

body {
  margin: 0 auto;
  max-width: 46rem;
  padding: 1rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}

header, footer {
  display: flex;
  flex-wrap: wrap;
  gap: .5rem 1rem;
  align-items: center;
  justify-content: space-between;
  color: var(--soft);
}

header { padding: .5rem 0 1rem; }
footer { padding: 1.5rem 0 .5rem; font-size: .875rem; }

h1 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; line-height: 1.3; }
p { margin: 0 0 .75rem; max-width: 60ch; }
a { color: var(--accent); text-underline-offset: .15em; }
.home { color: inherit; font-weight: 650; text-decoration: none; }

section, .card {
  margin: 0 0 1rem;
  padding: 1rem 1.1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .6rem;
}

section > :last-child, .card > :last-child { margin-bottom: 0; }

ul.cards { margin: 0; padding: 0; list-style: none; }
ul.cards h2 { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; justify-content: space-between; }

dl { margin: 0 0 .75rem; }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0 0 .6rem; }

@media (min-width: 36rem) {
  body { padding: 1.5rem; }
  dl { display: grid; grid-template-columns: 11rem 1fr; gap: .35rem 1rem; }
  dt { font-size: 1rem; }
  dd { margin: 0; }
}

code, pre { font: .9em/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
pre { margin: 0 0 .75rem; padding: .7rem .85rem; border-radius: .4rem; background: var(--ground); white-space: pre-wrap; }

.state { color: var(--soft); font-size: .9rem; font-weight: 600; }
.state.active { color: var(--good); }
.state.lapsed { color: var(--bad); }
.mistake { border-left: .3rem solid var(--bad); }
.done { border-left: .3rem solid var(--good); }
.soft { color: var(--soft); }

form { margin: 0 0 .75rem; }

label { display: block; margin: 0 0 .75rem; }
label.choice { display: flex; gap: .6rem; align-items: baseline; margin: 0 0 .4rem; }
fieldset { margin: 0 0 .75rem; padding: .6rem .85rem; border: 1px solid var(--line); border-radius: .4rem; }
legend { padding: 0 .3rem; color: var(--soft); }
details { margin: 0 0 .75rem; }
summary { padding: .5rem 0; cursor: pointer; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
ul.cards h3 { margin: 0 0 .5rem; font-size: 1.1rem; line-height: 1.3; }
ol.entries { margin: 0 0 1rem; padding: 0; list-style: none; }
ol.entries li { padding: .6rem 0; border-top: 1px solid var(--line); }
ol.entries p { margin: 0; max-width: none; font-size: .9375rem; }
figure { margin: 0 0 1rem; }
figcaption { margin: 0 0 .35rem; font-size: .9375rem; }
svg { display: block; width: 100%; height: auto; margin: 0 0 .25rem; border-bottom: 1px solid var(--line); }
rect.sent, rect.waited { fill: var(--accent); }
rect.waited { opacity: .6; }
rect.refused { fill: var(--bad); }
@media (min-width: 36rem) {
  form.filters { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; align-items: end; }
}
button.copy { min-height: 0; margin: 0 0 .75rem .5rem; padding: .2rem .6rem; font-size: .875rem; }
input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea {
  display: block;
  width: 100%;
  min-height: 2.75rem;
  padding: .5rem .7rem;
  border: 1px solid var(--soft);
  border-radius: .4rem;
  background: var(--ground);
  color: var(--ink);
  font: inherit;
}

button, .button {
  display: inline-block;
  min-height: 2.75rem;
  padding: .6rem 1.1rem;
  border: 1px solid var(--accent);
  border-radius: .4rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}

button.quiet { background: transparent; color: var(--accent); }
footer form { margin: 0; }
footer button { min-height: 0; padding: .25rem .7rem; font-size: .875rem; }
:focus-visible { outline: .2rem solid var(--accent); outline-offset: .15rem; }
`

/**
 * The script. Every page works without it: it adds copy buttons, and reloads live parts every few
 * seconds while the page is visible. Text rather than a file, so that the built program needs no
 * other files.
 */
const script = `const main = document.querySelector('main')

const [copy, copied] = (main.dataset.copyWords ?? '').split('|')
for (const source of document.querySelectorAll('[data-copy]')) {
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

async function look() {
  if (document.hidden) return
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } })
  // Signed out meanwhile: the page says so.
  if (answer.status === 401) return location.reload()
  if (!answer.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(part.id)
    if (now && now.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceWith(now)
  }
}

if (document.querySelector('[data-live]')) setInterval(() => look().catch(() => {}), 3000)
`

/**
 * The site's icon: a small gate in a wall. Without one, browsers request /favicon.ico and log an
 * error.
 */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path fill="#7a5c3e" d="M3 29V8h5v3h4V8h8v3h4V8h5v21h-8v-7a5 5 0 0 0-10 0v7z"/>
</svg>
`
