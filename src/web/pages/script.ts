/**
 * The one script: beside everything that is marked for it, a button that copies it. Nothing else needs a script. Text rather than a file, so that the built program
 * needs nothing beside itself.
 */
export const script = `for (const source of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'quiet copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(source.textContent)
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  })
  source.after(button)
}
`
