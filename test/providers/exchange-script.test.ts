import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/model/address.ts'
import { exchangeScript } from '../../src/providers/exchange-script.ts'
import { google } from '../../src/providers/presets/google.ts'
import { microsoft, microsoftHighVolume } from '../../src/providers/presets/microsoft.ts'
import type { Registration } from '../../src/providers/provider.ts'

const require = createRequire(import.meta.url)
const { Parser, Language }: typeof import('@vscode/tree-sitter-wasm') = require('@vscode/tree-sitter-wasm')
type Node = import('@vscode/tree-sitter-wasm').Node

const clientId = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'
const objectId = '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111'
const tenant = '11111111-2222-3333-4444-555555555555'
const registration: Registration = { clientId, clientSecrets: [], tenant }

function script(changed: Partial<Parameters<typeof exchangeScript>[0]> = {}): string {
  return exchangeScript({
    provider: microsoft(tenant),
    registration,
    mailboxes: ['scanner@example.com', 'billing@example.com'],
    appOnly: true,
    ...changed,
  })
}

/** Quotes, dollars, backticks, ends of comments and names that look like others. */
const hostile = [
  "o'neil@example.com",
  'o’neil@example.com',
  '‘$(calc)‘@example.com',
  "';calc;'@example.com",
  '‚‛$env:path`n#@example.com',
  '“$x”@example.com',
  '#>@example.com',
  "'@'$(1)@example.com",
  'ü日本@example.com',
]

let parse: (text: string) => Node
beforeAll(async () => {
  await Parser.init()
  const grammar = await Language.load(
    require.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm'),
  )
  const parser = new Parser().setLanguage(grammar)
  parse = (text) => {
    const tree = parser.parse(text.replace(/^\ufeff/, ''))
    if (!tree) throw new Error('no tree')
    return tree.rootNode
  }
})

function of(node: Node, type: string): Node[] {
  return node.descendantsOfType(type).filter((found) => found !== null)
}

/** The parts that a parser could not read. */
function mistakes(node: Node): string[] {
  if (!node.hasError) return []
  const below = node.children.flatMap((child) => (child ? mistakes(child) : []))
  return node.isError || node.isMissing ? [`${node.startPosition.row + 1}: ${node.text}`, ...below] : below
}

