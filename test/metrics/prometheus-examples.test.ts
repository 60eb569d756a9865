import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { createMetricsStage } from './stage.ts'

const examples = resolve(import.meta.dirname, '../../examples/prometheus')
const promtool = (...words: string[]) => runProgram('promtool', words)

interface Panel {
  title: string
  targets: { expr: string; legendFormat: string }[]
}

let known: Set<string>
let alerts: string
let panels: Panel[]
let variables: { name: string; query: { query: string } }[]

beforeAll(async () => {
  const { types } = await createMetricsStage().read()
  known = new Set(
    [...types].flatMap(([name, type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    ),
  )
  alerts = await readFile(join(examples, 'alerts.yml'), 'utf8')
  const dashboard = JSON.parse(await readFile(join(examples, 'dashboard.json'), 'utf8'))
  panels = dashboard.panels
  variables = dashboard.templating.list
})

const expressions = () => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

/** Names of metrics, as they are written in an expression of PromQL. */
function metricsIn(text: string): string[] {
  return [...text.matchAll(/\b(?:postern|http|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name)
}

describe('the rules and the dashboard', () => {
  it('the rules and the dashboard ask for metrics that there are', () => {
    const queries = variables.map(({ query }) => query.query ?? '')
    const asked = [alerts, ...expressions(), ...queries].flatMap(metricsIn)
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((name) => !known.has(name))).toEqual([])
  })

  it('the rules and the dashboard ask for labels that these have', async () => {
    const docs = await readFile(resolve(examples, '../../docs/monitoring.md'), 'utf8')
    const labels = new Map(
      [...docs.matchAll(/^\| `([a-z_]+)` \| \w+ \| (.*?) \|/gm)].map(([, name = '', listed = '']) => [
        name,
        [...listed.matchAll(/`([a-z_]+)`/g)].map(([, label]) => label),
      ]),
    )
    const general = ['instance', 'job', 'le', 'server_address']
    const wrong = expressions().flatMap((expr) => {
      const names = metricsIn(expr).map((name) => name.replace(/_(bucket|sum|count)$/, ''))
      const own = [...general, ...names.flatMap((name) => labels.get(name) ?? [])]
      const matched = [...expr.matchAll(/[{,]([a-z_]+)(?:=~|!=|=)"/g)].map(([, label = '']) => label)
      const grouped = [...expr.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
      return [...matched, ...grouped]
        .filter((label) => !own.includes(label))
        .map((label) => `${label}: ${expr}`)
    })
    expect(wrong).toEqual([])
  })

  it('the dashboard shows every subject: each panel has a title and a query', () => {
    expect(panels.length).toBeGreaterThan(15)
    expect(panels.filter(({ title, targets }) => title === '' || targets.length === 0)).toEqual([])
  })
})

describe.runIf(peer('promtool'))('promtool', () => {
  it('promtool takes the settings and the rules', async () => {
    const settings = await promtool('check', 'config', '--syntax-only', join(examples, 'prometheus.yml'))
    expect([settings.code, settings.output]).toEqual([0, expect.stringContaining('SUCCESS')])
    const rules = await promtool('check', 'rules', join(examples, 'alerts.yml'))
    expect([rules.code, rules.output]).toEqual([0, expect.stringContaining('SUCCESS')])
  })

  it('promtool sees each alert when something is wrong, and none when nothing is', async () => {
    const file = join(import.meta.dirname, 'alerts.test.yml')
    const { code, output } = await promtool('test', 'rules', file)
    expect([code, output]).toEqual([0, expect.stringContaining('SUCCESS')])
    const tested = await readFile(file, 'utf8')
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
    expect(names.filter((name) => tested.split(`alertname: ${name}`).length !== 3)).toEqual([])
  })

  it('promtool can read every query of the dashboard', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-dashboard-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const rules = expressions().map((expr, index) => ({
      record: `panel_${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replace(/\$(instance|provider|job)/g, '.*'),
    }))
    const file = join(folder, 'dashboard.yml')
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    const { code, output } = await promtool('check', 'rules', file)
    expect([code, output]).toEqual([0, expect.stringContaining(`${rules.length} rules found`)])
  })
})
