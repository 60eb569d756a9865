import { type Address, isDomainMailbox } from '../base/address.ts'

export interface ExchangeSetUp {
  /** Absent: to be filled in. */
  clientId?: string | undefined
  tenant?: string | undefined
  /** Of the Enterprise application (its service principal), not of the app registration. */
  objectId?: string | undefined
  mailbox?: Address | undefined
  /** The cloud, where it is not the usual one. */
  environment?: string | undefined
}

/**
 * The commands of Exchange Online PowerShell that let an app send without a person, least privilege first: RBAC for Applications, which
 * gives the app the right to send from the members of one group and nothing else. The permission `SMTP.SendAsApp` must not be given
 * beside it: its claim makes Exchange look for permissions on each mailbox instead.
 */
export function appOnlyCommands({
  clientId,
  tenant,
  objectId,
  mailbox,
  environment,
}: ExchangeSetUp): string[] {
  const app = quoted(clientId ?? '<APPLICATION (CLIENT) ID>')
  return [
    connect(tenant, environment),
    `New-ServicePrincipal -AppId ${app} -ObjectId ${quoted(objectId ?? enterpriseObject)} -DisplayName 'postern'`,
    `$group = New-DistributionGroup -Name 'postern mailboxes' -Type Security -Members ${members(mailbox)}`,
    `New-ManagementScope -Name 'postern mailboxes' -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"`,
    `New-ManagementRoleAssignment -Name 'postern' -App ${app} -Role 'Application SMTP.SendAsApp' -CustomResourceScope 'postern mailboxes'`,
    `Test-ServicePrincipalAuthorization -Identity ${app} -Resource ${members(mailbox)}`,
    ...smtpAuthCommands(mailbox),
  ]
}

/**
 * The older way: the permission `SMTP.SendAsApp` with an administrator's consent in Entra, and these. It gives the app full access to the mailbox.
 */
export function mailboxPermissionCommands({
  clientId,
  tenant,
  objectId,
  mailbox,
  environment,
}: ExchangeSetUp): string[] {
  const app = quoted(clientId ?? '<APPLICATION (CLIENT) ID>')
  const principal = quoted(objectId ?? enterpriseObject)
  const who = members(mailbox)
  return [
    connect(tenant, environment),
    `New-ServicePrincipal -AppId ${app} -ObjectId ${principal} -DisplayName 'postern'`,
    `Add-MailboxPermission -Identity ${who} -User ${principal} -AccessRights FullAccess`,
    `Add-RecipientPermission -Identity ${who} -Trustee ${principal} -AccessRights SendAs -Confirm:$false`,
    ...smtpAuthCommands(mailbox),
  ]
}

/** OAuth does not switch SMTP AUTH on: the mailbox's own value counts, and where it has none, the organisation's. */
export function smtpAuthCommands(mailbox?: Address): string[] {
  return [`Set-CASMailbox -Identity ${members(mailbox)} -SmtpClientAuthenticationDisabled $false`]
}

function connect(tenant: string | undefined, environment: string | undefined): string {
  const cloud = environment === undefined ? '' : ` -ExchangeEnvironmentName ${environment}`
  return `Connect-ExchangeOnline -Organization ${quoted(tenant ?? '<TENANT ID>')}${cloud}`
}

const enterpriseObject = '<OBJECT ID OF THE ENTERPRISE APPLICATION>'

/** A domain mailbox stands for mailboxes that only the administrator can name. */
function members(mailbox: Address | undefined): string {
  if (mailbox === undefined) return quoted('<MAILBOX>')
  return quoted(isDomainMailbox(mailbox) ? `<MAILBOX>${mailbox.slice(1)}` : mailbox)
}

/** A literal of PowerShell, which takes typographic single quotes for plain ones. */
function quoted(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}
