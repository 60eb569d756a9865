import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { providerEntry } from '../../examples/demo/stage.js'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const me = 'me@example.com'
/** Nobody listens there: the browser is on another machine. */
const elsewhere = 'http://127.0.0.1:9/oauth/callback'
let authority: AuthorizationServer
let stage: CommandStage

beforeEach(async () => {
  authority = await startAuthorizationServer({ redirectUris: [elsewhere] })
  stage = await setCommandStage({ POSTERN_PROVIDERS_FILE: 'providers.json' })
  const submission = { host: 'localhost', port: 1, tls: 'starttls' as const }
  const entry = {
    ...providerEntry(authority, submission),
    deviceAuthorizationEndpoint: authority.endpoints.device,
  }
  const providers = [
    { ...entry, redirectUri: elsewhere },
    { ...entry, id: 'without-code', name: 'B' },
  ]
  await writeFile(join(stage.folder, 'providers.json'), JSON.stringify({ providers }), { mode: 0o600 })
  await stage.serve()
  await stage.postern(['mailbox', 'add', me, '--provider', 'example'])
})
afterEach(async () => {
  await stage.close()
  await authority.close()
})

/** As a person would, up to where the browser is sent back to. */
async function signIn(url: string, login = me): Promise<string> {
  let backTo = ''
  const browser = createBrowser({
    onAnswer({ headers }) {
      const location = headers.get('location') ?? ''
      if (!location.startsWith(elsewhere)) return
      backTo = location
      throw new Error('there is nobody')
    },
  })
  try {
    const page = await browser.open(url)
    await browser.submit(await browser.submit(page, { login, password: 'any' }))
  } catch (error) {
    if (backTo === '') throw error
  }
  return backTo
}

const state = async () => JSON.parse((await stage.postern(['mailbox', 'show', me, '--json'])).stdout)

describe('postern consent --paste', () => {
  /** Pastes what `answers` makes of the address that the browser ended at, line by line. */
  async function paste(answers: (ended: string) => string[], login = me) {
    const stdin = new PassThrough()
    let begun = false
    const outcome = await stage.postern(['consent', me, '--paste'], stdin, (text) => {
      const [, url] = /^(http\S+)$/m.exec(text) ?? []
      if (begun || url === undefined) return
      begun = true
      void signIn(url, login).then((ended) => stdin.end(`${answers(ended).join('\n')}\n`))
    })
    return outcome
  }

  it('a pasted answer finishes a consent with a browser that does not reach postern', async () => {
    const { code, stdout } = await paste((ended) => ['', ended])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `postern can now send mail for ${me}, as ${me} signed in and agreed.\n`,
    })
    expect(await state()).toMatchObject({ state: 'active', flow: 'authorization-code', signedInAs: me })
  })

  it('the code alone is taken where the provider shows one, and something else is asked for again', async () => {
    const { code, stderr } = await paste((ended) => [
      'what is this',
      new URL(ended).searchParams.get('code') ?? '',
    ])
    expect(stderr).toContain('This is not what the browser ended at')
    expect(code).toBe(0)
    expect(await state()).toMatchObject({ state: 'active' })
  })

  it('the wrong person is refused', async () => {
    const { code, stderr } = await paste((ended) => [ended], 'you@example.com')
    expect(code).toBe(1)
    expect(stderr).toContain('you@example.com signed in, but me@example.com has to')
    expect(await state()).toMatchObject({ state: 'absent' })
  })

  it('an empty answer is told as nothing pasted', async () => {
    expect(await stage.postern(['consent', me, '--paste'], '\n')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was pasted'),
    })
  })
})

describe('postern consent --wait', () => {
  /** Runs the verb, and does something with the link as soon as it is shown. */
  async function waiting(withLink: (url: string) => Promise<void>, ...words: string[]) {
    let seen: Promise<void> | undefined
    const outcome = await stage.postern(['consent', me, '--wait', ...words], '', (text) => {
      const [, url] = /^(http\S+\/consent\/\S+)$/m.exec(text) ?? []
      if (url !== undefined) seen ??= withLink(url)
    })
    await seen
    return outcome
  }

  it('the command waits until somebody has consented by the link, and says so', async () => {
    const { code, stdout, stderr } = await waiting(async (url) => {
      const browser = createBrowser()
      const paste = await browser.submit(await browser.open(url))
      const [, there = ''] = /href="([^"]+)" target="_blank"/.exec(paste.body) ?? []
      await browser.submit(paste, { answer: await signIn(there.replaceAll('&amp;', '&')) })
    })
    expect(stderr).toContain('Waiting for up to 15 minutes')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `done: ${me} can send (${me} signed in)\n` })
  })

  it('a link that is revoked meanwhile ends the waiting', async () => {
    const { code, stderr } = await waiting(async () => {
      const { stdout } = await stage.postern(['consent-link', 'list', '--json'])
      await stage.postern(['consent-link', 'revoke', JSON.parse(stdout).consentLinks[0].id])
    }, '2')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`Begin again: postern consent ${me} --wait`),
    })
  })

  it.each(['0', '1441', 'an hour'])('%j minutes are refused', async (minutes) => {
    expect(await stage.postern(['consent', me, '--wait', minutes])).toMatchObject({ code: 2 })
  })
})

describe('postern consent --device', () => {
  it('the command shows a code, warns, and waits until the person has agreed on another device', async () => {
    let begun = false
    const browser = createBrowser()
    const { code, stdout, stderr } = await stage.postern(['consent', me, '--device'], '', (text) => {
      const [, where = '', userCode = ''] = /^Open (\S+) .* the code (\S+),/m.exec(text) ?? []
      if (begun || userCode === '') return
      begun = true
      void agree(where, userCode)
    })
    async function agree(where: string, userCode: string) {
      const confirm = await browser.submit(await browser.open(where), { user_code: userCode })
      const signedOut = await browser.submit(confirm, { confirm: 'yes' })
      await browser.submit(await browser.submit(signedOut, { login: me, password: 'any' }))
    }
    expect(code).toBe(0)
    expect(stdout).toContain(`postern can now send mail for ${me}`)
    expect(stderr).toContain('block this by Conditional Access')
    expect(await state()).toMatchObject({ state: 'active', flow: 'device', signedInAs: me })
  })
})

describe('postern consent', () => {
  it.each([
    [['consent'], 'name the mailbox', 2],
    [['consent', me, '--paste', '--device'], 'give only one of', 2],
    [['consent', '--admin', 'example'], 'has no consent of an administrator', 1],
  ])('%j is refused in words', async (words, message, exitCode) => {
    const { code, stderr } = await stage.postern(words)
    expect(code).toBe(exitCode)
    expect(stderr).toContain(message)
  })
})

it('postern consent says of a link on a loopback address that it opens on this machine only', async () => {
  const { stdout } = await stage.postern(['consent', me])
  expect(stdout).toMatch(/^http:\/\/localhost:\d+\/consent\//)
  expect(stdout).toMatch(/It opens on this machine only, .* POSTERN_PUBLIC_URL .* --paste or --device\./)
})
