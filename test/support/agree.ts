import type { Page } from 'playwright-core'

/** At the pages of the embedded authorization server: signs in, agrees, and is back at postern. */
export async function agreeAs(page: Page, login: string, posternUrl: string): Promise<void> {
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', 'anything')
  await page.click('main form button')
  await page.click('text=Allow')
  await page.waitForURL(`${posternUrl}/**`)
}
