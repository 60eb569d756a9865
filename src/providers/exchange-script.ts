import { failure } from '../base/failure.ts'
import { isGuid, powerShellString, printable } from '../base/text.ts'
import { type Address, isDomainMailbox } from '../model/address.ts'
import type { Catalogue, Provider, Registration } from './provider.ts'
import { isOneTenant } from './registration.ts'

/** Whom a script for Exchange Online is for. */
export interface ExchangeScriptRequest {
  mailboxes: readonly Address[]
  /** For mailboxes that the app itself sends from. Otherwise their people consent. */
  appOnly: boolean
  /** The object id of the Enterprise application, where it is known. */
  objectId?: string | undefined
}

type ScriptParts = ExchangeScriptRequest & { provider: Provider; registration?: Registration | undefined }

/**
 * The script for mailboxes of a provider, by its id.
 * @throws Failure as `exchangeScript`, `not-found` and, for the app itself, `configuration`
 */
export function exchangeScriptOf(catalogue: Catalogue, id: string, request: ExchangeScriptRequest): string {
  const found = catalogue.list().find(({ provider }) => provider.id === id)
  // The failure says what to do where there is no registration, or no such provider.
  if (request.appOnly || !found || found.registered) {
    const provider = catalogue.registered(id)
    return exchangeScript({ ...request, provider, registration: provider.registration })
  }
  return exchangeScript({ ...request, provider: found.provider })
}

/**
 * One file of PowerShell that makes mailboxes of Exchange Online ready for postern: it can be run
 * again, shows with `-WhatIf` what it would change, and takes back with `-Undo` what it made.
 * @throws Failure `invalid` for what is not for Exchange Online, or cannot be put into a script
 */
export function exchangeScript(request: ScriptParts): string {
  const { provider } = request
  if (!isAtExchange(provider)) throw failure('exchange.not-there', { provider: provider.name })
  const text = `${opening}\n${valuesOf(request)}\n${body}`.replaceAll('\n', '\r\n')
  // Windows PowerShell 5.1 reads a file without this mark in the code page of the machine.
  return /^[\t\r\n -~]*$/.test(text) ? text : `\ufeff${text}`
}

/** What a browser saves it as. */
export const exchangeScriptName = 'postern-exchange.ps1'

/** High Volume Email has no mailboxes of the usual kind. */
function isAtExchange({ oauth, flows }: Provider): boolean {
  return oauth.tokenClaims !== undefined && flows.includes('authorization-code')
}

/** The only lines that differ from script to script. Everything in them is a literal. */
function valuesOf({ provider, registration, mailboxes, appOnly, objectId }: ScriptParts): string {
  const { tenant = '', clientId = '' } = registration ?? {}
  return [
    '# What this script is for.',
    `$Organization = ${literal(isOneTenant(tenant) ? tenant : '')}`,
    `$Environment = ${literal(provider.exchangeEnvironment ?? '')}`,
    `$ClientId = ${literal(appOnly ? entraId('client id', clientId) : '')}`,
    `$KnownObjectId = ${literal(appOnly && objectId !== undefined ? enterpriseObject(objectId, clientId) : '')}`,
    `$AppOnly = ${appOnly ? '$true' : '$false'}`,
    '$Mailboxes = @(',
    ...addressesIn(mailboxes).map((address) => `  ${literal(address)}`),
    ')',
  ].join('\n')
}

function addressesIn(mailboxes: readonly Address[]): readonly Address[] {
  if (mailboxes.length === 0) throw failure('exchange.no-mailboxes')
  // Exchange takes `*` for any text, where it looks for a mailbox.
  const wide = mailboxes.find((address) => isDomainMailbox(address) || address.includes('*'))
  if (wide !== undefined) throw failure('exchange.not-one-mailbox', { mailbox: wide })
  return [...new Set(mailboxes)]
}

function entraId(what: string, text: string): string {
  if (!isGuid(text)) throw failure('exchange.no-id', { what, text: printable(text) })
  return text.toLowerCase()
}

function enterpriseObject(objectId: string, clientId: string): string {
  const id = entraId('object id', objectId)
  if (id === clientId.toLowerCase()) throw failure('exchange.client-id-as-object-id')
  return id
}

/** @throws Failure `invalid`: a literal that goes on in the next line is no line to read over. */
function literal(text: string): string {
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) throw failure('exchange.no-line', { text: printable(text) })
  return powerShellString(text)
}

