import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addMailbox, command, consentLink } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { clientId, objectId, tenant } from '../providers/entra-stand-in.ts'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { troubles } from '../support/inspect-page.ts'
import { peer } from '../support/peer.ts'

const address = 'billing@example.com'
const password = 'umbrella lantern mosaic vertigo'
const onlyAdd = 'Only add it'
const scan = { from: address, to: 'you@example.net', subject: 'A scan', text: 'Hello' }

describe.runIf(peer('chromium'))('every page and form, with Chromium', () => {
  let stage: Stage
  let browser: Browser
  let page: Page
  const wrong: string[] = []
  const scanner = { address, user: '', password: '' }

  beforeAll(async () => {
    stage = await setStage()
    browser = await startChromium()
    page = await open()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  async function open(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 960, height: 720 } })
    const opened = await context.newPage()
    opened.on('pageerror', (error) => wrong.push(error.message))
    opened.on('console', (entry) => {
      if (entry.type() === 'error' && !/status of 40[0-9]/.test(entry.text())) wrong.push(entry.text())
    })
    return opened
  }

  /** What is wrong with the page that is shown. */
  async function look(at = page) {
    wrong.push(...(await troubles(at)))
  }

  async function go(path: string) {
    await page.goto(`${stage.postern.url}${path}`)
    await look()
  }

  /** Answers the question that a button asks before it does what cannot be undone. */
  async function confirm(ask: string, answer: string, within: Locator = page.locator('main')) {
    await within.locator('details.confirm > summary', { hasText: ask }).first().click()
    await look()
    await Promise.all([
      page.waitForNavigation(),
      within.locator('details.confirm[open] button', { hasText: answer }).click(),
    ])
    await look()
  }

  async function press(name: string, at = page) {
    await Promise.all([at.waitForNavigation(), at.click(`main button:text-is("${name}")`)])
    await look(at)
  }

  const isAt = (words: string) =>
    page.evaluate<boolean>(`document.activeElement.textContent.trim() === ${JSON.stringify(words)}`)
  const main = () => page.innerText('main')

  it('the browser would tell what is wrong with a page', async () => {
    const bad = await (await browser.newContext()).newPage()
    const grey = 'color: #888; background: #999; width: 400px'
    await bad.setContent(
      `<html lang="en"><title>Bad</title><p style="${grey}">grey on grey</p><!-- ${'x'.repeat(60_000)} --><main><button class="danger" style="outline: none">Go</button><button></button></main>`,
    )
    const found = (await troubles(bad)).join('\n')
    for (const one of [
      'light: color-contrast',
      'dark: color-contrast',
      'button-name',
      'pixels wide',
      'octets',
      'too small for a finger: <button',
      'focus is not seen: <button',
      'destroys at the first stop: <button',
    ])
      expect(found).toContain(one)
  })

  it('an administrator signs in by the link, sets the passwords, and comes back by one', async () => {
    await page.goto(stage.postern.url)
    expect(await main()).toContain('Sign in to continue')
    await look()
    await go('/sign-in')
    const link = (await command(stage.postern, 'sign-in')) as { url: string }
    await page.goto(link.url)
    await look()
    await press('Sign in')
    for (const role of ['administrator', 'viewer']) {
      await go('/account')
      const form = page.locator('main form', { has: page.locator(`input[name=role][value=${role}]`) })
      await form.locator('input[name=password]').fill('too short')
      await form.locator('input[name=again]').fill('too short')
      await Promise.all([page.waitForNavigation(), form.locator('button').click()])
      expect(await main()).toContain('What to do')
      expect(await page.title()).toMatch(/^Error: /)
      expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true')
      await look()
      await page.click('text=Go to the field')
      await page.keyboard.press('Tab')
      await form.locator('input[name=password]').fill(role === 'viewer' ? `${password} too` : password)
      await form.locator('input[name=again]').fill(role === 'viewer' ? `${password} too` : password)
      await Promise.all([page.waitForNavigation(), form.locator('button').click()])
      expect(await main()).toContain(
        `${role === 'viewer' ? 'Viewer' : 'Administrator'}: the password is set.`,
      )
      await page.reload()
      expect(await main()).not.toContain('the password is set.')
    }
    await go('/account')
    expect(await main()).toContain('Viewer: change the password')
    await look()
  })

  it('an administrator finds a provider, what is to be done there, and a check of a registration', async () => {
    await go('/')
    await page.click('nav a:text-is("Providers")')
    await look()
    await page.click('summary:text-is("Other…")')
    await look()
    await page.click('main a:text-is("Microsoft 365")')
    await look()
    await page.click('summary:has-text("settings for .env")')
    expect(await main()).toContain('POSTERN_MICROSOFT_CLIENT_ID=your-client-id')
    await page.click('main a:text-is("App only")')
    await page.click('summary:text-is("Or the commands, one by one")')
    await look()
    for (const path of [
      '/providers?find=yah',
      '/providers?find=nobody',
      '/providers?address=somebody@gmail.com',
      '/providers/google',
      '/providers/outlook',
      '/providers/own',
      '/providers/example',
      '/registrations/example',
    ])
      await go(path)
    await press('Check it')
    expect(await page.locator('ol.checklist > .good').count()).toBe(5)
  })

  it('an administrator makes a registration, is told what is wrong with it, and removes it', async () => {
    await go('/providers/microsoft?way=app-only')
    await page.fill('input[name=tenant]', 'no tenant')
    await page.fill('input[name=clientId]', clientId)
    await page.fill('input[name=clientSecret]', 'a-secret-of-entra')
    await press('Save and check')
    expect(await page.title()).toMatch(/^Error: /)
    await page.fill('input[name=tenant]', tenant)
    await page.fill('input[name=clientSecret]', 'a-secret-of-entra')
    await press('Save and check')
    // Entra cannot be reached from here, and the check says so.
    expect(await page.locator('ol.checklist > .bad').count()).toBeGreaterThan(0)
    await page.click('main a:text-is("Change the registration")')
    await look()
    await page.click('summary:has-text("Client secrets: 1")')
    await look()
    await go('/providers')
    expect(await main()).toContain(clientId)
    await go('/registrations/microsoft/certificate')
    await page.fill('input[name=objectId]', 'no object id')
    await press('Make a certificate')
    expect(await main()).toContain('What to do')
    await page.fill('input[name=objectId]', objectId)
    await press('Make a certificate')
    expect(await main()).toContain('to be uploaded')
    await go('/registrations/microsoft')
    await page.click('summary:has-text("Remove…")')
    await look()
    await page.fill('details.confirm[open] input[type=password]', password)
    await press('Remove Microsoft 365 (work or school)')
    expect(await main()).toContain('is removed.')
    await go('/registrations/microsoft')
    expect(await main()).toContain('What to do')
  })

  it('an administrator adds a mailbox, makes a consent link and revokes it, and has another one used', async () => {
    await go('/mailboxes/new')
    await page.fill('input[name=address]', 'not an address')
    await press(onlyAdd)
    expect(await page.title()).toMatch(/^Error: /)
    await page.fill('input[name=address]', 'somebody@gmail.com')
    await press(onlyAdd)
    expect(await main()).toContain('seems to be at Gmail')
    await page.fill('input[name=address]', address)
    await press(onlyAdd)
    await press('Make a consent link')
    const link = await page.innerText('pre[data-copy]')
    await go('/consent-links')
    await confirm('Revoke…', 'Revoke the link')
    expect(await main()).toContain('The link is revoked')
    await page.reload()
    expect(await main()).toContain('no consent link')
    const guest = await open()
    expect((await guest.goto(link))?.status()).toBe(404)
    await look(guest)
    await guest.goto(await consentLink(stage.postern, address))
    await look(guest)
    await guest.click('main form button')
    await agreeAs(guest, 'somebody-else@example.com', stage.postern.url)
    expect(await guest.innerText('h1')).toBe('Not connected')
    await look(guest)
    await guest.click('text=Try again')
    await guest.click('main form button')
    await agreeAs(guest, address, stage.postern.url)
    expect(await guest.innerText('h1')).toBe('Connected')
    await look(guest)
    await go('/consent-links')
    expect(await main()).toContain('used')
  })

  it('an administrator makes logins of every kind, and sees where one was used from', async () => {
    await go('/logins')
    await page.click('main a:text-is("Add a device or app")')
    await look()
    await page.fill('input[name=name]', 'Scanner, ground floor')
    await page.selectOption('select[name=place]', 'here')
    await page.click('main form summary')
    await page.fill('textarea[name=networks]', 'not a network')
    await press('Create the login')
    expect(await page.title()).toMatch(/^Error: /)
    await page.fill('textarea[name=networks]', '127.0.0.0/8')
    await page.fill('textarea[name=senders]', 'scans@example.com')
    await page.fill('input[name=expires]', '2027-12-31')
    await press('Create the login')
    const codes = page.locator('dl.settings code')
    Object.assign(scanner, { user: await codes.nth(2).innerText(), password: await codes.nth(3).innerText() })
    for (let sent = 0; sent < 3; sent += 1) await sendWithPassword(stage.process.smtpPort, scanner, scan)
    await page.waitForSelector('#first-sign-in:has-text("It works")')
    await look()
    for (const kind of ['postfix', 'msmtp', 'phpmailer', 'python', 'dotnet', 'java', 'git', 'wordpress']) {
      await page.selectOption('#settings select[name=kind]', kind)
      await press('Show')
      expect(await page.innerText('#settings pre')).toContain(scanner.password)
    }
    await page.selectOption('#settings select[name=place]', 'elsewhere')
    await press('Show')
    expect(await main()).toMatch(/Only from\s+127\.0\.0\.0\/8/)
    expect(await main()).toMatch(/Last used\s+2\d{3}-.*from 127\.0\.0\.1/)
    await go('/logins')
    expect(await main()).toMatch(/2\d{3}-.*from 127\.0\.0\.1/)
  })

  it('an administrator sets what is mended of a login, and records what its device says', async () => {
    await go('/logins')
    await page.click('main tbody a')
    await page.click('main a:text-is("Mend its mail")')
    await look()
    await press('Save')
    await page.click('main a:text-is("Record what it says")')
    await look()
    await page.check('input[name=mask]')
    await press('Start recording')
    expect(await main()).toContain('Nothing has come yet')
    await sendWithPassword(stage.process.smtpPort, scanner, scan)
    await page.waitForSelector('main:has-text("250 ")')
    await look()
    expect(await main()).not.toContain(address)
    await press('End recording')
    expect(await main()).toContain('The recording was ended.')
    await press('Record again')
    await press('End recording')
  })

  it('an administrator finds out what is wrong with a mailbox, and that nothing is', async () => {
    await go(`/mailboxes/${address}/diagnosis`)
    await page.click('main button')
    await page.waitForSelector('main [role=status]:has-text("Nothing is wrong")')
    await look()
    await command(stage.postern, 'mailbox', 'add', 'nobody@example.com', '--provider', 'example')
    await go('/mailboxes/nobody@example.com')
    await go('/mailboxes/nobody@example.com/diagnosis')
    await page.click('main button')
    await page.waitForSelector('main [role=status]:has-text("This is the cause")')
    await look()
    await command(stage.postern, 'mailbox', 'remove', 'nobody@example.com', '--yes')
  })

  it('an administrator sends a test message, each step turning green', async () => {
    await go(`/mailboxes/${address}`)
    await page.fill('input[name=to]', 'you@example.net')
    await press('Send, and show each step')
    await page.waitForSelector('text=It has taken the message')
    expect(await page.locator('.state.lapsed').count()).toBe(0)
    await look()
    await go('/')
  })

  it('an administrator makes an API key and revokes it', async () => {
    await go('/api-keys')
    await page.click('main a:text-is("New API key")')
    await look()
    await page.fill('input[name=name]', 'Backup script')
    await press('Create the key')
    expect(await main()).toContain('What to do')
    expect(await page.inputValue('input[name=name]')).toBe('Backup script')
    await page.check('input[value=token]')
    await page.check(`input[value="${address}"]`)
    await press('Create the key')
    const key = await page.innerText('code[data-copy]')
    const token = () =>
      fetch(`${stage.postern.url}/api/v1/mailboxes/${address}/token`, {
        headers: { authorization: `Bearer ${key}` },
      })
    expect((await token()).status).toBe(200)
    await go('/api-keys')
    await confirm('Revoke…', 'Revoke the key')
    expect(await main()).toContain('The API key Backup script is revoked.')
    expect((await token()).status).toBe(401)
  })

  it('the journal shows what happens while somebody looks, and what was asked for', async () => {
    await go('/journal')
    expect(await main()).toContain('Message sent')
    const entries = page.locator('#entries tbody tr')
    await addMailbox(stage.postern, 'another@example.com')
    await page.waitForSelector('#entries tbody tr:has-text("another@example.com")')
    await entries.first().locator('summary').click()
    expect(await entries.first().locator('dl').innerText()).toContain('another@example.com')
    await look()
    await page.fill('input[name=mailbox]', address)
    await page.selectOption('select[name=kind]', 'send')
    await page.selectOption('select[name=outcome]', 'done')
    await press('Search')
    const texts = await entries.allInnerTexts()
    expect(texts.length).toBe(5)
    for (const text of texts) expect(text).toContain(address)
    for (const query of [
      'period=24h&outcome=done',
      'kind=send&recipient=you',
      'since=2026-01-01&until=today',
      'outcome=refused&mailbox=nobody',
      'since=no+day',
    ])
      await go(`/journal?${query}`)
    expect(await page.title()).toMatch(/^Error: /)
    await go('/journal')
    await press('Check that nothing was changed')
    expect(await main()).toContain('are there, as they were written')
    await look()
  })

  it('a page explains an error that somebody pastes', async () => {
    await go('/')
    await page.click('nav a:text-is("Explain")')
    await look()
    await page.fill('textarea[name=text]', `${address}: 535 5.7.139 basic authentication is disabled`)
    await press('Explain it')
    expect(await main()).toContain('Microsoft was sent a password, and takes OAuth only.')
    expect(await page.inputValue('textarea[name=text]')).toBe('')
    await look()
  })

  it('a viewer sees everything, and changes nothing without the right', async () => {
    const viewer = await open()
    await viewer.goto(`${stage.postern.url}/sign-in`)
    await viewer.selectOption('select[name=name]', 'viewer')
    await viewer.fill('input[name=password]', `${password} too`)
    await press('Sign in', viewer)
    const loginId = (await command(stage.postern, 'login', 'list')).logins[0].id
    for (const path of [
      '/',
      `/mailboxes/${address}`,
      '/logins',
      '/api-keys',
      '/consent-links',
      '/journal',
      '/account',
      '/providers',
      '/providers/microsoft',
      '/providers/example',
      '/registrations/example',
      `/mailboxes/${address}/diagnosis`,
      `/logins/${loginId}`,
    ]) {
      await viewer.goto(`${stage.postern.url}${path}`)
      expect(await viewer.locator('main form[method=post]').count(), path).toBe(path === '/account' ? 1 : 0)
      await look(viewer)
    }
    // The administrator sees that browser, and signs it out.
    await go('/account')
    await confirm('End session…', 'End session', page.locator('tr', { hasText: 'Viewer' }))
    expect(await main()).toContain('The session has ended')
    expect((await viewer.goto(stage.postern.url))?.status()).toBe(401)
  })

  it('no page runs a script that others brought: as a login, a browser, a guess, or a provider', async () => {
    const script = '<script>window.ran = 1</script><img src="x" onerror="window.ran = 1">'
    await command(stage.postern, 'login', 'add', address, '--name', script)
    await command(stage.postern, 'api-key', 'add', '--scope', 'read', '--name', script)
    await sendWithPassword(
      stage.process.smtpPort,
      { address, user: script, password: script },
      {
        from: address,
        to: 'you@example.net',
        subject: 'A guess',
        text: 'Hello',
      },
    ).catch(() => {})
    const stranger = await (await browser.newContext({ userAgent: script })).newPage()
    const link = (await command(stage.postern, 'sign-in')) as { url: string }
    await stranger.goto(link.url)
    await stranger.click('main button')
    const query = new URLSearchParams({ error: script, error_description: script, state: script })
    await page.goto(`${stage.postern.url}/oauth/callback?${query}`)
    const ran = [await page.evaluate('window.ran')]
    for (const path of ['/', `/mailboxes/${address}`, '/logins', '/api-keys', '/journal', '/account']) {
      await page.goto(`${stage.postern.url}${path}`)
      ran.push(await page.evaluate('window.ran'))
      if (path !== '/') expect(await main(), path).toContain('window.ran')
    }
    expect(ran.filter((one) => one)).toEqual([])
  })

  it('an administrator finds a message that waits for approval, and refuses it', async () => {
    await go('/approvals')
    expect(await main()).toContain('No message waits')
    const agent = await command(stage.postern, 'login', 'add', address, '--user', 'agent', '--approve')
    await sendWithPassword(
      stage.process.smtpPort,
      { ...scanner, user: 'agent', password: agent.password },
      scan,
    )
    await go('/')
    expect(await main()).toContain('1 message waits for approval')
    await page.click('main #attention a[href$="/approvals"]')
    await look()
    await page.click('main table a:text-is("A scan")')
    await look()
    expect(await main()).toMatch(/you@example\.net[\s\S]*A scan/)
    await press('Refuse')
    expect(await main()).toContain('The message was refused')
    await go('/approvals')
    expect(await main()).toContain('refused')
  })

  it('a mailbox is removed after a question, and the grant ends at the provider', async () => {
    await go(`/mailboxes/${address}`)
    await page.click('text=Remove this mailbox')
    await look()
    await press(`Remove ${address}`)
    expect(await main()).toContain('The consent has ended at the provider, too.')
    await go(`/mailboxes/${address}`)
    expect(await main()).toContain('There is no mailbox')
    expect(await command(stage.postern, 'mailbox', 'list')).toMatchObject({
      mailboxes: [{ address: 'another@example.com' }],
    })
  })

  it('times are those of the reader, and say how long ago they were; without a script, those of the server', async () => {
    const timesOf = async (timezoneId: string, javaScriptEnabled = true) => {
      const context = await browser.newContext({ timezoneId, javaScriptEnabled, locale: 'en-GB' })
      await context.addCookies(await page.context().cookies())
      const reader = await context.newPage()
      await reader.goto(`${stage.postern.url}/account`)
      const time = reader.locator('main time').first()
      return { shown: await time.innerText(), iso: (await time.getAttribute('datetime')) ?? '' }
    }
    for (const [zone, hours] of [
      ['Asia/Tokyo', 9],
      ['UTC', 0],
    ] as const) {
      const { shown, iso } = await timesOf(zone)
      const there = new Date(Date.parse(iso) + hours * 3_600_000).toISOString()
      expect(shown).toMatch(
        new RegExp(`^${there.slice(0, 10)} ${there.slice(11, 16)} \\((now|\\d+\\s(sec|min)\\.?\\sago)\\)$`),
      )
    }
    const { shown, iso } = await timesOf('Asia/Tokyo', false)
    expect(shown).toBe(`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`)
  })

  it('the pages can be used by the keyboard alone', async () => {
    await go('/')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.querySelector("main").contains(document.activeElement)')).toBe(true)
    await page.keyboard.press('Enter')
    // What is to be done next: the mailbox that has no consent.
    await page.waitForURL('**/mailboxes/another%40example.com')
    await go('/mailboxes/new')
    await page.focus('input[name=address]')
    await page.keyboard.type('keys@example.com')
    // Past the provider, what is closed, and the button that begins a sign-in.
    for (let stops = 0; stops < 12 && !(await isAt(onlyAdd)); stops += 1) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/mailboxes/keys%40example.com')
  })

  it('the browser finds nothing wrong with any page', () => {
    expect(wrong).toEqual([])
  })
})
