"""Python's smtplib through postern. USER and PASSWORD are what `postern login add billing@example.com` printed."""

import os
import smtplib
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "billing@example.com"
message["To"] = "someone@example.net"
message["Subject"] = "Hello from Python"
message.set_content("It arrived.\n")

with smtplib.SMTP("127.0.0.1", 2587) as server:
    server.login(os.environ["MAIL_USER"], os.environ["MAIL_PASSWORD"])
    server.send_message(message)
