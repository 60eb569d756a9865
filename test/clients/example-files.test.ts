import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  authorityHelp,
  type DeviceKind,
  deviceKinds,
  settingsText,
  type WayIn,
} from '../../src/web/pages/ready-settings.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'
import { blocksUnder, readExample } from './filled-example.ts'

const require = createRequire(import.meta.url)

/** The example of what the page of a login shows settings for. A form has only fields. */
const exampleOf: Record<Exclude<DeviceKind, 'form'>, string> = {
  wordpress: 'wordpress.php',
  postfix: 'postfix.md',
  msmtp: 'command-line.md',
  git: 'command-line.md',
  phpmailer: 'phpmailer.php',
  python: 'python.py',
  dotnet: 'MailKit.cs',
  java: 'JakartaMail.java',
}

describe('the page of a login and the examples agree', () => {
  const kinds = deviceKinds.filter((kind) => kind !== 'form')
  const data = { user: 'USER', password: 'PASSWORD', from: 'billing@example.com' }
  const t = phrasesIn('en')
  const near: WayIn = { host: '127.0.0.1', port: 2587, encryption: 'none' }
  const far: WayIn = { host: 'postern.example.com', port: 2587, encryption: 'starttls' }

  it.each(kinds.flatMap((kind) => [near, far].map((way) => [kind, way.encryption, way] as const)))(
    '%s, %s: each line of the page stands in the example',
    async (kind, _, way) => {
      const example = await readExample(exampleOf[kind])
      const trusting = 'create_default_context(cafile="/etc/ssl/postern-ca.pem")'
      const lines = (settingsText(kind, way, data, t) ?? '')
        // As the page says beside it.
        .replace('create_default_context()', trusting)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => !/^(#|\/\/|$)/.test(line))
      expect(lines.length).toBeGreaterThan(3)
      expect(lines.filter((line) => !example.includes(line))).toEqual([])
    },
  )

  it.each(kinds)('%s: what the page says of the authority stands in the example', async (kind) => {
    const example = await readExample(exampleOf[kind])
    const said = [...String(authorityHelp(kind, t)).matchAll(/<code>(.*?)<\/code>/g)].map(([, code]) =>
      unescaped(code ?? ''),
    )
    expect(said.length).toBeGreaterThan(0)
    expect(said.filter((code) => !example.includes(code))).toEqual([])
  })

  const unescaped = (text: string) =>
    text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
})

describe('an example that cannot be run here is written without a mistake', () => {
  const grammars = [
    ['MailKit.cs', 'c-sharp'],
    ['SystemNetMail.cs', 'c-sharp'],
    ['Send-ThroughPostern.ps1', 'powershell'],
    ['with-token/Send-WithToken.ps1', 'powershell'],
    ['JakartaMail.java', 'java'],
    ['grafana.ini', 'ini'],
  ] as const

  it.each(grammars)('%s', async (name, language) => {
    expect((await parsed(await readExample(name), language)).hasError).toBe(false)
  })

  it('grafana.ini has the settings that Grafana reads there, and the lines for another machine differ in two', async () => {
    const text = await readExample('grafana.ini')
    const read = (ini: string) =>
      Object.fromEntries([...ini.matchAll(/^(\w+) = (.*)$/gm)].map(([, name, value]) => [name, value]))
    const [near, far] = [read(text), read(text.replaceAll(/^;(?=\w+ =)/gm, ''))]
    expect(near).toEqual({
      enabled: 'true',
      host: '127.0.0.1:2587',
      user: 'USER',
      // Grafana's quotes: a # or ; in the password is no comment then.
      password: '"""PASSWORD"""',
      from_address: 'billing@example.com',
      from_name: 'Grafana',
      startTLS_policy: 'NoStartTLS',
    })
    expect(far).toEqual({ ...near, host: 'postern.example.com:2587', startTLS_policy: 'MandatoryStartTLS' })
  })

  it('the files of Proxmox are sections with the settings of an endpoint for SMTP', async () => {
    const [settings = '', secrets = ''] = blocksUnder(await readExample('proxmox.md'), 'As files')
    expect(sections(settings)).toEqual({
      'smtp: postern': {
        server: 'postern.example.com',
        port: '2587',
        mode: 'starttls',
        username: 'USER',
        'from-address': 'billing@example.com',
        author: 'Proxmox',
        mailto: 'someone@example.net',
      },
      'matcher: default-matcher': { mode: 'all', target: 'postern' },
    })
    expect(sections(secrets)).toEqual({ 'smtp: postern': { password: 'PASSWORD' } })
  })
})

it('every example is in the table, with how it is tried', async () => {
  const table = await readExample('README.md')
  const names = (await readdir(join(import.meta.dirname, '../../examples'))).filter(
    (name) => name !== 'README.md',
  )
  expect(names.filter((name) => !table.includes(`](${name}`))).toEqual([])
})

async function parsed(text: string, language: string) {
  const { Parser, Language }: typeof import('@vscode/tree-sitter-wasm') = require('@vscode/tree-sitter-wasm')
  await Parser.init()
  const grammar = await Language.load(
    require.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${language}.wasm`),
  )
  const tree = new Parser().setLanguage(grammar).parse(text)
  if (!tree) throw new Error('It cannot be parsed')
  return tree.rootNode
}

/** Proxmox's own format: a head that begins its line, and below it a name and a value for each line, behind a tab. */
function sections(text: string): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {}
  for (const part of text.trim().split('\n\n')) {
    const [head = '', ...lines] = part.split('\n')
    expect(head).toMatch(/^[a-z]+: [A-Za-z\d][\w.-]*$/)
    found[head] = Object.fromEntries(
      lines.map((line) => /^\t([a-z-]+) (\S.*)$/.exec(line)?.slice(1) ?? [line, 'is no setting']),
    )
  }
  return found
}
