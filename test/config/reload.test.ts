import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { createReload, ownCopy, partsOfConfig } from '../../src/config/reload.ts'
import { settingList } from '../../src/config/settings.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { memoryFiles } from './memory-files.ts'

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}

it('each setting is in one part, which is taken up or waits for a restart', () => {
  const patterns = partsOfConfig.flatMap(({ settings }) => settings)
  const counts = settingList.map(([, { name }]) => [name, patterns.filter((one) => fits(one, name)).length])
  expect(counts.filter(([, count]) => count !== 1)).toEqual([])
})

it('.env.example names the settings that only a restart takes up', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').replaceAll(/\n# /g, ' ')
  const listed = /Only a restart takes up: ([^.]+)\./.exec(text)?.[1] ?? ''
  const waiting = partsOfConfig.filter(({ take }) => take === undefined).flatMap(({ settings }) => settings)
  expect(listed.split(/, | and /).sort()).toEqual(waiting.sort())
})

interface Stage {
  running: Config
  /** What was followed, and with which configuration. */
  followed: Config[]
  events(): object[]
  write(env: string, more?: Record<string, string>): void
  reload(): Promise<boolean>
}

async function stage(env: string, more: Record<string, string> = {}): Promise<Stage> {
  let files = memoryFiles({ '.env': env, ...more })
  const first = await readConfig({}, files)
  if ('mistakes' in first) throw new Error(first.mistakes.join('\n'))
  const running = ownCopy(first.config)
  const log = createRecordingLog()
  const followed: Config[] = []
  const reload = createReload({
    running,
    asRead: first.config,
    readAgain: () => readConfig({}, files),
    prepare: () => async () => void followed.push({ ...running, limits: { ...running.limits } }),
    log,
  })
  return {
    running,
    followed,
    reload,
    events: () => log.lines.splice(0).map(({ fields }) => fields),
    write(text, others = {}) {
      files = memoryFiles({ '.env': text, ...others })
    },
  }
}

it('what has changed is taken up before anybody follows, and named', async () => {
  const { running, followed, events, write, reload } = await stage('POSTERN_BAD_COMMANDS=7')
  const { limits } = running
  write('POSTERN_MESSAGE_OCTETS=1000\nPOSTERN_HOSTS=mail.example.com\nPOSTERN_GOOGLE_TESTING=yes')
  await reload()
  expect(running.limits).toBe(limits)
  expect(limits).toMatchObject({ badCommands: 20, messageOctets: 1000 })
  expect(followed).toEqual([running])
  expect(running.hosts).toEqual(['mail.example.com'])
  expect(events()).toEqual([
    {
      event: 'settings.reloaded',
      settings: ['POSTERN_HOSTS', 'POSTERN_MESSAGE_OCTETS', 'POSTERN_BAD_COMMANDS'].sort(inOrder),
    },
  ])
  write('')
  await reload()
  expect(running).not.toHaveProperty('hosts')
})

const order = partsOfConfig.flatMap(({ settings }) => settings)
const inOrder = (one: string, other: string) => order.indexOf(one) - order.indexOf(other)

it('a mistake anywhere leaves everything as it was, and is said', async () => {
  const { running, followed, events, write, reload } = await stage('POSTERN_MESSAGE_OCTETS=5')
  const before = JSON.stringify(running)
  write('POSTERN_MESSAGE_OCTETS=6\nPOSTERN_BAD_COMMANDS=many\nPOSTERN_PROVIDERS_FILE=none.json')
  await reload()
  expect(JSON.stringify(running)).toBe(before)
  expect(followed).toEqual([])
  expect(events()).toEqual([
    {
      event: 'settings.refused',
      mistakes: [expect.stringContaining('BAD_COMMANDS'), expect.stringContaining('none.json')],
    },
  ])
})

it('what waits for a restart is named with each reload until then, and what the pages have set is not', async () => {
  const { running, events, write, reload } = await stage('POSTERN_WEB_LISTEN=127.0.0.1:8001')
  write('POSTERN_WEB_LISTEN=127.0.0.1:8002\nPOSTERN_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=', {
    'data/settings.env': 'POSTERN_SMTP_LISTEN=127.0.0.1:2500',
  })
  const settings = ['POSTERN_KEY', 'POSTERN_WEB_LISTEN', 'POSTERN_PUBLIC_URL']
  for (const _ of [1, 2]) {
    await reload()
    expect(running.webListen[0]?.port).toBe(8001)
    expect(running).not.toHaveProperty('key')
    expect(events()).toEqual([
      { event: 'settings.reloaded', settings: [], needRestart: settings },
      { event: 'settings.restart-needed', settings },
    ])
  }
})

it('a secret that is in a file, and a provider of the providers file, are compared by what they hold', async () => {
  const entry = (secret: string) =>
    JSON.stringify({
      providers: [
        {
          id: 'shop',
          preset: 'google',
          clientId: 'one.apps.googleusercontent.com',
          clientSecretFile: secret,
        },
      ],
    })
  const env =
    'POSTERN_PUBLIC_URL=https://postern.example.com\nPOSTERN_PROVIDERS_FILE=providers.json\nPOSTERN_NOTIFY_COMMAND_FILE=command'
  const { running, events, write, reload } = await stage(env, {
    'providers.json': entry('secret'),
    secret: 'a-first-secret',
    command: 'one',
  })
  write(env, { 'providers.json': entry('secret'), secret: 'a-second-secret', command: 'two' })
  await reload()
  expect(running.customProviders[0]?.clientSecrets[0]?.value.reveal()).toBe('a-second-secret')
  expect(running.notify.command?.line.reveal()).toBe('two')
  const all = events()
  expect(all).toEqual([
    { event: 'settings.reloaded', settings: ['POSTERN_NOTIFY_*', 'POSTERN_PROVIDERS_FILE'] },
  ])
  expect(JSON.stringify(all)).not.toContain('second-secret')
})
