"""Sends one message by the calls of TrueNAS's mail plugin, with what mail.update was told on standard input."""
import json
import smtplib
import sys
from email.mime.text import MIMEText

em = json.load(sys.stdin)
if em["security"] == "SSL":
    server = smtplib.SMTP_SSL(em["outgoingserver"], em["port"], timeout=5, local_hostname="truenas")
else:
    server = smtplib.SMTP(em["outgoingserver"], em["port"], timeout=5, local_hostname="truenas")
    if em["security"] == "TLS":
        server.starttls()
if em["smtp"]:
    server.login(em["user"], em["pass"])
message = MIMEText("It arrived.", _charset="utf-8")
message["Subject"] = "Test Message"
message["From"] = f"{em['fromname']} <{em['fromemail']}>"
message["To"] = sys.argv[1]
server.sendmail(em["fromemail"], [sys.argv[1]], message.as_string())
server.quit()
