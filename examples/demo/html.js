/**
 * A small page without script, web font or anything else from elsewhere.
 * @param {string} title plain text
 * @param {string} body HTML
 */
export function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body>
</html>
`
}

/** @param {string} text */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; background: #f4f3ef; color: #222; margin: 0 }
main { max-width: 38rem; margin: 3rem auto; background: #fff; padding: 1.5rem 2rem; border: 1px solid #ddd; border-radius: 8px }
h1 { font-size: 1.3rem; margin-top: 0 }
label { display: block; margin: .8rem 0 } input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem }
button { font: inherit; padding: .4rem 1.2rem; margin-right: .5rem }
pre { background: #f4f3ef; padding: .8rem; overflow-x: auto } .wrong { color: #a00 } .note { color: #666 }
`
