# PowerShell through postern, Windows PowerShell 5.1 and PowerShell 7 alike. USER and PASSWORD are what
# `postern login add billing@example.com` printed. Send-MailMessage takes the same values (-SmtpServer, -Port, -Credential, -UseSsl).

$client = [System.Net.Mail.SmtpClient]::new('127.0.0.1', 2587)
# From another machine, where ca.crt of `postern tls make` is trusted (certutil -addstore -f Root ca.crt):
#   $client = [System.Net.Mail.SmtpClient]::new('postern.example.com', 2587)
#   $client.EnableSsl = $true
$client.Credentials = [System.Net.NetworkCredential]::new('USER', 'PASSWORD')
try {
    $client.Send('billing@example.com', 'someone@example.net', 'Hello from PowerShell', 'It arrived.')
}
finally {
    $client.Dispose()
}
