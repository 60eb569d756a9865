import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { validateWorkflow } from '@action-validator/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts

interface Step {
  uses?: string
  run?: string
}
interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, { steps: Step[]; strategy?: { matrix: { node?: string[] } } }>
}

const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  return { name, text, workflow: parse(text) as Workflow }
})

describe.each(workflows)('the workflow $name', ({ text, workflow }) => {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)

  it('is one by the schema of workflows', () => {
    // A right that the schema of the validator does not have yet.
    expect(validateWorkflow(text.replace('attestations: write', '')).errors).toEqual([])
  })

  it('has no more rights than reading, but in a job that says why', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
  })

  it('uses actions of the platform alone, each by its version', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/)
  })

  it('runs what is there', () => {
    const commands = steps.map(({ run = '' }) => run).join('\n')
    for (const [, script = ''] of commands.matchAll(/\bnpm run ([\w:-]+)/g))
      expect(scripts).toHaveProperty(script)
    for (const [path] of commands.matchAll(/\.ci\/\w+/g))
      expect(existsSync(join(root, path)), path).toBe(true)
    expect(commands).not.toMatch(/\$\{\{/)
  })
})

it('a mistake in a workflow would be found', () => {
  const wrong = 'on: push\njobs:\n  one:\n    runs-on: here\n    stepz: []\n'
  expect(validateWorkflow(wrong).errors).not.toEqual([])
})

it('CI runs .ci/run on each Node.js that has support, from the oldest that postern takes', () => {
  const job = workflows.find(({ name }) => name === 'ci.yml')?.workflow.jobs.all
  expect(job?.strategy?.matrix.node).toEqual(['20', '22', '24', '26'])
  expect(job?.steps.map(({ run }) => run).join('\n')).toContain('.ci/run')
})

describe('the forms for issues', () => {
  const forms = join(root, '.github/ISSUE_TEMPLATE')
  const names = readdirSync(forms).filter((name) => name !== 'config.yml')

  it.each(names)('%s asks in a way that can be answered', (name) => {
    const form = parse(readFileSync(join(forms, name), 'utf8'))
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) })
    const asked = form.body.filter(({ type }: { type: string }) => type !== 'markdown')
    const ids = asked.map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { type, id, attributes } of asked) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes'], id).toContain(type)
      expect(id).toMatch(/^[a-z]+$/)
      expect(attributes.label, id).toEqual(expect.any(String))
      if (type === 'dropdown' || type === 'checkboxes')
        expect(attributes.options.length, id).toBeGreaterThan(0)
    }
    expect(
      asked.some(({ validations }: { validations?: { required: boolean } }) => validations?.required),
    ).toBe(true)
  })
})
