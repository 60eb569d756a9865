"""Sends one message by the calls of Home Assistant's notify.smtp, with the settings on standard input."""
import json
import os
import smtplib
import ssl
import sys
from email.mime.text import MIMEText

config = json.load(sys.stdin)
context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"]) if config["verify_ssl"] else None
if config["encryption"] == "tls":
    mail = smtplib.SMTP_SSL(config["server"], config["port"], timeout=5, context=context)
else:
    mail = smtplib.SMTP(config["server"], config["port"], timeout=5)
mail.ehlo_or_helo_if_needed()
if config["encryption"] == "starttls":
    mail.starttls(context=context)
    mail.ehlo()
mail.login(config["username"], config["password"])
message = MIMEText("It arrived.")
message["Subject"] = "Home Assistant"
message["To"] = config["recipient"]
message["From"] = f"{config['sender_name']} <{config['sender']}>"
mail.sendmail(config["sender"], config["recipient"], message.as_string())
mail.quit()
