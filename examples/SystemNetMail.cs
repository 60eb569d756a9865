// System.Net.Mail of .NET and the .NET Framework through postern. USER and PASSWORD are what `postern login add billing@example.com`
// printed. For new programs Microsoft advises MailKit (MailKit.cs). The same five values stand in web.config as <network host=… port=… userName=… password=… enableSsl=…> of <system.net>.

using System.Net;
using System.Net.Mail;

class SystemNetMail
{
    static void Main()
    {
        using (var client = new SmtpClient("127.0.0.1", 2587))
        {
            // From another machine, where ca.crt of `postern tls make` is trusted (certutil -addstore -f Root ca.crt):
            //   new SmtpClient("postern.example.com", 2587) { EnableSsl = true }
            // which is STARTTLS: System.Net.Mail has no TLS from the first octet.
            client.Credentials = new NetworkCredential("USER", "PASSWORD");
            client.Send("billing@example.com", "someone@example.net", "Hello from .NET", "It arrived.");
        }
    }
}