describe('the script for Exchange Online', () => {
  it.each([
    ['for mailboxes that the app itself sends from', {}],
    ['for mailboxes of people', { appOnly: false }],
    ['for another cloud', { provider: microsoft(tenant, 'gcc-high'), objectId }],
    ['with hostile names', { mailboxes: hostile.map((text) => text as never) }],
  ])('a real parser of PowerShell reads it without a mistake: %s', (_what, changed) => {
    expect(mistakes(parse(script(changed)))).toEqual([])
  })

  it('the parser finds what is wrong, so that the test above proves something', () => {
    expect(mistakes(parse(script().replace('param(', 'param(('))).length).toBeGreaterThan(0)
  })

  it('calls what Exchange Online has, and changes nothing of it unseen by -WhatIf', () => {
    const root = parse(script())
    const own = of(root, 'function_name').map(({ text }) => text)
    const called = [...new Set(of(root, 'command_name').map(({ text }) => text))]
    const changing = called
      .filter((name) => /^(New|Set|Add|Remove|Enable)-/.test(name) && !own.includes(name))
      .filter((name) => !['New-Object', 'Set-Content', 'Set-StrictMode', 'Remove-Item'].includes(name))
    expect(changing.sort()).toEqual([
      'Add-DistributionGroupMember',
      'Enable-OrganizationCustomization',
      'New-DistributionGroup',
      'New-ManagementRoleAssignment',
      'New-ManagementScope',
      'New-ServicePrincipal',
      'Remove-DistributionGroup',
      'Remove-DistributionGroupMember',
      'Remove-ManagementRoleAssignment',
      'Remove-ManagementScope',
      'Remove-ServicePrincipal',
      'Set-CASMailbox',
      'Set-DistributionGroup',
      'Set-ManagementScope',
    ])
    for (const command of of(root, 'command')) {
      const [name = ''] = command.text.split(/\s/)
      if (!changing.includes(name)) continue
      expect(guardOf(command), command.text).toBe('Invoke-Change')
    }
    // What asks whether somebody is sure would wait for ever where nobody sits.
    for (const removal of of(root, 'command').filter(
      ({ text }) => text.startsWith('Remove-') && !text.startsWith('Remove-Item'),
    ))
      expect(removal.text).toContain('-Confirm:$false')
  })

  it.each(hostile)('quotes %s as one literal, which PowerShell reads back as it was', (address) => {
    const text = script({ mailboxes: [address as never] })
    expect(literalsIn(text)).toContain(address)
    // Nothing but the one value has changed.
    const [usual, other] = [script({ mailboxes: ['one@example.com'] }), text].map(codeIn)
    expect(other).toEqual(usual)
  })

  it('has the ids, the tenant and the cloud as literals', () => {
    const text = script({ provider: microsoft(tenant, 'china'), objectId })
    expect(text).toContain(`$Organization = '${tenant}'\r\n`)
    expect(text).toContain("$Environment = 'O365China'\r\n")
    expect(text).toContain(`$ClientId = '${clientId}'\r\n`)
    expect(text).toContain(`$KnownObjectId = '${objectId}'\r\n`)
    expect(text).toContain("$Role = 'Application SMTP.SendAsApp'\r\n")
  })

  it('a script for people holds nothing of the app', () => {
    const text = script({
      appOnly: false,
      registration: { ...registration, tenant: 'common', clientId: 'any' },
    })
    expect(text).toContain("$Organization = ''\r\n")
    expect(text).toContain("$ClientId = ''\r\n")
    expect(text).toContain('$AppOnly = $false\r\n')
  })

  it('has the line ends of Windows, and a mark at its beginning where it is not plain ASCII', () => {
    const text = script()
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(text.startsWith('<#')).toBe(true)
    expect(script({ mailboxes: ['ü@example.com'] }).startsWith('\ufeff<#')).toBe(true)
  })

  it.each([
    ['no mailbox', { mailboxes: [] }, 'none is named'],
    ['a whole domain', { mailboxes: ['*@example.com'] }, '*@example.com is not one mailbox'],
    ['a pattern', { mailboxes: ['a*@example.com'] }, 'a*@example.com is not one mailbox'],
    [
      'a client id that is none',
      { registration: { ...registration, clientId: "x'; calc" } },
      'not one of Entra',
    ],
    ['an object id that is none', { objectId: 'no' }, 'not one of Entra'],
    ['the client id as object id', { objectId: clientId.toUpperCase() }, 'another one than the client id'],
    ['a line break', { registration: { ...registration, tenant: 'a\ncalc' } }, 'one line'],
    ['a line break of Unicode', { registration: { ...registration, tenant: 'a\u2028calc' } }, 'one line'],
    ['another provider', { provider: google }, 'not set up by Exchange Online'],
    ['High Volume Email', { provider: microsoftHighVolume(tenant) }, 'not set up by Exchange Online'],
  ])('refuses %s', (_what, changed, message) => {
    expect(() => script(changed as never)).toThrow(message)
  })

  it('names each mailbox once', () => {
    const twice = [parseAddress('a@example.com'), parseAddress('a@example.com')]
    expect(script({ mailboxes: twice }).match(/'a@example\.com'/g)).toHaveLength(1)
  })

  const noPowerShell = spawnSync('pwsh', ['-Version']).error !== undefined
  it.skipIf(noPowerShell)('PowerShell itself reads it without a mistake (skipped: needs pwsh)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-script-'))
    try {
      const file = join(folder, 'script.ps1')
      writeFileSync(file, script({ mailboxes: hostile.map((text) => text as never) }))
      const ask = `$e = $null; [void][System.Management.Automation.Language.Parser]::ParseFile('${file}', [ref]$null, [ref]$e); $e.Count`
      expect(execFileSync('pwsh', ['-NoProfile', '-Command', ask], { encoding: 'utf8' }).trim()).toBe('0')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** The command in whose block a command stands. */
function guardOf(command: Node): string | undefined {
  for (let above = command.parent; above; above = above.parent) {
    if (above.type !== 'command') continue
    return above.text.split(/\s/)[0]
  }
  return undefined
}

const quotes = /['\u2018\u2019\u201a\u201b]/

/** Single-quoted literals, by PowerShell's own rule: any of its five quotes begins and ends one, and two are one. */
function pieces(text: string): { literals: string[]; code: string } {
  const literals: string[] = []
  let code = ''
  const values = text.slice(text.indexOf('# What this script is for.'))
  for (let at = 0; at < values.length; at++) {
    const character = values.charAt(at)
    if (!quotes.test(character)) {
      code += character
      continue
    }
    let literal = ''
    for (at++; at < values.length; at++) {
      if (!quotes.test(values.charAt(at))) literal += values.charAt(at)
      else if (quotes.test(values.charAt(at + 1))) literal += values.charAt(at++)
      else break
    }
    literals.push(literal)
    code += '\u0000'
  }
  return { literals, code }
}

const literalsIn = (text: string) => pieces(text.slice(0, text.indexOf('$ErrorActionPreference'))).literals
const codeIn = (text: string) => pieces(text.slice(0, text.indexOf('$ErrorActionPreference'))).code
