import { powerShellString } from '../base/text.ts'
import { type Address, isDomainMailbox } from '../model/address.ts'

// What an administrator of Exchange Online runs in its PowerShell.

interface ExchangeSetUp {
  /** Absent: the administrator fills it in. */
  clientId?: string | undefined
  tenant?: string | undefined
  /**
   * The object id of the Enterprise application (its service principal), not of the app
   * registration.
   */
  objectId?: string | undefined
  mailbox?: Address | undefined
  /** The cloud, if not the worldwide one. */
  environment?: string | undefined
}

/**
 * The commands of Exchange Online PowerShell that let an app send without a person, with the least
 * privilege: RBAC for Applications, which allows sending from the members of one group and nothing
 * else. The permission `SMTP.SendAsApp` must not be given as well: with its claim, Exchange
 * requires permissions on each mailbox instead.
 */
export function appOnlyCommands({
  clientId,
  tenant,
  objectId,
  mailbox,
  environment,
}: ExchangeSetUp): string[] {
  const app = powerShellString(clientId ?? '<APPLICATION (CLIENT) ID>')
  return [
    connect(tenant, environment),
    `New-ServicePrincipal -AppId ${app} -ObjectId ${powerShellString(objectId ?? enterpriseObject)} -DisplayName 'postern'`,
    `$group = New-DistributionGroup -Name 'postern mailboxes' -Type Security -Members ${members(mailbox)}`,
    `New-ManagementScope -Name 'postern mailboxes' -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"`,
    `New-ManagementRoleAssignment -Name 'postern' -App ${app} -Role 'Application SMTP.SendAsApp' -CustomResourceScope 'postern mailboxes'`,
    `Test-ServicePrincipalAuthorization -Identity ${app} -Resource ${members(mailbox)}`,
    ...smtpAuthCommands(mailbox),
  ]
}

/**
 * The older method: the permission `SMTP.SendAsApp` with the consent of an administrator in Entra,
 * and these commands. It gives the app full access to the mailbox.
 */
export function mailboxPermissionCommands({
  clientId,
  tenant,
  objectId,
  mailbox,
  environment,
}: ExchangeSetUp): string[] {
  const app = powerShellString(clientId ?? '<APPLICATION (CLIENT) ID>')
  const principal = powerShellString(objectId ?? enterpriseObject)
  const who = members(mailbox)
  return [
    connect(tenant, environment),
    `New-ServicePrincipal -AppId ${app} -ObjectId ${principal} -DisplayName 'postern'`,
    `Add-MailboxPermission -Identity ${who} -User ${principal} -AccessRights FullAccess`,
    `Add-RecipientPermission -Identity ${who} -Trustee ${principal} -AccessRights SendAs -Confirm:$false`,
    ...smtpAuthCommands(mailbox),
  ]
}

/**
 * OAuth does not enable SMTP AUTH: the setting of the mailbox counts, or that of the organisation
 * if the mailbox has none.
 */
export function smtpAuthCommands(mailbox?: Address): string[] {
  return [smtpAuthCommand.replace('{mailbox}', () => members(mailbox))]
}

export const smtpAuthCommand = 'Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false'

function connect(tenant: string | undefined, environment: string | undefined): string {
  const cloud = environment === undefined ? '' : ` -ExchangeEnvironmentName ${environment}`
  return `Connect-ExchangeOnline -Organization ${powerShellString(tenant ?? '<TENANT ID>')}${cloud}`
}

const enterpriseObject = '<OBJECT ID OF THE ENTERPRISE APPLICATION>'

/** A domain mailbox covers mailboxes that only the administrator can name. */
export function members(mailbox: string | undefined): string {
  if (mailbox === undefined) return powerShellString('<MAILBOX>')
  return powerShellString(isDomainMailbox(mailbox) ? `<MAILBOX>${mailbox.slice(1)}` : mailbox)
}