const opening = `<#
.SYNOPSIS
Makes mailboxes of Exchange Online ready for postern, and takes that back.

.DESCRIPTION
Run it as an Exchange administrator, as often as you like: it changes only what is not yet so.

  powershell -ExecutionPolicy Bypass -File postern-exchange.ps1 -WhatIf   shows what it would change
  powershell -ExecutionPolicy Bypass -File postern-exchange.ps1           changes it, and tests each mailbox
  powershell -ExecutionPolicy Bypass -File postern-exchange.ps1 -Undo     takes back what it made, and nothing else

It allows SMTP AUTH to exactly the mailboxes that are named in it; everywhere else it stays as it is. For mailboxes
without a consent of a person it also lets the app send from exactly these: by RBAC for Applications, which needs no
permission in Entra. If the app has the permission SMTP.SendAsApp there, remove it: with it, Exchange asks for
permissions on each mailbox instead.

What it makes carries the name "postern script" and the client id. What a mailbox was set to before is written to a file
beside this one, which ends in .made.json: keep it for -Undo.

.PARAMETER ObjectId
The object id of the ENTERPRISE APPLICATION: in the Entra admin centre under Enterprise applications, the app, Object ID.
It is neither the client id nor the object id that App registrations shows. Needed once, for mailboxes without a consent.

.PARAMETER Undo
Takes back what this script made.

.PARAMETER WhatIf
Shows what would be changed, and changes nothing.
#>
[CmdletBinding()]
param(
  [string] $ObjectId = '',
  [switch] $Undo,
  [switch] $WhatIf
)
`

