/**
 * What a browser does, as far as a consent needs it: cookies for each host, redirects, forms, and pages that send the reader on by
 * `<meta http-equiv="refresh">`. For walking through a consent without a person.
 *
 * @typedef {object} Page
 * @property {URL} url
 * @property {number} status
 * @property {string} body
 *
 * @param {{ onAnswer?: (answer: Page & { headers: Headers }) => void }} [options]
 */
export function createBrowser({ onAnswer = () => {} } = {}) {
  /** Cookies know hosts and paths, but no ports (RFC 6265, section 8.5).
   * @type {Map<string, { host: string, path: string, pair: string }>} */
  const cookies = new Map()

  /** @param {URL} url */
  function cookieHeader(url) {
    const fitting = [...cookies.values()].filter(
      ({ host, path }) => host === url.hostname && isWithin(url.pathname, path),
    )
    return fitting.map(({ pair }) => pair).join('; ')
  }

  /** @param {URL} url @param {Headers} headers */
  function keepCookies(url, headers) {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const attribute = /** @param {string} name */ (name) =>
        attributes.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
      const path = attribute('path') ?? '/'
      const key = `${url.hostname} ${path} ${pair.split('=')[0]}`
      const expired =
        Number(attribute('max-age') ?? 1) <= 0 || Date.parse(attribute('expires') ?? '') < Date.now()
      if (expired) cookies.delete(key)
      else cookies.set(key, { host: url.hostname, path, pair })
    }
  }

  /** @param {URL} url @param {URLSearchParams} [form] @param {string} [origin] @param {number} [hops] @returns {Promise<Page>} */
  async function go(url, form, origin, hops = 0) {
    if (hops > 15) throw new Error(`Sent from page to page without end, at ${url.origin}${url.pathname}`)
    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: { cookie: cookieHeader(url), ...(origin ? { origin } : {}) },
      ...(form ? { body: form } : {}),
    })
    keepCookies(url, response.headers)
    const page = { url, status: response.status, body: await response.text(), headers: response.headers }
    onAnswer(page)
    const onward = response.headers.get('location') ?? (response.ok ? refreshTarget(page.body) : undefined)
    return onward ? go(new URL(onward, url), undefined, undefined, hops + 1) : page
  }

  return {
    /** @param {string | URL} url */
    open: (url) => go(new URL(url)),
    /** Sends a page's first form, its hidden fields included.
     * @param {Page} page @param {Record<string, string>} [fields] */
    submit(page, fields = {}) {
      const { action, hidden } = firstForm(page)
      return go(new URL(action, page.url), new URLSearchParams({ ...hidden, ...fields }), page.url.origin)
    },
    /** Values of one host's cookies, for tests that look for leaks. @param {string} wanted */
    cookieValues: (wanted) =>
      [...cookies.values()]
        .filter(({ host }) => host === wanted)
        .map(({ pair }) => pair.slice(pair.indexOf('=') + 1)),
  }
}

/** @param {Page} page */
function firstForm(page) {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(page.body)
  if (!form) throw new Error(`${page.url.origin}${page.url.pathname} answered ${page.status} without a form`)
  /** @type {Record<string, string>} */
  const hidden = {}
  for (const [input] of (form[2] ?? '').matchAll(/<input\b[^>]*>/gi)) {
    const name = attributeOf(input, 'name')
    if (name && attributeOf(input, 'type') === 'hidden') hidden[name] = attributeOf(input, 'value') ?? ''
  }
  return { action: attributeOf(form[1] ?? '', 'action') ?? page.url.href, hidden }
}

/** @param {string} body */
function refreshTarget(body) {
  const meta = /<meta\b[^>]*http-equiv="?refresh"?[^>]*>/i.exec(body)?.[0] ?? ''
  return /;\s*url=(.*)$/i.exec(attributeOf(meta, 'content') ?? '')?.[1]
}

/** @param {string} tag @param {string} name */
function attributeOf(tag, name) {
  const value = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1]
  return value?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, named) => {
    if (decimal || hex) return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16))
    return { amp: '&', quot: '"', lt: '<', gt: '>', apos: "'" }[String(named)] ?? whole
  })
}

/** RFC 6265, section 5.1.4. @param {string} path @param {string} cookiePath */
function isWithin(path, cookiePath) {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
