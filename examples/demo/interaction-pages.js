import { escapeHtml, page } from './html.js'

/**
 * @typedef {Awaited<ReturnType<import('oidc-provider').Provider['interactionDetails']>>} Details
 */

/**
 * The login and consent pages of the demo's authorization server, as middleware for oidc-provider. Anybody may sign in, with any
 * password: the name is the mail address, and it becomes the account.
 * @param {import('oidc-provider').Provider} provider
 * @param {Record<string, string>} scopeTexts what each scope means, in words
 * @returns {(ctx: import('oidc-provider').KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>}
 */
export function interactionPages(provider, scopeTexts) {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next()
    const details = await provider.interactionDetails(ctx.req, ctx.res)
    if (ctx.method !== 'POST') {
      show(ctx, details.prompt.name === 'login' ? loginPage(details) : consentPage(details, scopeTexts))
      return
    }
    const form = await readForm(ctx.req)
    const result = form.has('abort') ? refusal : await answer(provider, details, form)
    if (!result) return show(ctx, loginPage(details, 'Please give a mail address, such as me@example.com.'))
    // The answer to a prompt is kept while the next one is asked.
    const onward = await provider.interactionResult(ctx.req, ctx.res, result, {
      mergeWithLastSubmission: true,
    })
    ctx.redirect(onward)
    ctx.status = 303
  }
}

const refusal = { error: 'access_denied', error_description: 'The person said no' }

/** @param {import('oidc-provider').KoaContextWithOIDC} ctx @param {string} html */
function show(ctx, html) {
  ctx.type = 'html'
  ctx.set('cache-control', 'no-store')
  ctx.body = html
}

/** The result of a prompt, or undefined when the form cannot be used.
 * @param {import('oidc-provider').Provider} provider
 * @param {Details} details
 * @param {URLSearchParams} form */
async function answer(provider, details, form) {
  if (details.prompt.name === 'consent') return { consent: { grantId: await grant(provider, details) } }
  const name = (form.get('login') ?? '').trim()
  return /^[^\s@]+@[^\s@]+$/.test(name) ? { login: { accountId: name } } : undefined
}

/** @param {import('oidc-provider').Provider} provider @param {Details} details */
async function grant(provider, details) {
  const existing = details.grantId ? await provider.Grant.find(details.grantId) : undefined
  const accountId = details.session?.accountId
  const given = existing ?? new provider.Grant({ accountId, clientId: String(details.params.client_id) })
  const missing = details.prompt.details.missingOIDCScope
  if (Array.isArray(missing)) given.addOIDCScope(missing.join(' '))
  return given.save()
}

/** @param {Details} details @param {string} [wrong] */
function loginPage(details, wrong) {
  const hint = String(details.params.login_hint ?? '')
  return page(
    'Sign in to Example Mail',
    `${wrong ? `<p class="wrong">${escapeHtml(wrong)}</p>` : ''}
<form method="post" action="/interaction/${escapeHtml(details.uid)}">
<label>Mail address <input name="login" autofocus required value="${escapeHtml(hint)}"></label>
<label>Password (any will do) <input name="password" type="password"></label>
<button type="submit">Sign in</button>
</form>`,
  )
}

/** @param {Details} details @param {Record<string, string>} scopeTexts */
function consentPage(details, scopeTexts) {
  const scopes = String(details.params.scope ?? '').split(' ')
  const items = scopes.map((scope) => `<li>${escapeHtml(scopeTexts[scope] ?? scope)}</li>`).join('\n')
  return page(
    'May postern use your mailbox?',
    `<p>You are signed in as <b>${escapeHtml(details.session?.accountId ?? '')}</b>. postern asks to:</p>
<ul>${items}</ul>
<form method="post" action="/interaction/${escapeHtml(details.uid)}">
<button type="submit">Allow</button>
<button type="submit" name="abort" value="yes" formnovalidate>Refuse</button>
</form>`,
  )
}

/** @param {import('node:http').IncomingMessage} request */
async function readForm(request) {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > 16_384) throw new Error('The form is too long')
  }
  return new URLSearchParams(text)
}