const body = `
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 1.0

# The preference itself would reach other commands, and keep them from connecting.
$Preview = [bool] $WhatIf -or [bool] $WhatIfPreference
$WhatIfPreference = $false

# The name of all that is made here, by which -Undo knows it.
$Mark = 'postern script {0}' -f $ClientId
$Role = 'Application SMTP.SendAsApp'
$Changes = New-Object System.Collections.ArrayList
$Problems = New-Object System.Collections.ArrayList

function Write-Problem([string] $Text) {
  [void] $Problems.Add($Text)
  Write-Warning $Text
}

function Invoke-Change([string] $What, [string] $Target, [scriptblock] $Change) {
  if ($Preview) {
    Write-Host ('What if: {0}: {1}' -f $What, $Target)
    return
  }
  & $Change | Out-Null
  [void] $Changes.Add(('{0}: {1}' -f $What, $Target))
  Write-Host ('Done: {0}: {1}' -f $What, $Target)
}

function Connect-Exchange {
  $there = Get-Module -ListAvailable -Name ExchangeOnlineManagement | Where-Object { $_.Version -ge [version] '3.0.0' }
  if (-not $there) {
    throw 'The module ExchangeOnlineManagement (3.0 or later) is missing. Install it with: Install-Module ExchangeOnlineManagement -Scope CurrentUser'
  }
  Import-Module ExchangeOnlineManagement -MinimumVersion 3.0.0
  $open = @(Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })
  if ($open.Count -eq 1 -and $Organization -ne '' -and $open[0].TenantID -eq $Organization) { return }
  $how = @{ ShowBanner = $false }
  if ($Organization -ne '') { $how.Organization = $Organization }
  if ($Environment -ne '') { $how.ExchangeEnvironmentName = $Environment }
  Connect-ExchangeOnline @how
}

# The file beside this one: what each mailbox was set to before.

$MadePath = '{0}.made.json' -f $PSCommandPath

function Read-Made {
  if (-not (Test-Path -LiteralPath $MadePath)) { return @() }
  $read = ConvertFrom-Json -InputObject (Get-Content -LiteralPath $MadePath -Raw)
  return @($read.SmtpAuth)
}

function Save-Made($Entries) {
  $text = ConvertTo-Json -InputObject @{ SmtpAuth = @($Entries) } -Depth 4
  Set-Content -LiteralPath $MadePath -Value $text -Encoding UTF8
}

# SMTP AUTH. The setting of a mailbox has three values: none, so that the one of the organisation counts; off; on.

function Get-OneMailbox([string] $Address) {
  $found = @(Get-Mailbox -Identity $Address)
  if ($found.Count -ne 1) { throw ('{0} is not exactly one mailbox.' -f $Address) }
  return $found[0]
}

function Set-SmtpAuth([string] $Address) {
  $id = [string] (Get-OneMailbox $Address).Guid
  $before = (Get-CASMailbox -Identity $id).SmtpClientAuthenticationDisabled
  if ($before -eq $false) {
    Write-Host ('As it should be: SMTP AUTH of {0}' -f $Address)
    return
  }
  Invoke-Change 'Allow SMTP AUTH' $Address {
    # Written first: a run that ends here leaves nothing that -Undo does not know.
    $entries = @(Read-Made | Where-Object { $_.Mailbox -ne $id })
    $entries += @{ Mailbox = $id; Address = $Address; Before = $(if ($before -eq $true) { 'off' } else { 'organisation' }) }
    Save-Made $entries
    Set-CASMailbox -Identity $id -SmtpClientAuthenticationDisabled $false
  }
}

function Undo-SmtpAuth {
  $left = @()
  foreach ($entry in @(Read-Made)) {
    try {
      $now = (Get-CASMailbox -Identity $entry.Mailbox).SmtpClientAuthenticationDisabled
      if ($now -ne $false) {
        Write-Host ('Changed by somebody since: SMTP AUTH of {0}' -f $entry.Address)
        continue
      }
      $value = $null
      if ($entry.Before -eq 'off') { $value = $true }
      Invoke-Change 'Take back SMTP AUTH' $entry.Address {
        Set-CASMailbox -Identity $entry.Mailbox -SmtpClientAuthenticationDisabled $value
      }
    } catch {
      $left += $entry
      Write-Problem ('SMTP AUTH of {0} could not be taken back: {1}' -f $entry.Address, $_.Exception.Message)
    }
  }
  if ($Preview) { return }
  if ($left.Count -gt 0) { Save-Made $left }
  elseif (Test-Path -LiteralPath $MadePath) { Remove-Item -LiteralPath $MadePath }
}

# The app: its service principal, a group of exactly these mailboxes, and the right to send from its members.

function Get-Principal {
  return Get-ServicePrincipal | Where-Object { $_.AppId -eq $ClientId } | Select-Object -First 1
}

function Get-MarkedGroup {
  return Get-DistributionGroup -ResultSize Unlimited | Where-Object { $_.Name -eq $Mark } | Select-Object -First 1
}

function Get-MarkedScope {
  return Get-ManagementScope | Where-Object { $_.Name -eq $Mark } | Select-Object -First 1
}

function Get-MarkedAssignment {
  return Get-ManagementRoleAssignment -Role $Role | Where-Object { $_.Name -eq $Mark } | Select-Object -First 1
}

function Set-Principal {
  $wanted = $KnownObjectId
  if ($ObjectId -ne '') { $wanted = [string] [guid] $ObjectId }
  if ($wanted -eq $ClientId) { throw 'The object id is another one than the client id: see Enterprise applications in the Entra admin centre.' }
  $found = Get-Principal
  if ($found) {
    if ($wanted -ne '' -and [string] $found.ObjectId -ne $wanted) {
      throw ('Exchange knows the app with the object id {0}, and not {1}. If the first is wrong, run: Remove-ServicePrincipal -Identity {0}' -f $found.ObjectId, $wanted)
    }
    Write-Host ('As it should be: service principal {0}' -f $found.DisplayName)
    return
  }
  if ($wanted -eq '') {
    throw 'Exchange does not know the app yet. Run this again with -ObjectId and the object id of the ENTERPRISE APPLICATION: in the Entra admin centre under Enterprise applications, the app, Object ID. (App registrations shows another one.)'
  }
  Invoke-Change 'Make the service principal' $ClientId {
    New-ServicePrincipal -AppId $ClientId -ObjectId $wanted -DisplayName $Mark
  }
}

function Set-Group {
  $members = @($Mailboxes | ForEach-Object { [string] (Get-OneMailbox $_).PrimarySmtpAddress })
  $group = Get-MarkedGroup
  if (-not $group) {
    Invoke-Change 'Make the group of the mailboxes' ($members -join ', ') {
      New-DistributionGroup -Name $Mark -Alias ('postern-script-{0}' -f $ClientId) -Type Security -Members $members -Notes 'Made by the script of postern for Exchange Online. Its members are the mailboxes that the app may send from.'
      Set-DistributionGroup -Identity $Mark -HiddenFromAddressListsEnabled $true -BypassSecurityGroupManagerCheck
    }
    return
  }
  $id = [string] $group.Guid
  $there = @(Get-DistributionGroupMember -Identity $id -ResultSize Unlimited | ForEach-Object { [string] $_.PrimarySmtpAddress })
  foreach ($one in $members | Where-Object { $there -notcontains $_ }) {
    Invoke-Change 'Add to the group' $one { Add-DistributionGroupMember -Identity $id -Member $one -BypassSecurityGroupManagerCheck }
  }
  foreach ($one in $there | Where-Object { $members -notcontains $_ }) {
    Invoke-Change 'Remove from the group' $one { Remove-DistributionGroupMember -Identity $id -Member $one -BypassSecurityGroupManagerCheck -Confirm:$false }
  }
}

function Set-Scope {
  $group = Get-MarkedGroup
  if (-not $group) {
    Invoke-Change 'Make the management scope' $Mark { throw 'The group cannot be found yet: run this again in a few minutes.' }
    return
  }
  $filter = "MemberOfGroup -eq '{0}'" -f ($group.DistinguishedName -replace "'", "''")
  $scope = Get-MarkedScope
  if (-not $scope) {
    Invoke-Change 'Make the management scope' $Mark { New-ManagementScope -Name $Mark -RecipientRestrictionFilter $filter }
    return
  }
  if (([string] $scope.RecipientFilter).Contains([string] $group.DistinguishedName)) {
    Write-Host ('As it should be: management scope {0}' -f $Mark)
    return
  }
  Invoke-Change 'Point the management scope at the group' $Mark { Set-ManagementScope -Identity $Mark -RecipientRestrictionFilter $filter }
}

function Set-Assignment {
  if (Get-MarkedAssignment) {
    Write-Host ('As it should be: role assignment {0}' -f $Mark)
    return
  }
  Invoke-Change 'Assign the role to send' $Mark {
    New-ManagementRoleAssignment -Name $Mark -App $ClientId -Role $Role -CustomResourceScope $Mark
  }
}

# New organisations allow no scopes and roles of their own before this, which cannot be taken back and changes nothing else.
function Enable-Customization {
  if ((Get-OrganizationConfig).IsDehydrated) {
    Invoke-Change 'Allow the organisation scopes and roles of its own' 'organisation' { Enable-OrganizationCustomization }
  }
}

function Undo-App {
  if (Get-MarkedAssignment) {
    Invoke-Change 'Take back the role to send' $Mark { Remove-ManagementRoleAssignment -Identity $Mark -Confirm:$false }
  }
  if (Get-MarkedScope) {
    Invoke-Change 'Remove the management scope' $Mark { Remove-ManagementScope -Identity $Mark -Confirm:$false }
  }
  $group = Get-MarkedGroup
  if ($group) {
    $id = [string] $group.Guid
    Invoke-Change 'Remove the group of the mailboxes' $Mark { Remove-DistributionGroup -Identity $id -BypassSecurityGroupManagerCheck -Confirm:$false }
  }
  $principal = Get-Principal
  if ($principal -and $principal.DisplayName -eq $Mark) {
    Invoke-Change 'Remove the service principal' $ClientId { Remove-ServicePrincipal -Identity $ClientId -Confirm:$false }
  }
}

function Test-OneMailbox([string] $Address) {
  $smtpAuth = (Get-CASMailbox -Identity ([string] (Get-OneMailbox $Address).Guid)).SmtpClientAuthenticationDisabled
  if ($smtpAuth -ne $false) { Write-Problem ('{0}: SMTP AUTH is not allowed yet.' -f $Address) }
  if (-not $AppOnly) { return }
  $rights = @(Test-ServicePrincipalAuthorization -Identity $ClientId -Resource $Address | Where-Object { $_.RoleName -eq $Role })
  if (-not ($rights | Where-Object { [string] $_.InScope -eq 'True' })) {
    Write-Problem ('{0}: the app may not send from it yet. Exchange needs some minutes for a new group: run this again.' -f $Address)
  }
}

function Test-Mailboxes {
  foreach ($address in $Mailboxes) {
    $before = $Problems.Count
    try { Test-OneMailbox $address } catch { Write-Problem ('{0}: {1}' -f $address, $_.Exception.Message) }
    if ($Problems.Count -eq $before) { Write-Host ('Good: {0}' -f $address) }
  }
}

if (-not $PSCommandPath) { throw 'Run this as a file: it keeps what it changed in another one beside it.' }
Connect-Exchange
try {
  if ($Undo) {
    if ($AppOnly) { Undo-App }
    Undo-SmtpAuth
  } else {
    if ($AppOnly) {
      Set-Principal
      Enable-Customization
      Set-Group
      Set-Scope
      Set-Assignment
    }
    foreach ($address in $Mailboxes) {
      try { Set-SmtpAuth $address } catch { Write-Problem ('{0}: {1}' -f $address, $_.Exception.Message) }
    }
    if (-not $Preview) { Test-Mailboxes }
  }
} finally {
  Write-Host ''
  if ($Preview) { Write-Host 'Nothing was changed (-WhatIf).' }
  elseif ($Changes.Count -eq 0) { Write-Host 'Nothing had to be changed.' }
  else {
    Write-Host 'Changed:'
    foreach ($change in $Changes) { Write-Host ('  {0}' -f $change) }
    Write-Host 'Exchange may need up to two hours until all of its servers know that.'
  }
}
if ($Problems.Count -gt 0) {
  Write-Host 'Not as it should be yet:'
  foreach ($problem in $Problems) { Write-Host ('  {0}' -f $problem) }
  exit 1
}
`
