#Requires -Version 7.0
<#
.SYNOPSIS
Sends a message with an access token of postern. PowerShell's own Send-MailMessage knows no OAuth: MailKit does
(Install-Package MailKit -Scope CurrentUser; MimeKit comes with it).
#>
param(
    [string] $Mailbox = 'billing@example.com',
    [string] $Server = 'smtp.office365.com',
    [int] $Port = 587,
    [Parameter(Mandatory)] [string] $To,
    [string] $Subject = 'Hello from PowerShell',
    [string] $Body = 'It arrived.',
    [Parameter(Mandatory)] [string] $MailKitFolder
)
$ErrorActionPreference = 'Stop'

Add-Type -Path (Join-Path $MailKitFolder 'MimeKit.dll')
Add-Type -Path (Join-Path $MailKitFolder 'MailKit.dll')

$token = postern token $Mailbox
if ($LASTEXITCODE -ne 0) { throw "postern gave no token for $Mailbox" }

$message = [MimeKit.MimeMessage]::new()
$message.From.Add([MimeKit.MailboxAddress]::Parse($Mailbox))
$message.To.Add([MimeKit.MailboxAddress]::Parse($To))
$message.Subject = $Subject
$message.Body = [MimeKit.TextPart]::new('plain')
$message.Body.Text = $Body

$client = [MailKit.Net.Smtp.SmtpClient]::new()
try {
    $client.Connect($Server, $Port, [MailKit.Security.SecureSocketOptions]::StartTls)
    $client.Authenticate([MailKit.Security.SaslMechanismOAuth2]::new($Mailbox, $token))
    $client.Send($message) | Out-Null
    $client.Disconnect($true)
}
finally {
    $client.Dispose()
}
