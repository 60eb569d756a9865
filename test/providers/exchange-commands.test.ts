import { describe, expect, it } from 'vitest'
import {
  appOnlyCommands,
  mailboxPermissionCommands,
  smtpAuthCommands,
} from '../../src/providers/exchange-commands.ts'

const known = {
  clientId: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab',
  tenant: 'example.com',
  objectId: '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111',
  mailbox: 'scanner@example.com',
} as const

describe('the commands for Exchange Online', () => {
  it('the commands hold the ids, and give no more than the right to send as one group', () => {
    expect(appOnlyCommands(known)).toEqual([
      "Connect-ExchangeOnline -Organization 'example.com'",
      "New-ServicePrincipal -AppId '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' -ObjectId '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111' -DisplayName 'postern'",
      "$group = New-DistributionGroup -Name 'postern mailboxes' -Type Security -Members 'scanner@example.com'",
      `New-ManagementScope -Name 'postern mailboxes' -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"`,
      "New-ManagementRoleAssignment -Name 'postern' -App '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' -Role 'Application SMTP.SendAsApp' -CustomResourceScope 'postern mailboxes'",
      "Test-ServicePrincipalAuthorization -Identity '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' -Resource 'scanner@example.com'",
      "Set-CASMailbox -Identity 'scanner@example.com' -SmtpClientAuthenticationDisabled $false",
    ])
    expect(appOnlyCommands(known).join()).not.toContain('FullAccess')
  })

  it('the commands give the rights on the mailbox to the service principal in the older way', () => {
    const [, , mailbox, recipient] = mailboxPermissionCommands(known)
    expect(mailbox).toBe(
      "Add-MailboxPermission -Identity 'scanner@example.com' -User '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111' -AccessRights FullAccess",
    )
    expect(recipient).toContain("-Trustee '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111' -AccessRights SendAs")
  })

  it('the commands say what is to be filled in', () => {
    const text = appOnlyCommands({ mailbox: '*@example.com' }).join('\n')
    expect(text).toContain("'<OBJECT ID OF THE ENTERPRISE APPLICATION>'")
    expect(text).toContain("'<MAILBOX>@example.com'")
  })

  it.each(["o'neil@example.com", 'o\u2019neil@example.com', '\u2018;calc\u2019@example.com'] as const)(
    'the commands quote %s so that PowerShell reads one literal',
    (mailbox) => {
      const [command = ''] = smtpAuthCommands(mailbox)
      const inner = /-Identity '(.*)' -Smtp/.exec(command)?.[1] ?? ''
      expect(inner.replace(/(['\u2018\u2019\u201a\u201b])\1/g, '$1')).toBe(mailbox)
      expect(inner.replace(/(['\u2018\u2019\u201a\u201b])\1/g, '')).not.toMatch(/['\u2018\u2019\u201a\u201b]/)
    },
  )
})
