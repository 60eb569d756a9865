"""Python's smtplib through postern. USER and PASSWORD are what `postern login add billing@example.com` printed."""

import smtplib, ssl
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "billing@example.com"
message["To"] = "someone@example.net"
message["Subject"] = "Hello from Python"
message.set_content("It arrived.\n")

# From another machine, where ca.pem of `postern tls make` was copied to, these two lines in the place of the next one:
#   with smtplib.SMTP("postern.example.com", 2587) as server:
#       server.starttls(context=ssl.create_default_context(cafile="/etc/ssl/postern-ca.pem"))
# or for TLS from the first octet smtplib.SMTP_SSL("postern.example.com", 2587, context=…), and no starttls().
with smtplib.SMTP("127.0.0.1", 2587) as server:
    server.login("USER", "PASSWORD")
    server.send_message(message)  # From: billing@example.com
