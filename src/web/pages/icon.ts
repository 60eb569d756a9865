/** The site's icon: a small gate in a wall. Without one, browsers ask for /favicon.ico and log an error. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path fill="#7a5c3e" d="M3 29V8h5v3h4V8h8v3h4V8h5v21h-8v-7a5 5 0 0 0-10 0v7z"/>
</svg>
`
