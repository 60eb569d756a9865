import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { readConfig } from '../../src/config/read-config.ts'
import { partsOfConfig } from '../../src/config/reload.ts'
import { settingList } from '../../src/config/settings.ts'
import { pageBeside } from '../documents/made-part.js'
import { settingsPart } from '../documents/settings-page.js'
import { memoryFiles } from './memory-files.ts'

const whole = readFileSync(resolve(import.meta.dirname, '../../.env.example'), 'utf8')
/** Behind the settings: what only some verbs read, and by themselves. */
const [text = '', ofVerbs = ''] = whole.split('# ---- Where mail is handed in by a command')

it('the file holds every setting of the table, in its order, with its sentence and its default', () => {
  const found = [...text.matchAll(/^# (.+)\n# (POSTERN_\w+)=(.*)$/gm)].filter(
    ([, sentence = '']) => !/^ *POSTERN_/.test(sentence),
  )
  const shown = found.map(([, sentence, name, value]) => ({ sentence, name, value }))
  const table = settingList.map(([, { sentence, name, default: byDefault, sample }]) => ({
    sentence,
    name,
    value: byDefault ?? sample,
  }))
  expect(shown).toEqual(table)
})

it('the file names the file of each secret, and of nothing else', () => {
  const found = [...text.matchAll(/^# (POSTERN_\w+)_FILE=$/gm)].map(([, name]) => name)
  expect(found).toEqual(settingList.filter(([, { secret }]) => secret).map(([, { name }]) => name))
})

it('the file is a .env that changes nothing', async () => {
  const reading = await readConfig({}, memoryFiles({ '.env': whole }))
  expect('config' in reading && Object.values(reading.sources)).toEqual(settingList.map(() => 'default'))
})

it('the defaults that it shows are what happens without them', async () => {
  const all = [...text.matchAll(/^# (POSTERN_\w+=.+)$/gm)].map(([, line]) => line)
  const samples = settingList.filter(([, { sample }]) => sample !== undefined).map(([, { name }]) => name)
  const defaults = all.filter((line) => !samples.some((name) => line?.startsWith(`${name}=`)))
  const reading = await readConfig({}, memoryFiles({ '.env': defaults.join('\n') }))
  const plain = await readConfig({}, memoryFiles())
  expect('config' in reading && reading.config).toEqual('config' in plain && plain.config)
})

it('nobody can leave its samples in by mistake', async () => {
  const credentials = settingList.filter(([, { name }]) => /CLIENT_ID$|CLIENT_SECRET$|KEY$/.test(name))
  const lines = credentials.map(([, { name, sample }]) => `${name}=${sample}`)
  const reading = await readConfig({}, memoryFiles({ '.env': lines.join('\n') }))
  expect('mistakes' in reading && reading.mistakes).toHaveLength(credentials.length)
})

it('docs/settings.md is made from it and from the table (npm run docs)', async () => {
  const table = settingList.map(([, setting]) => setting)
  const { is, wouldBe } = await pageBeside('settings.md', settingsPart(text, table, partsOfConfig))
  expect(is).toBe(wouldBe)
})

it('the file holds every variable that the source names, and no other', () => {
  const source = resolve(import.meta.dirname, '../../src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  )
  const texts = files.map((path) => readFileSync(resolve(source, path), 'utf8')).join('\n')
  const names = new Set(
    [...texts.matchAll(/(?<![\w{])POSTERN_[A-Z][A-Z0-9_]*[A-Z0-9](?![\w{])/g)].map(String),
  )
  // Of others: a version that images tell, and what Kubernetes makes of a service that is called "postern".
  for (const other of ['VERSION', 'X', 'PORT', 'SERVICE_HOST', 'PORT_2587_TCP_ADDR'])
    names.delete(`POSTERN_${other}`)
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(whole))).toEqual([])
  const read = [...ofVerbs.matchAll(/^# (POSTERN_\w+)=/gm)].map(([, name = '']) => name)
  expect(read).toHaveLength(4)
  expect(read.filter((name) => !texts.includes(`process.env.${name}`))).toEqual([])
})

it('a variable of the verbs that send is no mistake where the settings are, and sets nothing', async () => {
  const filled = ofVerbs.replaceAll(/^# (POSTERN_\w+)=.*$/gm, '$1=x').replace(/^.*\n/, '')
  const reading = await readConfig({}, memoryFiles({ '.env': filled }))
  expect('config' in reading && Object.values(reading.sources)).toEqual(settingList.map(() => 'default'))
})
