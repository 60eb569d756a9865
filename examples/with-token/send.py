"""Python's smtplib, which signs in at the provider itself, with an access token of postern."""

import os
import smtplib
import ssl
import subprocess
from email.message import EmailMessage

mailbox = os.environ.get("MAILBOX", "billing@example.com")
host, port = os.environ.get("MAIL_HOST", "smtp.office365.com"), int(os.environ.get("MAIL_PORT", "587"))

message = EmailMessage()
message["From"] = mailbox
message["To"] = "someone@example.net"
message["Subject"] = "Hello from Python"
message.set_content("It arrived.\n")

token = subprocess.run(["postern", "token", mailbox], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def xoauth2(challenge=None):
    # A challenge is the provider's reason for a refusal; an empty answer lets it end.
    return "" if challenge else f"user={mailbox}\x01auth=Bearer {token}\x01\x01"


with smtplib.SMTP(host, port) as server:
    server.starttls(context=ssl.create_default_context(cafile=os.environ.get("MAIL_CA_FILE")))
    server.ehlo()
    server.auth("XOAUTH2", xoauth2)
    server.send_message(message)
