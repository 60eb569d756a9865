import { expect, it } from 'vitest'
import { describeConfig, readConfig } from '../../src/config/read-config.ts'
import { settingList } from '../../src/config/settings.ts'
import { memoryFiles } from './memory-files.ts'

it('every setting is shown with its value and where it came from, and no secret', async () => {
  const files = memoryFiles({
    '.env': 'POSTERN_LOG_LEVEL=warn\nPOSTERN_MICROSOFT_CLIENT_ID=mine',
    secret: 's3cr3t\n',
  })
  const reading = await readConfig(
    { POSTERN_IDLE_SECONDS: '60', POSTERN_MICROSOFT_CLIENT_SECRET_FILE: 'secret' },
    files,
  )
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  const shown = describeConfig(reading)
  expect(shown.map(({ name }) => name)).toEqual(settingList.map(([, { name }]) => name))
  expect(shown).toEqual(
    expect.arrayContaining([
      { name: 'POSTERN_DATA_DIR', value: '/srv/postern/data', source: 'default' },
      { name: 'POSTERN_WEB_LISTEN', value: '127.0.0.1:8587,[::1]:8587', source: 'default' },
      { name: 'POSTERN_PUBLIC_URL', value: 'http://localhost:8587', source: 'default' },
      { name: 'POSTERN_LOG_LEVEL', value: 'warn', source: '.env' },
      { name: 'POSTERN_IDLE_SECONDS', value: 60, source: 'environment' },
      { name: 'POSTERN_MICROSOFT_CLIENT_SECRET', value: '[secret]', source: 'file /srv/postern/secret' },
      { name: 'POSTERN_GOOGLE_CLIENT_SECRET', value: null, source: 'default' },
    ]),
  )
  expect(JSON.stringify(shown)).not.toContain('s3cr3t')
})

it('a command and each address that may carry a secret are hidden, and none that is mistaken is quoted', async () => {
  const hidden = {
    POSTERN_NOTIFY_COMMAND: 'curl -H "Authorization: Bearer s3cr3t" https://chat.example.com/',
    POSTERN_NOTIFY_WEBHOOK_URL: 'https://hooks.example.com/s3cr3t?key=s3cr3t',
    POSTERN_NOTIFY_WEBHOOK_SECRET: 'a-s3cr3t-of-its-own',
    POSTERN_PROXY: 'http://me:s3cr3t@proxy.example.com:3128',
  }
  const reading = await readConfig(hidden, memoryFiles())
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  const shown = describeConfig(reading)
  for (const name of Object.keys(hidden))
    expect(shown).toContainEqual(expect.objectContaining({ name, value: '[secret]' }))
  expect(JSON.stringify([shown, reading.warnings])).not.toContain('s3cr3t')

  for (const url of [
    'https://me:s3cr3t@postern.example.com',
    'https://me:half/s3cr3t@postern.example.com',
    'http:me:s3cr3t@postern.example.com',
    'me:s3cr3t@postern.example.com',
    'https://s3cr3t@postern.example.com',
    `https://me:${'long'.repeat(40)}s3cr3t@postern.example.com`,
    `https://me:s3cr3t${'long'.repeat(40)}@postern.example.com`,
    'https://postern.example.com/?token=s3cr3t',
    'https://postern.example.com/#s3cr3t',
  ]) {
    const mistaken = await readConfig({ POSTERN_PUBLIC_URL: url, POSTERN_WEB_LISTEN: url }, memoryFiles())
    if (!('mistakes' in mistaken)) throw new Error(`${url} was taken`)
    expect(mistaken.mistakes.join()).toContain('POSTERN_PUBLIC_URL is "')
    expect(mistaken.mistakes.join()).not.toContain('s3cr3t')
  }
})
