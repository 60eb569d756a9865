"""Python's smtplib through postern. MAIL_USER and MAIL_PASSWORD are what `postern login add billing@example.com` printed.

MAIL_CA_FILE: postern is on another machine, MAIL_HOST, and this is the certificate of the authority that it goes by.
"""

import os
import smtplib
import ssl
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "billing@example.com"
message["To"] = "someone@example.net"
message["Subject"] = "Hello from Python"
message.set_content("It arrived.\n")

host, ca_file = os.environ.get("MAIL_HOST", "127.0.0.1"), os.environ.get("MAIL_CA_FILE")
port = int(os.environ.get("MAIL_PORT", "2587"))
with smtplib.SMTP(host, port) as server:
    if ca_file:
        # For implicit TLS: smtplib.SMTP_SSL(host, port, context=...), and no starttls().
        server.starttls(context=ssl.create_default_context(cafile=ca_file))
    server.login(os.environ["MAIL_USER"], os.environ["MAIL_PASSWORD"])
    server.send_message(message)
