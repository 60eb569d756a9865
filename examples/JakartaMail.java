// Jakarta Mail (JavaMail) through postern. USER and PASSWORD are what `postern login add billing@example.com` printed.
// Spring Boot takes the same in application.properties: spring.mail.host, spring.mail.port, spring.mail.username, spring.mail.password,
// and each of the others as spring.mail.properties.mail.smtp.…

import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;

class JakartaMail {
  public static void main(String[] words) throws Exception {
    Properties props = new Properties();
    props.put("mail.smtp.host", "127.0.0.1");
    props.put("mail.smtp.port", "2587");
    props.put("mail.smtp.auth", "true");
    props.put("mail.smtp.auth.mechanisms", "PLAIN");
    // From another machine, after `keytool -importcert -cacerts -noprompt -alias postern -file ca.pem` with ca.pem of `postern tls make`:
    //   props.put("mail.smtp.host", "postern.example.com");
    //   props.put("mail.smtp.starttls.required", "true");
    //   props.put("mail.smtp.ssl.checkserveridentity", "true");
    // or for TLS from the first octet mail.smtp.ssl.enable in the place of mail.smtp.starttls.required.

    MimeMessage message = new MimeMessage(Session.getInstance(props));
    message.setFrom(new InternetAddress("billing@example.com"));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress("someone@example.net"));
    message.setSubject("Hello from Java");
    message.setText("It arrived.\n");
    Transport.send(message, "USER", "PASSWORD");
  }
}
