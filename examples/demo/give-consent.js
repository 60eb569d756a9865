import { createBrowser } from './browser.js'

/**
 * Walks through a consent as a person would: postern's page, sign-in and consent at the provider, and back.
 * @param {string} link a consent link of postern
 * @param {object} person
 * @param {string} person.login who signs in at the provider
 * @param {boolean} [person.refuse] says no at the consent page
 * @param {ReturnType<typeof createBrowser>} [browser]
 * @returns {Promise<import('./browser.js').Page>} the page at the end: postern's own word on the outcome
 */
export async function giveConsent(link, { login, refuse = false }, browser = createBrowser()) {
  const offer = await browser.open(link)
  if (offer.status !== 200) return offer
  let page = await browser.submit(offer)
  // A provider asks in one page or in two: sign-in may be remembered, consent may be given already.
  for (let step = 0; step < 3 && page.url.host !== offer.url.host; step++) {
    const asksForLogin = page.body.includes('name="login"')
    const answer = asksForLogin ? { login, password: 'any' } : refuse ? { abort: 'yes' } : {}
    page = await browser.submit(page, answer)
  }
  return page
}
