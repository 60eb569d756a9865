// MailKit (.NET) through postern. USER and PASSWORD are what `postern login add billing@example.com` printed.

using MailKit.Security;
using MimeKit;

var message = new MimeMessage();
message.From.Add(MailboxAddress.Parse("billing@example.com"));
message.To.Add(MailboxAddress.Parse("someone@example.net"));
message.Subject = "Hello from .NET";
message.Body = new TextPart("plain") { Text = "It arrived.\n" };

using var client = new MailKit.Net.Smtp.SmtpClient();
client.Connect("127.0.0.1", 2587, SecureSocketOptions.None);
// From another machine, where ca.crt of `postern tls make` is trusted (certutil -addstore -f Root ca.crt), in the place of that:
//   client.Connect("postern.example.com", 2587, SecureSocketOptions.StartTls);
// or for TLS from the first octet SecureSocketOptions.SslOnConnect.
client.Authenticate("USER", "PASSWORD");
client.Send(message);
client.Disconnect(true);
