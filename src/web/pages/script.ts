/**
 * The one script. Nothing needs it: it puts a button beside what is to be copied, and loads pages that change by themselves again, every few seconds while somebody
 * looks. Text rather than a file, so that the built program needs nothing beside itself.
 */
export const script = `const main = document.querySelector('main')

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
